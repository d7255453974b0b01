#include "policy/quota_window.h"

#include <chrono>

#include "base/rfc3339.h"
#include "portolan/v1/policy.pb.h"

namespace policy {

namespace v1 = portolan::v1;
using namespace std::chrono;

namespace {

std::int64_t MillisOf(sys_days day) {
  return duration_cast<milliseconds>(day.time_since_epoch()).count();
}

QuotaWindow Between(sys_days start, sys_days end) { return {MillisOf(start), MillisOf(end)}; }

// Windows of equal length.
QuotaWindow Every(std::int64_t length_ms, std::int64_t anchor_ms, std::int64_t now_ms) {
  const std::int64_t since = now_ms - anchor_ms;
  std::int64_t number = since / length_ms;
  if (since % length_ms < 0) --number;
  const std::int64_t start_ms = anchor_ms + number * length_ms;
  return {start_ms, start_ms + length_ms};
}

// Windows of so many months.
QuotaWindow EveryMonths(int count, std::int64_t anchor_ms, std::int64_t now_ms) {
  const sys_time<milliseconds> anchor{milliseconds(anchor_ms)};
  const sys_days anchor_day = floor<days>(anchor);
  const year_month_day date(anchor_day);
  const milliseconds time_of_day = anchor - anchor_day;
  const auto start = [&](int number) {
    const year_month month = date.year() / date.month() + months(number * count);
    const year_month_day day = month / date.day();
    const sys_days begins = day.ok() ? sys_days(day) : sys_days(month / last);
    return MillisOf(begins) + time_of_day.count();
  };
  const year_month_day today(floor<days>(sys_time<milliseconds>(milliseconds(now_ms))));
  const int between =
      static_cast<int>((today.year() / today.month() - date.year() / date.month()).count());
  int number = between / count;
  while (start(number) > now_ms) --number;
  while (start(number + 1) <= now_ms) ++number;
  return {start(number), start(number + 1)};
}

QuotaWindow AnchoredWindow(const v1::Quota& quota, std::int64_t anchor_ms, std::int64_t now_ms) {
  constexpr std::int64_t kDayMs = 86'400'000;
  switch (quota.period()) {
    case v1::QuotaPeriod::DAY: return Every(kDayMs, anchor_ms, now_ms);
    case v1::QuotaPeriod::WEEK: return Every(7 * kDayMs, anchor_ms, now_ms);
    case v1::QuotaPeriod::MONTH: return EveryMonths(1, anchor_ms, now_ms);
    case v1::QuotaPeriod::YEAR: return EveryMonths(12, anchor_ms, now_ms);
    case v1::QuotaPeriod::LIFETIME: return {anchor_ms, 0};
    default: return Every(quota.period_s() * 1000, anchor_ms, now_ms);
  }
}

}  // namespace

std::int64_t AnchorOf(const v1::Quota& quota, std::int64_t subscribed_at_ms) {
  switch (quota.anchor()) {
    case v1::QuotaAnchor::SUBSCRIPTION: return subscribed_at_ms;
    case v1::QuotaAnchor::FIRST_PERIOD:
      return base::ParseRfc3339(quota.first_period_start()).value_or(0);
    default: return 0;
  }
}

QuotaWindow WindowOf(const v1::Quota& quota, std::int64_t now_ms, std::int64_t created_ms,
                     std::int64_t anchor_ms) {
  if (anchor_ms != 0) return AnchoredWindow(quota, anchor_ms, now_ms);
  const sys_days today = floor<days>(sys_time<milliseconds>(milliseconds(now_ms)));
  const year_month_day date(today);
  switch (quota.period()) {
    case v1::QuotaPeriod::DAY: return Between(today, today + days(1));
    case v1::QuotaPeriod::WEEK: {
      const sys_days monday = today - (weekday(today) - Monday);
      return Between(monday, monday + days(7));
    }
    case v1::QuotaPeriod::MONTH: {
      const year_month month = date.year() / date.month();
      return Between(month / 1, (month + months(1)) / 1);
    }
    case v1::QuotaPeriod::YEAR:
      return Between(date.year() / January / 1, (date.year() + years(1)) / January / 1);
    case v1::QuotaPeriod::LIFETIME: return {created_ms, 0};
    default: break;
  }
  const std::int64_t length_ms = quota.period_s() * 1000;
  const std::int64_t start_ms = now_ms - now_ms % length_ms;
  return {start_ms, start_ms + length_ms};
}

std::string PeriodName(const v1::Quota& quota) {
  switch (quota.period()) {
    case v1::QuotaPeriod::DAY: return "day";
    case v1::QuotaPeriod::WEEK: return "week";
    case v1::QuotaPeriod::MONTH: return "month";
    case v1::QuotaPeriod::YEAR: return "year";
    case v1::QuotaPeriod::LIFETIME: return "lifetime";
    default: return std::to_string(quota.period_s()) + " s";
  }
}

std::string PeriodName(const v1::Quota& quota, std::int64_t anchor_ms) {
  return anchor_ms == 0 ? PeriodName(quota)
                        : PeriodName(quota) + " from " + base::FormatRfc3339(anchor_ms);
}

}  // namespace policy
