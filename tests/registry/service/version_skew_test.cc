#include "registry/service/version_skew.h"

#include <gmock/gmock.h>

namespace registry {
namespace {

using testing::HasSubstr;

TEST(VersionSkewTest, AGatewayMayBeOfTheSameMinorVersionOrTheOneBefore) {
  EXPECT_TRUE(CheckGatewayVersion("1.4.0", "1.4.9"));
  EXPECT_TRUE(CheckGatewayVersion("1.4.9-rc1", "1.4.0"));
  EXPECT_TRUE(CheckGatewayVersion("1.3.0", "1.4.0"));
  EXPECT_TRUE(CheckGatewayVersion("", "1.4.0"));
}

TEST(VersionSkewTest, OtherwiseTheOneToUpgradeIsNamed) {
  const auto ahead = CheckGatewayVersion("1.5.0", "1.4.0");
  ASSERT_FALSE(ahead);
  EXPECT_EQ(ahead.error().code, base::Code::kFailedPrecondition);
  EXPECT_THAT(ahead.error().message,
              HasSubstr("the gateway is version 1.5.0, the registry 1.4.0: upgrade the registry"));
  EXPECT_THAT(CheckGatewayVersion("1.2.0", "1.4.0").error().message,
              HasSubstr("upgrade the gateway"));
  EXPECT_THAT(CheckGatewayVersion("2.0.0", "1.4.0").error().message,
              HasSubstr("upgrade the registry"));
  EXPECT_FALSE(CheckGatewayVersion("what", "1.4.0"));
}

}  // namespace
}  // namespace registry
