#include "policy/quota_window.h"

#include <gtest/gtest.h>

#include "base/rfc3339.h"
#include "portolan/v1/policy.pb.h"

namespace policy {
namespace {

using portolan::v1::QuotaPeriod;

std::string Shown(std::int64_t unix_ms) {
  return base::FormatRfc3339(unix_ms).substr(0, 19) + "Z";
}

std::string Window(QuotaPeriod::Value period, const std::string& now, std::int64_t period_s = 0) {
  portolan::v1::Quota quota;
  quota.set_period(period);
  quota.set_period_s(period_s);
  const QuotaWindow window = WindowOf(quota, *base::ParseRfc3339(now), 1'000);
  return Shown(window.start_ms) + " " + Shown(window.end_ms);
}

TEST(QuotaWindowTest, CalendarPeriodsBeginAndEndInUtc) {
  EXPECT_EQ(Window(QuotaPeriod::DAY, "2026-11-23T17:30:00Z"),
            "2026-11-23T00:00:00Z 2026-11-24T00:00:00Z");
  EXPECT_EQ(Window(QuotaPeriod::WEEK, "2026-11-29T23:59:59Z"),
            "2026-11-23T00:00:00Z 2026-11-30T00:00:00Z");
  EXPECT_EQ(Window(QuotaPeriod::MONTH, "2026-12-31T12:00:00Z"),
            "2026-12-01T00:00:00Z 2027-01-01T00:00:00Z");
  EXPECT_EQ(Window(QuotaPeriod::MONTH, "2028-02-29T00:00:00Z"),
            "2028-02-01T00:00:00Z 2028-03-01T00:00:00Z");
  EXPECT_EQ(Window(QuotaPeriod::YEAR, "2026-01-01T00:00:00Z"),
            "2026-01-01T00:00:00Z 2027-01-01T00:00:00Z");
}

TEST(QuotaWindowTest, SecondsAreCountedFromTheEpoch) {
  EXPECT_EQ(Window(QuotaPeriod::UNSPECIFIED, "2026-11-23T17:31:07Z", 3'600),
            "2026-11-23T17:00:00Z 2026-11-23T18:00:00Z");
}

TEST(QuotaWindowTest, ALifetimeBeginsWithTheSetAndDoesNotEnd) {
  portolan::v1::Quota quota;
  quota.set_period(QuotaPeriod::LIFETIME);
  const QuotaWindow window = WindowOf(quota, 5'000, 1'000);
  EXPECT_EQ(window.start_ms, 1'000);
  EXPECT_EQ(window.end_ms, 0);
}

}  // namespace
}  // namespace policy
