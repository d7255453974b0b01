// Whether a request comes from this machine itself: the peer is loopback, Host is a loopback name
// (origin_check.h), and nothing tells of a proxy. A reverse proxy beside us makes nobody local.
#pragma once

#include <string_view>

namespace base::http {

// 127.0.0.0/8 or ::1, without port.
bool IsLoopbackAddress(std::string_view address);
// The name of a header field: Forwarded, X-Forwarded-* or Via, in either case. Asked of each field of each call.
bool TellsOfForwarding(std::string_view field_name);

}  // namespace base::http
