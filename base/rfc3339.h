// Points in time as texts of RFC 3339: `2026-11-22T21:04:05.120Z`.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace base {

// Unix time in milliseconds, in UTC, always with three decimals.
std::string FormatRfc3339(std::int64_t unix_ms);

// With `Z` or an offset; decimals beyond milliseconds are dropped. Nullopt when it is none, or no
// such day exists.
std::optional<std::int64_t> ParseRfc3339(std::string_view text);

}  // namespace base
