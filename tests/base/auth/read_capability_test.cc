#include "base/auth/read_capability.h"

#include <gtest/gtest.h>

#include "base/auth/api_key.h"

namespace base::auth {
namespace {

TEST(ReadCapabilityTest, StandsForATokenOrAKeyAndNothingElse) {
  const auto of_token = ReadCapability::For("ptt_ci_secret_with_more");
  ASSERT_TRUE(of_token);
  EXPECT_EQ(of_token->name, "ci");
  EXPECT_TRUE(of_token->ToString().starts_with("tok_ci_"));
  EXPECT_EQ(ReadCapability::For("ptk_abc_secret")->of, CapabilityOf::kKey);
  for (const char* none : {"", "ptt_", "ptt_ci", "ptt_ci_", "ptt__x", "pgw_g_x", "aBcDeF"})
    EXPECT_FALSE(ReadCapability::For(none)) << none;
}

TEST(ReadCapabilityTest, FitsTheSecretItWasMadeForAlone) {
  const std::string token = "ptt_ci_" + Base64UrlEncode(RandomBytes(32));
  const auto read = ReadCapability::Parse(ReadCapability::For(token)->ToString());
  ASSERT_TRUE(read);
  EXPECT_TRUE(read->Fits(Sha256(token)));
  EXPECT_FALSE(read->Fits(Sha256(token + "x")));
  EXPECT_FALSE(read->Fits(""));
}

TEST(ReadCapabilityTest, NeitherTheTokenNorItsHashStandInIt) {
  const std::string secret = Base64UrlEncode(RandomBytes(32));
  const std::string token = "ptt_ci_" + secret;
  const std::string shown = ReadCapability::For(token)->ToString();
  EXPECT_EQ(shown.find(secret), std::string::npos);
  EXPECT_EQ(shown.find(Base64UrlEncode(Sha256(token))), std::string::npos);
  EXPECT_FALSE(ReadCapability::Parse(token));
  EXPECT_FALSE(ReadCapability::For(shown));
}

}  // namespace
}  // namespace base::auth
