// Whether this process may listen where it was told to: the only gateway of its data directory, and
// nowhere that strangers reach it unprotected.
#pragma once

#include <filesystem>
#include <memory>
#include <string_view>

#include "base/http/server.h"
#include "base/result.h"

namespace gateway {

// Held as long as the gateway runs; a second gateway on the same data directory is refused.
class DataLock {
 public:
  // Takes DATA/gateway/lock, making the folder (0700) when it is not there.
  static base::Result<DataLock> Take(const std::filesystem::path& data);
  DataLock(DataLock&& other) noexcept;
  DataLock& operator=(DataLock&&) = delete;
  ~DataLock();

 private:
  explicit DataLock(int descriptor) : descriptor_(descriptor) {}
  int descriptor_;
};

// Refuses an address off loopback, unless `insecure_listen`. `what` is the flag that gave it.
base::Result<void> CheckListen(const base::http::ListenAddress& address, std::string_view what,
                               bool insecure_listen);

// As many open files as the system lets us have: every connection is one.
void RaiseFileLimit();

}  // namespace gateway
