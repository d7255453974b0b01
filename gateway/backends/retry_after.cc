#include "gateway/backends/retry_after.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <ctime>
#include <optional>

namespace gateway {
namespace {

using std::chrono::seconds;

constexpr std::int64_t kLongest = 3'600;

std::optional<int> Number(std::string_view digits) {
  int number = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (error != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
  return number;
}

// `Sun, 06 Nov 1994 08:49:37 GMT`, the one form that is still written.
std::optional<std::int64_t> UnixSeconds(std::string_view date) {
  constexpr std::array<std::string_view, 12> kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                        "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  if (date.size() != 29 || !date.ends_with(" GMT") || date[3] != ',') return std::nullopt;
  const auto month = std::find(kMonths.begin(), kMonths.end(), date.substr(8, 3));
  const auto day = Number(date.substr(5, 2)), year = Number(date.substr(12, 4));
  const auto hour = Number(date.substr(17, 2)), minute = Number(date.substr(20, 2));
  const auto second = Number(date.substr(23, 2));
  if (month == kMonths.end() || !day || !year || !hour || !minute || !second) return std::nullopt;
  std::tm time{};
  time.tm_mday = *day;
  time.tm_mon = static_cast<int>(month - kMonths.begin());
  time.tm_year = *year - 1900;
  time.tm_hour = *hour;
  time.tm_min = *minute;
  time.tm_sec = *second;
  return ::timegm(&time);
}

}  // namespace

seconds RetryAfter(std::string_view field, std::int64_t now_unix_s) {
  if (field.empty()) return seconds(0);
  if (field.find_first_not_of("0123456789") == field.npos) {
    // More digits than a number has is a long time.
    return seconds(std::min<std::int64_t>(kLongest, Number(field).value_or(kLongest)));
  }
  const auto at = UnixSeconds(field);
  return seconds(at ? std::clamp<std::int64_t>(*at - now_unix_s, 0, kLongest) : 0);
}

}  // namespace gateway
