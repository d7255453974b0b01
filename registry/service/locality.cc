#include "registry/service/locality.h"

#include "base/http/message.h"

namespace registry {

bool IsLoopbackAddress(std::string_view address) {
  return address.starts_with("127.") || address == "::1";
}

std::string_view HostWithoutPort(std::string_view host) {
  if (host.starts_with('[')) {
    const std::size_t close = host.find(']');
    return close == std::string_view::npos ? host : host.substr(1, close - 1);
  }
  const std::size_t colon = host.find(':');
  // Two colons and no bracket: a bare IPv6 address.
  if (colon != std::string_view::npos && host.find(':', colon + 1) != std::string_view::npos)
    return host;
  return host.substr(0, colon);
}

bool IsLoopbackHost(std::string_view host) {
  const std::string_view name = HostWithoutPort(host);
  return base::http::EqualsIgnoreCase(name, "localhost") || name == "127.0.0.1" || name == "::1";
}

bool TellsOfForwarding(std::string_view header_name) {
  constexpr std::string_view kForwarded = "x-forwarded-";
  return base::http::EqualsIgnoreCase(header_name, "forwarded") ||
         base::http::EqualsIgnoreCase(header_name, "via") ||
         (header_name.size() > kForwarded.size() &&
          base::http::EqualsIgnoreCase(header_name.substr(0, kForwarded.size()), kForwarded));
}

}  // namespace registry
