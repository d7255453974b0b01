#include "base/auth/jwks.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/token_signer.h"

namespace base::auth {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr TimePoint kStart{hours(1)};

KeySet SetWith(const std::string& key_id) {
  const support::TokenSigner signer("EdDSA", key_id);
  return {*Jwk::Read(signer.Jwk())};
}

class JwksTest : public testing::Test {
 protected:
  // One that has fetched the key `k1` at the start.
  void SetUp() override {
    ASSERT_TRUE(keys_.Wants("k1", kStart));
    keys_.Settle(SetWith("k1"), kStart);
  }
  void Fail() { keys_.Settle(base::Fail(Code::kUnavailable, "down"), kStart); }
  Jwks keys_;
};

TEST(EmptyJwksTest, ItWantsTheKeysOnceAndSaysMeanwhileThatThereAreNone) {
  Jwks keys;
  EXPECT_TRUE(keys.Wants("", kStart));
  EXPECT_FALSE(keys.Wants("", kStart));
  const auto none = keys.Current(kStart);
  ASSERT_TRUE(none.has_error());
  EXPECT_THAT(none.error().message, StartsWith("KeySetUnavailable"));
}

TEST(EmptyJwksTest, AFailureIsNotRepeatedAtOnce) {
  Jwks keys;
  ASSERT_TRUE(keys.Wants("k", kStart));
  keys.Settle(Fail(Code::kUnavailable, "down"), kStart);
  EXPECT_FALSE(keys.Wants("k", kStart + seconds(9)));
  EXPECT_TRUE(keys.Wants("k", kStart + seconds(10)));
}

TEST_F(JwksTest, WhatIsKnownIsNotFetchedForAnHour) {
  EXPECT_FALSE(keys_.Wants("k1", kStart + minutes(59)));
  EXPECT_FALSE(keys_.Wants("", kStart + minutes(59)));
  EXPECT_TRUE(keys_.Wants("k1", kStart + hours(1)));
}

TEST_F(JwksTest, AThousandUnknownKeysAreOneFetch) {
  int fetches = 0;
  for (int i = 0; i < 1000; ++i) {
    if (!keys_.Wants("bad" + std::to_string(i), kStart + seconds(i % 300))) continue;
    ++fetches;
    keys_.Settle(SetWith("k1"), kStart);
  }
  EXPECT_EQ(fetches, 1);
}

TEST_F(JwksTest, ARotatedKeyIsFoundAtOnceAndTheNextAfterFiveMinutes) {
  ASSERT_TRUE(keys_.Wants("k2", kStart));
  keys_.Settle(SetWith("k2"), kStart);
  EXPECT_TRUE(keys_.Knows("k2", kStart));
  EXPECT_FALSE(keys_.Wants("k3", kStart + seconds(299)));
  EXPECT_TRUE(keys_.Wants("k3", kStart + minutes(5)));
}

TEST_F(JwksTest, TheLastGoodKeysCountForADayAndNoLonger) {
  ASSERT_TRUE(keys_.Wants("k1", kStart + hours(1)));
  Fail();
  EXPECT_TRUE(keys_.Current(kStart + hours(23)).has_value());
  EXPECT_TRUE(keys_.Knows("k1", kStart + hours(23)));
  EXPECT_FALSE(keys_.Knows("k1", kStart + hours(24)));
  const auto stale = keys_.Current(kStart + hours(24));
  ASSERT_TRUE(stale.has_error());
  EXPECT_THAT(stale.error().message, HasSubstr("down"));
}

// ---- Documents

constexpr std::string_view kIssuer = "https://id.example/tenant/";

TEST(DiscoveryTest, AnIssuersPathComesBeforeTheWellKnownOne) {
  EXPECT_EQ(DiscoveryUrl(kIssuer), "https://id.example/tenant/.well-known/openid-configuration");
}

TEST(DiscoveryTest, ItNamesTheAddressOfTheKeys) {
  const auto url = ReadDiscovery(
      R"({"issuer":"https://id.example/tenant/","jwks_uri":"https://keys.example/k"})", kIssuer);
  ASSERT_TRUE(url.has_value());
  EXPECT_EQ(url->host, "keys.example");
}

TEST(DiscoveryTest, ADocumentOfAnotherIssuerIsNotBelieved) {
  const auto url = ReadDiscovery(
      R"({"issuer":"https://id.example/tenant","jwks_uri":"https://keys.example/k"})", kIssuer);
  ASSERT_TRUE(url.has_error());
  EXPECT_THAT(url.error().message, HasSubstr("another issuer"));
}

class LeadTest : public testing::TestWithParam<const char*> {};

TEST_P(LeadTest, ADocumentLeadsNobodyIntoOurNetwork) {
  const nlohmann::json document = {{"issuer", kIssuer}, {"jwks_uri", GetParam()}};
  EXPECT_TRUE(ReadDiscovery(document.dump(), kIssuer).has_error());
}

INSTANTIATE_TEST_SUITE_P(Each, LeadTest,
                         testing::Values("http://keys.example/", "http://127.0.0.1:8901/",
                                         "http://[::1]/", "http://localhost/",
                                         "https://169.254.169.254/latest", "https://10.0.0.1/",
                                         "file:///etc/passwd", "https://u:p@keys.example/", ""));

TEST(DiscoveryTest, AnIssuerOnThisMachineMayHaveItsKeysThere) {
  EXPECT_TRUE(
      ReadDiscovery(R"({"issuer":"http://127.0.0.1:1","jwks_uri":"http://127.0.0.1:2/keys"})",
                    "http://127.0.0.1:1")
          .has_value());
}

TEST(DiscoveryTest, WhatIsNoDocumentIsAnError) {
  EXPECT_TRUE(ReadDiscovery("<html>", kIssuer).has_error());
  EXPECT_TRUE(ReadDiscovery("[]", kIssuer).has_error());
  EXPECT_TRUE(ReadDiscovery(R"({"issuer":"https://id.example/tenant/"})", kIssuer).has_error());
}

}  // namespace
}  // namespace base::auth
