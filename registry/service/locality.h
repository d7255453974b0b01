// Whether a request comes from this machine itself: the peer is loopback, Host is a loopback name,
// and nothing tells of a proxy. A reverse proxy beside us makes nobody local.
#pragma once

#include <string_view>

namespace registry {

// 127.0.0.0/8 or ::1, without port.
bool IsLoopbackAddress(std::string_view address);
// localhost, 127.0.0.1 or [::1], with or without a port: a Host header, or gRPC's :authority.
bool IsLoopbackHost(std::string_view host);
// Forwarded, X-Forwarded-* or Via, in either case.
bool TellsOfForwarding(std::string_view header_name);

// The host of HOST or HOST:PORT, without brackets.
std::string_view HostWithoutPort(std::string_view host);

}  // namespace registry
