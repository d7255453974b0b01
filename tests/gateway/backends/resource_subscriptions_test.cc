#include "gateway/backends/resource_subscriptions.h"

#include <gmock/gmock.h>

namespace gateway {
namespace {

using Added = ResourceSubscriptions::Added;
using testing::ElementsAre;

TEST(ResourceSubscriptionsTest, TheFirstOwnerBeginsAndTheLastEnds) {
  ResourceSubscriptions all;
  EXPECT_EQ(all.Add("a://x", "one"), Added::kFirst);
  EXPECT_EQ(all.Add("a://x", "two"), Added::kAnother);
  EXPECT_FALSE(all.Remove("a://x", "one"));
  EXPECT_TRUE(all.Remove("a://x", "two"));
  EXPECT_FALSE(all.Has("a://x"));
}

TEST(ResourceSubscriptionsTest, WhoWantsItTwiceLeavesItOnce) {
  ResourceSubscriptions all;
  all.Add("a://x", "one");
  all.Add("a://x", "one");
  EXPECT_TRUE(all.Remove("a://x", "one"));
  EXPECT_FALSE(all.Remove("a://x", "one"));
}

TEST(ResourceSubscriptionsTest, AnOwnerThatLeavesTakesOnlyItsOwn) {
  ResourceSubscriptions all;
  all.Add("a://x", "one");
  all.Add("a://y", "one");
  all.Add("a://y", "two");
  EXPECT_THAT(all.RemoveOwner("one"), ElementsAre("a://x"));
  EXPECT_THAT(all.uris(), ElementsAre("a://y"));
}

TEST(ResourceSubscriptionsTest, APartOfAResourceIsWanted) {
  ResourceSubscriptions all;
  all.Add("file:///dir", "one");
  EXPECT_TRUE(all.Wants("one", "file:///dir/a"));
  EXPECT_FALSE(all.Wants("one", "file:///dirt"));
  EXPECT_FALSE(all.Wants("two", "file:///dir/a"));
}

TEST(ResourceSubscriptionsTest, TheirNumberIsBounded) {
  ResourceSubscriptions all(1);
  all.Add("a://x", "one");
  EXPECT_EQ(all.Add("a://y", "one"), Added::kTooMany);
  EXPECT_TRUE(all.Remove("a://x", "one"));
  EXPECT_EQ(all.Add("a://y", "one"), Added::kFirst);
}

}  // namespace
}  // namespace gateway
