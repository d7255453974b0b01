#include "base/clock_watch.h"

#include <gtest/gtest.h>

#include "tests/support/fake_clock.h"

namespace base {
namespace {

using std::chrono::hours;
using std::chrono::seconds;

constexpr std::int64_t kHourMs = 3'600'000;

class ClockWatchTest : public ::testing::Test {
 protected:
  support::FakeClock clock_;
  ClockWatch watch_{clock_};
};

TEST_F(ClockWatchTest, TimeThatPassesIsNoJump) {
  clock_.Advance(hours(1000));
  EXPECT_EQ(watch_.Look(), 0);
}

TEST_F(ClockWatchTest, ASmallCorrectionIsNoJump) {
  clock_.SetWall(seconds(20));
  EXPECT_EQ(watch_.Look(), 0);
}

TEST_F(ClockWatchTest, AJumpIsToldOnceEachWay) {
  clock_.SetWall(-hours(1));
  EXPECT_EQ(watch_.Look(), -kHourMs);
  EXPECT_EQ(watch_.Look(), 0);
  clock_.SetWall(hours(24 * 365));
  EXPECT_EQ(watch_.Look(), 24 * 365 * kHourMs);
  clock_.Advance(hours(5));
  EXPECT_EQ(watch_.Look(), 0);
}

TEST_F(ClockWatchTest, TheCautiousTimeNeverRunsAheadOfTheHoursThatPassed) {
  const std::int64_t began = clock_.UnixMillis();
  clock_.SetWall(hours(24 * 365));
  clock_.Advance(hours(1));
  EXPECT_EQ(watch_.CautiousUnixMillis(), began + kHourMs);
  clock_.SetWall(-hours(2 * 24 * 365));
  EXPECT_EQ(watch_.CautiousUnixMillis(), clock_.UnixMillis());
}

}  // namespace
}  // namespace base
