#include "cli/lifetime.h"

#include <chrono>

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

std::optional<std::int64_t> ParseEnd(const std::string& text) {
  if (text == "never") return 0;
  const auto in_s = text == "now" ? std::optional<std::int64_t>(0) : ParseLifetime(text);
  if (!in_s || text.empty()) return std::nullopt;
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::milliseconds>(now).count() + *in_s * 1000;
}

Failure NoEnd(const std::string& text) {
  return {Exit::kUsage, "usage", "'" + text + "' is no time",
          "write it as 90s, 15m, 12h or 30d from now, or as now or never"};
}

Failure NoLifetime(const std::string& text) {
  return {Exit::kUsage, "usage", "--expires '" + text + "' is no duration",
          "write it as 90s, 15m, 12h or 30d"};
}

}  // namespace cli
