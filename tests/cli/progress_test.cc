#include "cli/progress.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

#include "tests/support/fake_clock.h"

namespace cli {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;

TEST(ProgressTest, SaysALineEveryTenSeconds) {
  support::FakeClock clock;
  std::ostringstream out;
  Progress progress(out, Progress::Place::kFile, "entries", 4000, clock);
  clock.Advance(std::chrono::seconds(5));
  progress.Reach(500);
  EXPECT_EQ(out.str(), "");
  clock.Advance(std::chrono::seconds(5));
  progress.Reach(1000);
  progress.Reach(1001);
  EXPECT_EQ(out.str(), "1,000 of 4,000 entries   100/s   30 s left\n");
}

TEST(ProgressTest, DrawsABarOnATerminalAndCleansUp) {
  support::FakeClock clock;
  std::ostringstream out;
  {
    Progress progress(out, Progress::Place::kTerminal, "entries", 100, clock);
    progress.Reach(10);
    EXPECT_EQ(out.str(), "");
    clock.Advance(std::chrono::seconds(2));
    progress.Reach(50);
    EXPECT_THAT(out.str(), HasSubstr("50 of 100 entries   25/s   2.0 s left"));
  }
  EXPECT_THAT(out.str(), EndsWith("\r\x1b[K"));
}

TEST(ProgressTest, SaysNothingWhereNothingIsToBeSaid) {
  support::FakeClock clock;
  std::ostringstream out;
  Progress progress(out, Progress::Place::kNowhere, "entries", 100, clock);
  clock.Advance(std::chrono::minutes(2));
  progress.Reach(50);
  EXPECT_EQ(out.str(), "");
}

}  // namespace
}  // namespace cli
