#include "base/rfc3339.h"

#include <chrono>
#include <cstdio>

namespace base {
namespace {

using std::chrono::day, std::chrono::days, std::chrono::month, std::chrono::sys_days,
    std::chrono::year;
using std::chrono::year_month_day;

// Takes so many digits off the front; nullopt when they are not there.
std::optional<int> Digits(std::string_view& text, std::size_t count) {
  if (text.size() < count) return std::nullopt;
  int value = 0;
  for (char c : text.substr(0, count)) {
    if (c < '0' || c > '9') return std::nullopt;
    value = value * 10 + (c - '0');
  }
  text.remove_prefix(count);
  return value;
}

bool Take(std::string_view& text, std::string_view any_of) {
  if (text.empty() || any_of.find(text.front()) == std::string_view::npos) return false;
  text.remove_prefix(1);
  return true;
}

// Behind the seconds: `.120`, or nothing.
std::optional<int> Milliseconds(std::string_view& text) {
  if (!Take(text, ".")) return 0;
  int value = 0;
  std::size_t digits = 0;
  while (!text.empty() && text.front() >= '0' && text.front() <= '9') {
    if (digits < 3) value = value * 10 + (text.front() - '0');
    ++digits;
    text.remove_prefix(1);
  }
  if (digits == 0) return std::nullopt;
  for (; digits < 3; ++digits) value *= 10;
  return value;
}

// Minutes east of UTC: `Z`, `+02:00`.
std::optional<int> Offset(std::string_view& text) {
  if (Take(text, "Zz")) return 0;
  bool east = !text.empty() && text.front() == '+';
  if (!Take(text, "+-")) return std::nullopt;
  auto hours = Digits(text, 2);
  if (!hours || *hours > 23 || !Take(text, ":")) return std::nullopt;
  auto minutes = Digits(text, 2);
  if (!minutes || *minutes > 59) return std::nullopt;
  int offset = *hours * 60 + *minutes;
  return east ? offset : -offset;
}

}  // namespace

std::string FormatRfc3339(std::int64_t unix_ms) {
  std::chrono::sys_time<std::chrono::milliseconds> time{std::chrono::milliseconds(unix_ms)};
  auto date = std::chrono::floor<days>(time);
  year_month_day ymd(date);
  auto in_day = std::chrono::hh_mm_ss(time - date);
  char text[40];
  std::snprintf(
      text, sizeof text, "%04d-%02u-%02uT%02d:%02d:%02d.%03dZ", int{ymd.year()},
      unsigned{ymd.month()}, unsigned{ymd.day()}, static_cast<int>(in_day.hours().count()),
      static_cast<int>(in_day.minutes().count()), static_cast<int>(in_day.seconds().count()),
      static_cast<int>(in_day.subseconds().count()));
  return text;
}

std::optional<std::int64_t> ParseRfc3339(std::string_view text) {
  auto y = Digits(text, 4);
  if (!y || !Take(text, "-")) return std::nullopt;
  auto m = Digits(text, 2);
  if (!m || !Take(text, "-")) return std::nullopt;
  auto d = Digits(text, 2);
  if (!d || !Take(text, "Tt ")) return std::nullopt;
  auto hour = Digits(text, 2);
  if (!hour || *hour > 23 || !Take(text, ":")) return std::nullopt;
  auto minute = Digits(text, 2);
  if (!minute || *minute > 59 || !Take(text, ":")) return std::nullopt;
  auto second = Digits(text, 2);
  if (!second || *second > 60) return std::nullopt;
  auto milliseconds = Milliseconds(text);
  if (!milliseconds) return std::nullopt;
  auto offset = Offset(text);
  if (!offset || !text.empty()) return std::nullopt;
  year_month_day date{year{*y}, month{static_cast<unsigned>(*m)}, day{static_cast<unsigned>(*d)}};
  if (!date.ok()) return std::nullopt;
  std::int64_t seconds = std::int64_t{sys_days(date).time_since_epoch().count()} * 86'400 +
                         *hour * 3600 + (*minute - *offset) * 60 + *second;
  return seconds * 1000 + *milliseconds;
}

}  // namespace base
