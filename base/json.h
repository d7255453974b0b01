// Reading JSON strictly: bounded in size, depth and number of values; no key twice; UTF-8
// throughout.
//
// For configuration, the JSON API and the command line. MCP messages on the call path are never
// parsed into a tree: see mcp/message.h.
#pragma once

#include <cstddef>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "base/result.h"

namespace base {

struct JsonLimits {
  std::size_t max_bytes = 20 * 1024 * 1024;
  std::size_t max_depth = 64;
  std::size_t max_values = 1'000'000;
};

// One JSON value and nothing behind it. kInvalidArgument says what is wrong and at which byte.
Result<nlohmann::json> ParseJson(std::string_view text, const JsonLimits& limits = {});

// `/spec/rules/0` + `ip` = `/spec/rules/0/ip` (RFC 6901; `~` and `/` in the part are escaped).
std::string PointerTo(std::string_view pointer, std::string_view part);
std::string PointerTo(std::string_view pointer, std::size_t index);

// Well-formed UTF-8 (no surrogates, nothing overlong).
bool IsUtf8(std::string_view text);

}  // namespace base
