#include "policy/quota_window.h"

#include <chrono>

#include "portolan/v1/policy.pb.h"

namespace policy {

namespace v1 = portolan::v1;
using namespace std::chrono;

namespace {

std::int64_t MillisOf(sys_days day) {
  return duration_cast<milliseconds>(day.time_since_epoch()).count();
}

QuotaWindow Between(sys_days start, sys_days end) { return {MillisOf(start), MillisOf(end)}; }

}  // namespace

QuotaWindow WindowOf(const v1::Quota& quota, std::int64_t now_ms, std::int64_t created_ms) {
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

}  // namespace policy
