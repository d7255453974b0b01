#include "registry/service/origin_check.h"

#include "base/http/message.h"
#include "registry/service/locality.h"

namespace registry {
namespace {

// `https://host:port/...`: host:port
std::string_view Authority(std::string_view url) {
  const std::size_t scheme = url.find("://");
  if (scheme == std::string_view::npos) return {};
  url.remove_prefix(scheme + 3);
  return url.substr(0, url.find('/'));
}

}  // namespace

OriginCheck::OriginCheck(std::string_view public_url, bool loopback_listener)
    : host_(HostWithoutPort(Authority(public_url))), loopback_(loopback_listener) {}

bool OriginCheck::IsOurHost(std::string_view host) const {
  if (host.empty()) return false;
  if (loopback_ && IsLoopbackHost(host)) return true;
  return base::http::EqualsIgnoreCase(HostWithoutPort(host), host_);
}

bool OriginCheck::IsOurOrigin(std::optional<std::string_view> origin) const {
  // `null` has no authority, and is nobody's.
  return !origin || IsOurHost(Authority(*origin));
}

}  // namespace registry
