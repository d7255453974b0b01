// What our daemons share at their start: the folder they own, the addresses they may listen on, and
// how they say where they listen.
#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "base/http/server.h"
#include "base/result.h"

namespace base {

// `$XDG_DATA_HOME/portolan`, else `~/.local/share/portolan`.
std::filesystem::path DefaultDataFolder();

// Held as long as the daemon runs, so that a second one on the same folder is refused.
class DataLock {
 public:
  // Takes FILE, making its folder (0700) when it is not there. `owner` is who the message says
  // holds it: `gateway`. kAlreadyExists when another process holds it.
  static Result<DataLock> Take(const std::filesystem::path& file, std::string_view owner);
  DataLock(DataLock&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
  DataLock& operator=(DataLock&&) = delete;
  ~DataLock();

 private:
  explicit DataLock(int descriptor) : descriptor_(descriptor) {}
  int descriptor_;
};

// Refuses an address off loopback, unless it is `guarded`: by TLS, or by the word of whoever said
// --insecure-listen. `flag` is the one that gave it.
Result<void> CheckListen(const http::ListenAddress& address, std::string_view flag, bool guarded);

// As many open files as the system lets us have: every connection is one.
void RaiseFileLimit();

// Writes `KEY=VALUE` lines to `file`, whole or not at all. An empty path writes nothing.
Result<void> WriteEndpoints(const std::filesystem::path& file,
                            std::span<const std::pair<std::string, std::string>> endpoints);

}  // namespace base
