// Dates as HTTP writes them: `Sun, 06 Nov 1994 08:49:37 GMT` (RFC 9110, 5.6.7).
#pragma once

#include <cstdint>
#include <string>

namespace gateway {

std::string HttpDate(std::int64_t unix_ms);

}  // namespace gateway
