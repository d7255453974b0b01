// How long a key, a token or a subscription lives, as people type it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "cli/failure.h"

namespace cli {

// Seconds of `90s`, `15m`, `12h`, `30d`; 0 (never ends) for the empty text, nothing for nonsense.
std::optional<std::int64_t> ParseLifetime(const std::string& text);
// When that is, Unix time in milliseconds: `now`, `never` (0), or a time from now.
std::optional<std::int64_t> ParseEnd(const std::string& text);
// What to say of nonsense.
Failure NoLifetime(const std::string& text);
Failure NoEnd(const std::string& text);

}  // namespace cli
