// Dates, times and durations.
#include <array>
#include <chrono>
#include <optional>

#include "base/json_schema/format.h"

namespace base::json_schema {
namespace {

constexpr int kMinutesADay = 24 * 60;

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

// Takes so many digits off the front.
std::optional<int> Digits(std::string_view& text, std::size_t count) {
  if (text.size() < count) return std::nullopt;
  int value = 0;
  for (const char c : text.substr(0, count)) {
    if (!IsDigit(c)) return std::nullopt;
    value = value * 10 + (c - '0');
  }
  text.remove_prefix(count);
  return value;
}

bool Take(std::string_view& text, std::string_view any_of) {
  if (text.empty() || any_of.find(text.front()) == any_of.npos) return false;
  text.remove_prefix(1);
  return true;
}

// Minutes east of UTC.
std::optional<int> Offset(std::string_view text) {
  if (text == "Z" || text == "z") return 0;
  const bool east = text.starts_with('+');
  if (!Take(text, "+-")) return std::nullopt;
  const auto hours = Digits(text, 2);
  if (!hours || *hours > 23 || !Take(text, ":")) return std::nullopt;
  const auto minutes = Digits(text, 2);
  if (!minutes || *minutes > 59 || !text.empty()) return std::nullopt;
  return (*hours * 60 + *minutes) * (east ? 1 : -1);
}

// The digits in front of the first of `units`; the units must come in this order, each at most
// once, and without a gap between the first and the last.
bool Components(std::string_view text, std::string_view units) {
  std::optional<std::size_t> last;
  while (!text.empty()) {
    std::size_t digits = 0;
    while (digits < text.size() && IsDigit(text[digits])) ++digits;
    if (digits == 0 || digits == text.size()) return false;
    const std::size_t unit = units.find(text[digits]);
    if (unit == units.npos || (last && unit != *last + 1)) return false;
    last = unit;
    text.remove_prefix(digits + 1);
  }
  return last.has_value();
}

}  // namespace

bool IsDate(std::string_view text) {
  const auto year = Digits(text, 4);
  if (!year || !Take(text, "-")) return false;
  const auto month = Digits(text, 2);
  if (!month || !Take(text, "-")) return false;
  const auto day = Digits(text, 2);
  if (!day || !text.empty()) return false;
  return std::chrono::year_month_day(std::chrono::year(*year),
                                     std::chrono::month(static_cast<unsigned>(*month)),
                                     std::chrono::day(static_cast<unsigned>(*day)))
      .ok();
}

bool IsTime(std::string_view text) {
  const auto hour = Digits(text, 2);
  if (!hour || *hour > 23 || !Take(text, ":")) return false;
  const auto minute = Digits(text, 2);
  if (!minute || *minute > 59 || !Take(text, ":")) return false;
  const auto second = Digits(text, 2);
  if (!second || *second > 60) return false;
  if (Take(text, ".")) {
    if (text.empty() || !IsDigit(text.front())) return false;
    while (!text.empty() && IsDigit(text.front())) text.remove_prefix(1);
  }
  const auto offset = Offset(text);
  if (!offset) return false;
  if (*second < 60) return true;
  // A leap second ends a day of UTC.
  const int utc = (*hour * 60 + *minute - *offset + 2 * kMinutesADay) % kMinutesADay;
  return utc == kMinutesADay - 1;
}

bool IsDateTime(std::string_view text) {
  constexpr std::size_t kDateBytes = 10;
  return text.size() > kDateBytes && (text[kDateBytes] == 'T' || text[kDateBytes] == 't') &&
         IsDate(text.substr(0, kDateBytes)) && IsTime(text.substr(kDateBytes + 1));
}

// RFC 3339, appendix A.
bool IsDuration(std::string_view text) {
  if (!Take(text, "P")) return false;
  const std::size_t t = text.find('T');
  const std::string_view date = text.substr(0, t);
  if (t == text.npos) return Components(date, "W") || Components(date, "YMD");
  return (date.empty() || Components(date, "YMD")) && Components(text.substr(t + 1), "HMS");
}

}  // namespace base::json_schema
