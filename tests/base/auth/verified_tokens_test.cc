#include "base/auth/verified_tokens.h"

#include <gtest/gtest.h>

namespace base::auth {
namespace {

std::shared_ptr<const Principal> Named(const std::string& id) {
  auto principal = std::make_shared<Principal>();
  principal->id = id;
  return principal;
}

TEST(VerifiedTokensTest, AVerifiedTokenIsKnownUntilItExpires) {
  VerifiedTokens<> tokens;
  tokens.Remember("t", Named("token/a"), 1000);
  ASSERT_NE(tokens.Find("t", 999), nullptr);
  EXPECT_EQ(tokens.Find("t", 999)->id, "token/a");
  EXPECT_EQ(tokens.Find("t", 1000), nullptr);
  EXPECT_EQ(tokens.Find("tt", 999), nullptr);
}

TEST(VerifiedTokensTest, NothingIsKnownAfterForget) {
  VerifiedTokens<> tokens;
  tokens.Remember("t", Named("token/a"), 1000);
  tokens.Forget();
  EXPECT_EQ(tokens.Find("t", 1), nullptr);
}

TEST(VerifiedTokensTest, TheNumberIsBounded) {
  VerifiedTokens<> tokens(160);
  for (int i = 0; i < 10'000; ++i) tokens.Remember(std::to_string(i), Named("p"), 1000);
  int known = 0;
  for (int i = 0; i < 10'000; ++i) known += tokens.Find(std::to_string(i), 1) != nullptr;
  EXPECT_LE(known, 160);
  EXPECT_GT(known, 100);
}

}  // namespace
}  // namespace base::auth
