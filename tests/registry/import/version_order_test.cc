#include "registry/import/version_order.h"

#include <gtest/gtest.h>

namespace registry {
namespace {

TEST(CompareVersionsTest, FollowsThePrecedenceOfSemanticVersions) {
  EXPECT_LT(CompareVersions("1.9.0", "1.10.0"), 0);
  EXPECT_LT(CompareVersions("1.0.0-alpha", "1.0.0-alpha.1"), 0);
  EXPECT_LT(CompareVersions("1.0.0-alpha.2", "1.0.0-alpha.11"), 0);
  EXPECT_LT(CompareVersions("1.0.0-rc.1", "1.0.0"), 0);
  EXPECT_LT(CompareVersions("1.0.0-1", "1.0.0-a"), 0);
  EXPECT_EQ(CompareVersions("1.0.0+a", "1.0.0+b"), 0);
  EXPECT_EQ(CompareVersions("v1.2", "1.2.0"), 0);
}

TEST(CompareVersionsTest, PutsOtherTextsBelow) {
  EXPECT_LT(CompareVersions("spring-2026", "0.0.1"), 0);
  EXPECT_LT(CompareVersions("a", "b"), 0);
}

TEST(CompareVersionsTest, IsNotOverwhelmedByLongNumbers) {
  EXPECT_LT(CompareVersions("1.0.99999999999999999999", "1.0.100000000000000000000"), 0);
}

}  // namespace
}  // namespace registry
