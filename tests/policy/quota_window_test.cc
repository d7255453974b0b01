#include "policy/quota_window.h"

#include <gtest/gtest.h>

#include "base/rfc3339.h"
#include "portolan/v1/policy.pb.h"

namespace policy {
namespace {

using portolan::v1::QuotaPeriod;

std::string Shown(std::int64_t unix_ms) { return base::FormatRfc3339(unix_ms).substr(0, 19) + "Z"; }

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

std::string Anchored(QuotaPeriod::Value period, const std::string& anchor, const std::string& now,
                     std::int64_t period_s = 0) {
  portolan::v1::Quota quota;
  quota.set_period(period);
  quota.set_period_s(period_s);
  const QuotaWindow window =
      WindowOf(quota, *base::ParseRfc3339(now), 1'000, *base::ParseRfc3339(anchor));
  return Shown(window.start_ms) + " " + Shown(window.end_ms);
}

TEST(QuotaWindowTest, AnAnchorMovesEveryWindowToItsDayAndHour) {
  const std::string anchor = "2026-11-12T10:30:00Z";
  EXPECT_EQ(Anchored(QuotaPeriod::DAY, anchor, "2026-11-23T10:29:59Z"),
            "2026-11-22T10:30:00Z 2026-11-23T10:30:00Z");
  EXPECT_EQ(Anchored(QuotaPeriod::WEEK, anchor, "2026-11-19T10:30:00Z"),
            "2026-11-19T10:30:00Z 2026-11-26T10:30:00Z");
  EXPECT_EQ(Anchored(QuotaPeriod::MONTH, anchor, "2026-12-12T10:29:59Z"),
            "2026-11-12T10:30:00Z 2026-12-12T10:30:00Z");
  EXPECT_EQ(Anchored(QuotaPeriod::MONTH, anchor, "2027-03-01T00:00:00Z"),
            "2027-02-12T10:30:00Z 2027-03-12T10:30:00Z");
  EXPECT_EQ(Anchored(QuotaPeriod::YEAR, anchor, "2029-11-12T10:30:00Z"),
            "2029-11-12T10:30:00Z 2030-11-12T10:30:00Z");
  EXPECT_EQ(Anchored(QuotaPeriod::UNSPECIFIED, anchor, "2026-11-12T12:00:00Z", 3'600),
            "2026-11-12T11:30:00Z 2026-11-12T12:30:00Z");
}

TEST(QuotaWindowTest, AMonthFromThe31stBeginsOnTheLastDayOfShorterOnes) {
  const std::string anchor = "2027-01-31T06:00:00Z";
  EXPECT_EQ(Anchored(QuotaPeriod::MONTH, anchor, "2027-02-28T06:00:00Z"),
            "2027-02-28T06:00:00Z 2027-03-31T06:00:00Z");
  EXPECT_EQ(Anchored(QuotaPeriod::MONTH, anchor, "2027-02-28T05:59:59Z"),
            "2027-01-31T06:00:00Z 2027-02-28T06:00:00Z");
  EXPECT_EQ(Anchored(QuotaPeriod::MONTH, anchor, "2028-02-29T06:00:00Z"),
            "2028-02-29T06:00:00Z 2028-03-31T06:00:00Z");
  EXPECT_EQ(Anchored(QuotaPeriod::YEAR, "2028-02-29T00:00:00Z", "2029-02-28T00:00:00Z"),
            "2029-02-28T00:00:00Z 2030-02-28T00:00:00Z");
}

TEST(QuotaWindowTest, TheAnchorIsAPartOfWhatTellsWindowsApart) {
  portolan::v1::Quota quota;
  quota.set_period(QuotaPeriod::MONTH);
  EXPECT_EQ(PeriodName(quota, 0), "month");
  EXPECT_EQ(PeriodName(quota, 1'000), "month from 1970-01-01T00:00:01.000Z");
  quota.set_anchor(portolan::v1::QuotaAnchor::SUBSCRIPTION);
  EXPECT_EQ(AnchorOf(quota, 5), 5);
  EXPECT_EQ(AnchorOf(quota, 0), 0);
  quota.set_anchor(portolan::v1::QuotaAnchor::FIRST_PERIOD);
  quota.set_first_period_start("1970-01-01T00:00:02Z");
  EXPECT_EQ(AnchorOf(quota, 5), 2'000);
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
