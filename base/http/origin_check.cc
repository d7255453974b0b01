#include "base/http/origin_check.h"

namespace base::http {
namespace {

// `https://host:port/...`: host:port
std::string_view Authority(std::string_view url) {
  const std::size_t scheme = url.find("://");
  if (scheme == std::string_view::npos) return {};
  url.remove_prefix(scheme + 3);
  return url.substr(0, url.find('/'));
}

}  // namespace

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
  return EqualsIgnoreCase(name, "localhost") || name == "127.0.0.1" || name == "::1";
}

OriginCheck::OriginCheck(std::string_view public_url, bool loopback_listener)
    : host_(HostWithoutPort(Authority(public_url))), loopback_(loopback_listener) {}

bool OriginCheck::IsOurHost(std::string_view host) const {
  if (host.empty()) return false;
  if (loopback_ && IsLoopbackHost(host)) return true;
  return !host_.empty() && EqualsIgnoreCase(HostWithoutPort(host), host_);
}

bool OriginCheck::IsOurOrigin(std::optional<std::string_view> origin) const {
  // `null` has no authority, and is nobody's.
  return !origin || IsOurHost(Authority(*origin));
}

bool OriginCheck::Admits(const Fields& fields) const {
  return fields.Count("Host") <= 1 && fields.Count("Origin") <= 1 &&
         IsOurHost(fields.Find("Host").value_or("")) && IsOurOrigin(fields.Find("Origin"));
}

}  // namespace base::http
