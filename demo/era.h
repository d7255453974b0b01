// Which revisions of MCP the demo speaks: it can play an old server, a new one, or one that speaks
// both.
#pragma once

#include <optional>
#include <string_view>

namespace demo {

enum class Era { kLegacy, kModern, kBoth };

inline std::optional<Era> ParseEra(std::string_view text) {
  if (text == "legacy") return Era::kLegacy;
  if (text == "modern") return Era::kModern;
  if (text == "both") return Era::kBoth;
  return std::nullopt;
}

}  // namespace demo
