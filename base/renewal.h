// The Renewal is what a daemon reads again while it runs: its certificate, when the files change or on SIGHUP, and its
// settings, on SIGHUP. What cannot be used changes nothing and is logged.
//
// One thread, the one that Look and Reload are called on.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/http/tls_files.h"
#include "base/result.h"

namespace base {

class Renewal {
 public:
  struct Outlets {
    // For connections that come from now on. Not called where there is no certificate.
    std::function<void(const std::shared_ptr<const http::TlsContext>&)> certificate;
    // Reads the settings and takes over what may change while the daemon runs; the log level, which Renewal takes over
    // itself.
    std::function<Result<std::string>()> settings;
  };

  // Empty `files`: no TLS. The error names the file.
  static Result<Renewal> Open(http::ServerTls files);
  void To(Outlets outlets) { outlets_ = std::move(outlets); }

  // Null: no TLS.
  std::shared_ptr<const http::TlsContext> tls() const { return tls_ ? tls_->context() : nullptr; }
  // `https://` or `http://`
  const char* scheme() const { return tls_ ? "https://" : "http://"; }

  // As often as one likes; it looks at the files once a second.
  void Look();
  // SIGHUP.
  void Reload();

 private:
  void Renew(http::TlsFiles::When when);

  std::optional<http::TlsFiles> tls_;
  Outlets outlets_;
  std::chrono::steady_clock::time_point look_again_{};
};

}  // namespace base
