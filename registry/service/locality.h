// Whether a request comes from this machine itself: the peer is loopback, Host is a loopback name,
// and nothing tells of a proxy. A reverse proxy beside us makes nobody local.
#pragma once

#include <string_view>

namespace registry {

// 127.0.0.0/8 or ::1, without port.
bool IsLoopbackAddress(std::string_view address);
// Forwarded, X-Forwarded-* or Via, in either case.
bool TellsOfForwarding(std::string_view header_name);

}  // namespace registry
