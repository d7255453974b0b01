// Which Host and Origin headers are ours: the public URL's host and, on a loopback listener, the
// names of loopback with any port. Keeps other sites' pages and rebound names out.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/http/message.h"

namespace base::http {

// The host of HOST or HOST:PORT, without brackets.
std::string_view HostWithoutPort(std::string_view host);
// localhost, 127.0.0.1 or [::1], with or without a port: a Host header, or gRPC's :authority.
bool IsLoopbackHost(std::string_view host);

class OriginCheck {
 public:
  // `public_url` with scheme; empty when there is none.
  OriginCheck(std::string_view public_url, bool loopback_listener);

  bool IsOurHost(std::string_view host) const;
  // None is fine: not a browser, or the same site's GET.
  bool IsOurOrigin(std::optional<std::string_view> origin) const;
  // Both, of a request.
  bool Admits(const Fields& fields) const;

 private:
  std::string host_;
  bool loopback_;
};

}  // namespace base::http
