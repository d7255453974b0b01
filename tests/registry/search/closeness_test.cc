#include "registry/search/closeness.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace registry::search {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(EditDistanceTest, CountsASwapAsOne) {
  EXPECT_EQ(EditDistance("weather", "waether", 3), 1u);
  EXPECT_EQ(EditDistance("weather", "weather", 3), 0u);
  EXPECT_EQ(EditDistance("weather", "wether", 3), 1u);
}

TEST(EditDistanceTest, GivesUpPastTheLimit) {
  EXPECT_GT(EditDistance("weather", "calendar", 2), 2u);
}

TEST(CloseNamesTest, PutsTheClosestFirst) {
  CloseNamesTo close("get_summ");
  close.Offer("a.get-sun", {"get-sun"});
  close.Offer("b.get-sum", {"get-sum"});
  close.Offer("c.echo", {"echo"});
  EXPECT_THAT(close.Take(5), ElementsAre("b.get-sum", "a.get-sun"));
}

TEST(CloseNamesTest, FindsANameWithinAnother) {
  CloseNamesTo close("weather");
  close.Offer("demo.get_weather_report", {"get_weather_report"});
  EXPECT_THAT(close.Take(5), ElementsAre("demo.get_weather_report"));
}

TEST(CloseNamesTest, FindsNothingForNothing) {
  CloseNamesTo close("...");
  close.Offer("demo.echo", {"echo"});
  EXPECT_THAT(close.Take(5), IsEmpty());
}

}  // namespace
}  // namespace registry::search
