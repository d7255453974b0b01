#include "base/auth/identity_providers.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>

#include "tests/support/fake_clock.h"
#include "tests/support/fake_issuer.h"

namespace base::auth {
namespace {

using support::FakeIssuer;
using support::TokenSigner;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

ProviderSettings SettingsFor(const FakeIssuer& issuer) {
  ProviderSettings settings;
  settings.name = "corp";
  settings.issuer = issuer.url();
  settings.audiences = {"portolan"};
  return settings;
}

class IdentityProvidersTest : public testing::Test {
 protected:
  IdentityProvidersTest() : client_(http::Client::Create(thread_.loop(), {})) {
    providers_.Put(SettingsFor(issuer_));
  }
  ~IdentityProvidersTest() override {
    thread_.Do([&] { providers_.Stop(); });
    thread_.Do([&] { client_.reset(); });
  }

  IdentityProviders::Verdict Judge(const std::string& token) {
    std::promise<void> prepared;
    providers_.Prepare(token, [&] { prepared.set_value(); });
    prepared.get_future().wait();
    return providers_.Verify(token);
  }
  std::string WhyNot(const std::string& token) {
    const auto verdict = Judge(token);
    return verdict.has_error() ? verdict.error().message : "";
  }
  // Right in everything that `more` does not say otherwise, by the fake clock.
  std::string Token(nlohmann::json more = nlohmann::json::object()) const {
    const std::int64_t now = clock_.UnixMillis() / 1000;
    nlohmann::json claims = {{"exp", now + 3000}, {"iat", now}};
    claims.update(more);
    return issuer_.Token(claims);
  }

  FakeIssuer issuer_;
  test_support::LoopThread thread_;
  support::FakeClock clock_;
  std::unique_ptr<http::Client> client_;
  IdentityProviders providers_{thread_.loop(), *client_, clock_};
};

TEST_F(IdentityProvidersTest, ATokenProvesWhoseItIs) {
  const auto who = Judge(Token({{"groups", {"dev", "ops"}}, {"tid", "acme"}}));
  ASSERT_TRUE(who.has_value()) << who.error().message;
  EXPECT_EQ((*who)->id, "corp/ann");
  EXPECT_EQ((*who)->kind, PrincipalKind::kUser);
  EXPECT_EQ((*who)->tenant, "acme");
  EXPECT_EQ((*who)->authentication, "jwt");
  EXPECT_THAT((*who)->groups, ElementsAre("corp/dev", "corp/ops"));
  EXPECT_EQ(nlohmann::json::parse((*who)->claims_json)["tid"], "acme");
}

TEST_F(IdentityProvidersTest, ATokenThatAProgramGotForItselfIsThatOfAService) {
  const auto who = Judge(Token({{"client_id", "ann"}}));
  ASSERT_TRUE(who.has_value());
  EXPECT_EQ((*who)->kind, PrincipalKind::kService);
}

TEST_F(IdentityProvidersTest, OneThatIsSeenAgainIsKnownWithoutItsIssuer) {
  const std::string token = Token();
  const auto first = Judge(token);
  const auto second = Judge(token);
  ASSERT_TRUE(first.has_value());
  EXPECT_EQ(*first, *second);
}

TEST_F(IdentityProvidersTest, EachFailureHasItsReason) {
  EXPECT_THAT(WhyNot("a.b.c"), StartsWith("TokenMalformed"));
  EXPECT_THAT(WhyNot(Token({{"iss", "https://evil.example"}})),
              StartsWith("TokenIssuerNotAllowed"));
  EXPECT_THAT(WhyNot(Token({{"aud", "other"}})), StartsWith("TokenAudienceNotAllowed"));
  EXPECT_THAT(WhyNot(Token({{"exp", 1}})), StartsWith("TokenExpired"));
  EXPECT_THAT(WhyNot(Token({{"nbf", 9e9}})), StartsWith("TokenNotYetValid"));
  EXPECT_THAT(WhyNot(Token({{"sub", nullptr}})), StartsWith("TokenClaimMissing"));
  EXPECT_EQ(issuer_.key_fetches(), 1);
}

TEST_F(IdentityProvidersTest, NothingIsFetchedForATokenThatNoKeyCouldSave) {
  EXPECT_THAT(WhyNot(issuer_.signer().Sign(issuer_.Claims(), {{"alg", "none"}})),
              StartsWith("TokenAlgorithmNotAllowed"));
  EXPECT_THAT(WhyNot(issuer_.signer().Sign(issuer_.Claims(), {{"alg", "HS256"}})),
              StartsWith("TokenAlgorithmNotAllowed"));
  EXPECT_THAT(WhyNot(Token({{"exp", 1}})), StartsWith("TokenExpired"));
  EXPECT_EQ(issuer_.key_fetches(), 0);
}

TEST_F(IdentityProvidersTest, AnotherKeyUnderAKnownNameIsRefused) {
  const TokenSigner other("ES256", "k1");
  const std::int64_t now = clock_.UnixMillis() / 1000;
  EXPECT_THAT(WhyNot(other.Sign(issuer_.Claims({{"exp", now + 300}, {"iat", now}}))),
              StartsWith("TokenSignatureInvalid"));
}

TEST_F(IdentityProvidersTest, AThousandUnknownKeysAreOneFetch) {
  ASSERT_EQ(WhyNot(Token()), "");
  const std::int64_t now = clock_.UnixMillis() / 1000;
  const nlohmann::json claims = issuer_.Claims({{"exp", now + 300}, {"iat", now}});
  for (int i = 0; i < 1000; ++i) {
    const std::string token = issuer_.signer().SignText(
        R"({"alg":"ES256","kid":"x)" + std::to_string(i) + "\"}", claims.dump());
    ASSERT_THAT(WhyNot(token), StartsWith("TokenKeyUnknown"));
  }
  EXPECT_EQ(issuer_.key_fetches(), 2);
}

TEST_F(IdentityProvidersTest, ATokenOfARotatedKeyIsBelievedAtOnce) {
  ASSERT_EQ(WhyNot(Token()), "");
  issuer_.Rotate("k2");
  EXPECT_EQ(WhyNot(Token()), "");
}

TEST_F(IdentityProvidersTest, AKeyThatItsIssuerHasWithdrawnProvesNobodyAnHourLater) {
  const std::string token = Token({{"exp", clock_.UnixMillis() / 1000 + 9000}});
  ASSERT_EQ(WhyNot(token), "");
  issuer_.Rotate("k2");
  clock_.Advance(std::chrono::hours(1));
  ASSERT_EQ(WhyNot(Token()), "");  // the keys are fetched anew
  EXPECT_THAT(WhyNot(token), StartsWith("TokenKeyUnknown"));
}

TEST_F(IdentityProvidersTest, AProviderThatIsGoneVouchesForNobody) {
  const std::string token = Token();
  ASSERT_EQ(WhyNot(token), "");
  providers_.Remove("corp");
  EXPECT_THAT(WhyNot(token), StartsWith("TokenIssuerNotAllowed"));
}

TEST_F(IdentityProvidersTest, KeysAreFoundWhereTheSettingsSay) {
  issuer_.Say("/.well-known/openid-configuration", "not asked for");
  ProviderSettings settings = SettingsFor(issuer_);
  settings.jwks_uri = issuer_.url() + "/keys";
  providers_.Put(settings);
  EXPECT_EQ(WhyNot(Token()), "");
}

TEST_F(IdentityProvidersTest, AnIssuerThatLiesAboutItselfIsNotBelieved) {
  issuer_.Say("/.well-known/openid-configuration",
              R"({"issuer":"https://evil.example","jwks_uri":")" + issuer_.url() + R"(/keys"})");
  EXPECT_THAT(WhyNot(Token()), StartsWith("KeySetUnavailable"));
  EXPECT_EQ(issuer_.key_fetches(), 0);
}

TEST_F(IdentityProvidersTest, KeysThatAreNoneAreSaidToBeUnavailableAndTheLastGoodOnesStay) {
  const std::string before = Token();
  ASSERT_EQ(WhyNot(before), "");
  issuer_.Say("/keys", "<html>");
  clock_.Advance(std::chrono::hours(1));
  EXPECT_EQ(WhyNot(Token()), "");
}

// ---- Issuers that cannot be reached

TEST_F(IdentityProvidersTest, OneThatHangsIsGivenUp) {
  issuer_.Hang();
  const auto keys = IssuerKeys::Create(thread_.loop(), *client_, clock_, {issuer_.url(), ""},
                                       std::chrono::milliseconds(100));
  std::promise<void> given_up;
  keys->Prepare("k1", [&] { given_up.set_value(); });
  given_up.get_future().wait();
  const auto none = keys->Current();
  ASSERT_TRUE(none.has_error());
  EXPECT_THAT(none.error().message, StartsWith("KeySetUnavailable"));
  EXPECT_THAT(none.error().message, HasSubstr("too long"));
}

TEST_F(IdentityProvidersTest, WhoWaitsForKeysGoesOnWhenTheProgramStops) {
  issuer_.Hang();
  std::promise<void> went_on;
  const std::string token = Token();
  providers_.Prepare(token, [&] { went_on.set_value(); });
  thread_.Do([&] { providers_.Stop(); });
  went_on.get_future().wait();
  EXPECT_THAT(WhyNot(token), StartsWith("KeySetUnavailable"));
}

}  // namespace
}  // namespace base::auth
