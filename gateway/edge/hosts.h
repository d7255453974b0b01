// Which Host and Origin headers are ours: what keeps a web page from calling a gateway on its
// visitor's machine (DNS rebinding; MCP, Streamable HTTP, Security).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/http/server.h"
#include "base/result.h"

namespace gateway {

class Hosts {
 public:
  // `public_url` and `portal_url` may be empty. Allowed: the public URL's host, or that of the
  // listen address; on a loopback listener also localhost, 127.0.0.1 and [::1], with any port. A
  // gateway that listens on every address and was told no public URL takes any address literal: it
  // cannot be rebound.
  static base::Result<Hosts> Of(const base::http::ListenAddress& listen,
                                std::string_view public_url, std::string_view portal_url);

  // `host` as in the header, with or without port.
  bool AllowsHost(std::string_view host) const;
  // `origin` as in the header: one of our hosts, or the portal.
  bool AllowsOrigin(std::string_view origin) const;
  bool IsPortal(std::string_view origin) const;

  // This gateway's URL by the name that the caller has for it, without a slash at its end: the public one where
  // `host` is that one's, else `host` itself. REQUIRES: AllowsHost(host).
  std::string UrlFor(std::string_view host, bool tls) const;

 private:
  std::vector<std::string> names_;  // lower case, without port
  std::vector<std::string> portal_origins_;
  bool any_literal_ = false;
  std::string public_host_;  // lower case; empty: there is no public URL
  std::string public_url_;
};

}  // namespace gateway
