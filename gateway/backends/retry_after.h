// What a server says of when to ask again (RFC 9110, 10.2.3).
#pragma once

#include <chrono>
#include <cstdint>
#include <string_view>

namespace gateway {

// Seconds, or a date; rounded up, an hour at most. 0: it says nothing that can be read, or a time
// that is past. `now_unix_s` is for dates.
std::chrono::seconds RetryAfter(std::string_view field, std::int64_t now_unix_s);

}  // namespace gateway
