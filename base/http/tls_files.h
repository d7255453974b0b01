// The TlsFiles are a server's certificate and key as they lie on disk: read at the start, and again when one of them has
// changed, so that a renewed certificate needs no restart.
//
// One thread. Looking costs a stat for each file; whoever owns it looks about once a second.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>

#include "base/http/tls.h"
#include "base/result.h"

namespace base::http {

class TlsFiles {
 public:
  // kInvalidArgument names the file that cannot be used.
  static Result<TlsFiles> Open(ServerTls files);

  const ServerTls& files() const { return files_; }
  const std::shared_ptr<const TlsContext>& context() const { return context_; }

  // Reads them again if they differ from what was read last, or in any case when `asked` (SIGHUP).
  // True: context() is another. An Error once for each state of the files that cannot be used, half a
  // renewal for example: what was there before stays in force.
  enum class When { kChanged, kAsked };
  Result<bool> Renew(When when);

 private:
  // Which file lies there now, and since when.
  struct Trace {
    std::uint64_t device = 0, inode = 0, bytes = 0;
    std::int64_t changed_s = 0, changed_ns = 0;
    bool operator==(const Trace&) const = default;
  };
  using Traces = std::array<Trace, 3>;

  explicit TlsFiles(ServerTls files) : files_(std::move(files)) {}
  Traces Look() const;
  static Trace LookAt(const std::string& file);

  ServerTls files_;
  Traces seen_;
  std::shared_ptr<const TlsContext> context_;
};

}  // namespace base::http
