// Which Host and Origin headers are ours: the public URL's host and, on a loopback listener, the
// names of loopback with any port. Keeps other sites' pages and rebound names out.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace registry {

class OriginCheck {
 public:
  // `public_url` with scheme.
  OriginCheck(std::string_view public_url, bool loopback_listener);

  bool IsOurHost(std::string_view host) const;
  // None is fine: not a browser, or the same site's GET.
  bool IsOurOrigin(std::optional<std::string_view> origin) const;

 private:
  std::string host_;
  bool loopback_;
};

}  // namespace registry
