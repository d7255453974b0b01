#include "cli/lifetime.h"

namespace cli {

std::optional<std::int64_t> ParseLifetime(const std::string& text) {
  if (text.empty()) return 0;
  std::int64_t unit = 1;
  std::string digits = text;
  switch (digits.back()) {
    case 's': digits.pop_back(); break;
    case 'm': unit = 60, digits.pop_back(); break;
    case 'h': unit = 3600, digits.pop_back(); break;
    case 'd': unit = 86'400, digits.pop_back(); break;
    default: break;
  }
  if (digits.empty() || digits.size() > 6 ||
      digits.find_first_not_of("0123456789") != std::string::npos)
    return std::nullopt;
  return std::stoll(digits) * unit;
}

Failure NoLifetime(const std::string& text) {
  return {Exit::kUsage, "usage", "--expires '" + text + "' is no duration",
          "write it as 90s, 15m, 12h or 30d"};
}

}  // namespace cli
