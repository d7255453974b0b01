// Callers who show a token of an identity provider, over real sockets: an issuer, a gateway, one server.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/hmac.h>

#include <future>

#include "base/auth/call_token.h"
#include "tests/gateway/gateway_fixture.h"
#include "tests/support/fake_issuer.h"

namespace gateway {
namespace {

using nlohmann::json;
using support::FakeIssuer;
using support::GatewayFixture;
using support::HttpAnswer;
using testing::HasSubstr;
using testing::Not;

class TokenAdmissionTest : public testing::Test {
 protected:
  TokenAdmissionTest() : TokenAdmissionTest(GatewayFixture::Options()) {}
  explicit TokenAdmissionTest(const GatewayFixture::Options& options) : gateway_(options) {
    gateway_.PutServer("pay");
    PutProvider("corp", issuer_);
    Demand("jwt { provider: 'corp' }");
  }

  void PutProvider(const std::string& name, const FakeIssuer& issuer) {
    gateway_.Put("IdentityProvider", "name: '" + name + "' identity_provider { issuer: '" +
                                         issuer.url() + "' audiences: 'portolan' }");
  }
  // One of the proofs is demanded for /pay/mcp. In force at once.
  void Demand(const std::string& proofs, const std::string& more = "") {
    PutRule("base", "attach { server: 'local/pay' } " + more, proofs);
  }
  void PutRule(const std::string& name, const std::string& set, const std::string& proofs) {
    gateway_.Put("PolicySet", "name: '" + name + "' policy_set { " + set +
                                  " rules { id: 'who' authenticate { any_of { " + proofs +
                                  " } } } }");
    gateway_.Publish();
  }
  void NoRule() {
    gateway_.Delete("PolicySet", "base");
    gateway_.Publish();
  }

  HttpAnswer Call(const std::string& token, const std::string& more = "") {
    return gateway_.CallTool("/pay/mcp", "a", "Authorization: Bearer " + token + "\r\n" + more);
  }
  // The reason of a refusal; empty: the call was let through.
  std::string Refusal(const std::string& token, const std::string& more = "") {
    last_ = Call(token, more);
    if (last_.status == 200) return "";
    const json body = json::parse(last_.body, nullptr, false);
    return body.is_discarded() ? "no JSON" : body["error"]["data"].value("reason", "none");
  }
  std::string Get(const std::string& path, const std::string& method = "GET") {
    last_ = gateway_.Send(method + " " + path + " HTTP/1.1\r\nHost: " + gateway_.host() +
                          "\r\nContent-Length: 0\r\n\r\n");
    return last_.body;
  }
  std::string OwnUrl() const { return "http://" + gateway_.host(); }

  FakeIssuer issuer_;
  GatewayFixture gateway_;
  HttpAnswer last_;
};

TEST_F(TokenAdmissionTest, ATokenProvesWhoseItIs) {
  EXPECT_EQ(Call(issuer_.Token()).status, 200);
  const mcp::Record record = gateway_.LastRecord();
  EXPECT_EQ(record.principal, "corp/ann");
  EXPECT_EQ(record.authentication, "jwt");
}

TEST_F(TokenAdmissionTest, WithoutATokenTheChallengeSaysWhereOneIsToBeHad) {
  Demand("jwt { provider: 'corp' scopes: ['mcp:read', 'mcp:call'] }", "explain: true");
  const HttpAnswer answer = gateway_.CallTool("/pay/mcp", "a");
  EXPECT_EQ(answer.status, 401);
  EXPECT_EQ(answer.Field("WWW-Authenticate"),
            "Bearer resource_metadata=\"" + OwnUrl() +
                "/.well-known/oauth-protected-resource/pay/mcp\", scope=\"mcp:read mcp:call\"");
  EXPECT_THAT(answer.body, HasSubstr(R"("reason":"TokenMissing")"));
  EXPECT_THAT(answer.body, HasSubstr(R"("rule":"who","scope":"server/base")"));
  EXPECT_EQ(gateway_.LastRecord().rule, "server/base#who");
}

TEST_F(TokenAdmissionTest, EachFailureHasItsReason) {
  EXPECT_EQ(Refusal("a.b.c"), "TokenMalformed");
  EXPECT_EQ(Refusal("no-token"), "TokenMalformed");
  EXPECT_EQ(Refusal(issuer_.Token({{"iss", "https://evil.example"}})), "TokenIssuerNotAllowed");
  EXPECT_EQ(Refusal(issuer_.Token({{"aud", "other"}})), "TokenAudienceNotAllowed");
  EXPECT_EQ(Refusal(issuer_.Token({{"exp", 1}})), "TokenExpired");
  EXPECT_EQ(Refusal(issuer_.Token({{"nbf", 9e9}})), "TokenNotYetValid");
  EXPECT_EQ(Refusal(issuer_.Token({{"iat", 9e9}})), "TokenNotYetValid");
  EXPECT_EQ(Refusal(issuer_.Token({{"sub", nullptr}})), "TokenClaimMissing");
  const support::TokenSigner other("ES256", "k1");
  EXPECT_EQ(Refusal(other.Sign(issuer_.Claims())), "TokenSignatureInvalid");
}

TEST_F(TokenAdmissionTest, AnUnsignedTokenIsNone) {
  const std::string claims = base::auth::Base64UrlEncode(issuer_.Claims().dump());
  for (const char* algorithm : {"none", "None", "NONE"}) {
    const std::string header = json{{"alg", algorithm}, {"typ", "JWT"}}.dump();
    EXPECT_EQ(Refusal(base::auth::Base64UrlEncode(header) + "." + claims + "."),
              "TokenAlgorithmNotAllowed");
  }
  EXPECT_EQ(issuer_.key_fetches(), 0);
}

TEST_F(TokenAdmissionTest, APublicKeyIsNoSharedSecret) {
  const std::string part =
      base::auth::Base64UrlEncode(R"({"alg":"HS256","kid":"k1","typ":"JWT"})") + "." +
      base::auth::Base64UrlEncode(issuer_.Claims().dump());
  const std::string secret = issuer_.signer().Jwk().dump();
  unsigned char mac[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  HMAC(EVP_sha256(), secret.data(), static_cast<int>(secret.size()),
       reinterpret_cast<const unsigned char*>(part.data()), part.size(), mac, &size);
  const std::string signature(reinterpret_cast<const char*>(mac), size);
  EXPECT_EQ(Refusal(part + "." + base::auth::Base64UrlEncode(signature)),
            "TokenAlgorithmNotAllowed");
}

TEST_F(TokenAdmissionTest, AWrongTokenIsChallengedWithWhatIsWrongWithIt) {
  const HttpAnswer answer = Call(issuer_.Token({{"exp", 1}}));
  EXPECT_EQ(answer.status, 401);
  EXPECT_THAT(answer.Field("WWW-Authenticate"), HasSubstr("error=\"invalid_token\""));
  EXPECT_THAT(answer.Field("WWW-Authenticate"), HasSubstr("The token has expired"));
}

TEST_F(TokenAdmissionTest, AThousandUnknownKeysAreOneFetch) {
  ASSERT_EQ(Refusal(issuer_.Token()), "");
  ASSERT_EQ(issuer_.key_fetches(), 1);
  const std::string claims = issuer_.Claims().dump();
  for (int i = 0; i < 1000; ++i) {
    const std::string header = R"({"alg":"ES256","kid":"x)" + std::to_string(i) + "\"}";
    ASSERT_EQ(Refusal(issuer_.signer().SignText(header, claims)), "TokenKeyUnknown");
  }
  EXPECT_EQ(issuer_.key_fetches(), 2);
}

TEST_F(TokenAdmissionTest, ATokenOfARotatedKeyIsBelievedAtOnce) {
  ASSERT_EQ(Refusal(issuer_.Token()), "");
  issuer_.Rotate("k2");
  EXPECT_EQ(Refusal(issuer_.Token()), "");
}

TEST_F(TokenAdmissionTest, AnIssuerThatLiesAboutItselfVouchesForNobody) {
  issuer_.Say("/.well-known/openid-configuration",
              R"({"issuer":"https://evil.example","jwks_uri":")" + issuer_.url() + R"(/keys"})");
  EXPECT_EQ(Refusal(issuer_.Token()), "KeySetUnavailable");
  EXPECT_THAT(last_.body, Not(HasSubstr("127.0.0.1")));
  EXPECT_EQ(issuer_.key_fetches(), 0);
}

TEST_F(TokenAdmissionTest, AProviderThatIsGoneVouchesForNobody) {
  const std::string token = issuer_.Token();
  ASSERT_EQ(Refusal(token), "");
  gateway_.Delete("IdentityProvider", "corp");
  EXPECT_EQ(Refusal(token), "TokenIssuerNotAllowed");
}

// ---- Keys that do not come

TEST_F(TokenAdmissionTest, WhoWaitsForKeysHoldsUpNobodyAndGoesWithTheGateway) {
  issuer_.Hang();
  const std::string key = gateway_.PutKey("alice");
  gateway_.PutServer("open");
  gateway_.Publish();
  auto waiting = std::async(std::launch::async, [&] { return Refusal(issuer_.Token()); });
  EXPECT_EQ(gateway_.CallTool("/open/mcp", "a", "X-Api-Key: " + key + "\r\n").status, 200);
  gateway_.StopProviders();
  EXPECT_EQ(waiting.get(), "KeySetUnavailable");
}

class ImpatientTokenAdmissionTest : public TokenAdmissionTest {
 protected:
  ImpatientTokenAdmissionTest() : TokenAdmissionTest(Options()) {}
  static GatewayFixture::Options Options() {
    GatewayFixture::Options options;
    options.fetch_keys_within = std::chrono::milliseconds(50);
    return options;
  }
};

TEST_F(ImpatientTokenAdmissionTest, AnIssuerThatHangsIsGivenUpAndAskedAgainLater) {
  issuer_.Hang();
  EXPECT_EQ(Refusal(issuer_.Token()), "KeySetUnavailable");
  EXPECT_EQ(Refusal(issuer_.Token({{"sub", "bob"}})), "KeySetUnavailable");
}

// ---- For whom a token is

TEST_F(TokenAdmissionTest, SelfIsTheEndpointByTheNameThatTheCallerHasForIt) {
  Demand("jwt { provider: 'corp' audiences: 'self' }");
  EXPECT_EQ(Refusal(issuer_.Token({{"aud", OwnUrl() + "/pay/mcp"}})), "");
  EXPECT_EQ(Refusal(issuer_.Token({{"aud", {"other", OwnUrl() + "/pay/sse"}}})), "");
  EXPECT_EQ(Refusal(issuer_.Token({{"aud", OwnUrl()}})), "");
  EXPECT_EQ(Refusal(issuer_.Token({{"aud", OwnUrl() + "/"}})), "");
  EXPECT_EQ(Refusal(issuer_.Token({{"aud", OwnUrl() + "/nay/mcp"}})), "TokenAudienceNotAllowed");
  EXPECT_EQ(Refusal(issuer_.Token({{"aud", "self"}})), "TokenAudienceNotAllowed");
  EXPECT_EQ(Refusal(issuer_.Token()), "TokenAudienceNotAllowed");
  EXPECT_EQ(Refusal(issuer_.Token({{"aud", OwnUrl() + "/pay/mcp"}}),
                    "Host: localhost:" + std::to_string(gateway_.port()) + "\r\n"),
            "TokenAudienceNotAllowed");
}

TEST_F(TokenAdmissionTest, ATokenForOneEndpointIsNoneForAnother) {
  gateway_.PutServer("books");
  PutRule("books", "attach { server: 'local/books' }",
          "jwt { provider: 'corp' audiences: 'self' }");
  Demand("jwt { provider: 'corp' audiences: 'self' }");
  const std::string token = issuer_.Token({{"aud", OwnUrl() + "/books/mcp"}});
  const std::string bearer = "Authorization: Bearer " + token + "\r\n";
  EXPECT_EQ(gateway_.CallTool("/books/mcp", "a", bearer).status, 200);
  EXPECT_EQ(Refusal(token), "TokenAudienceNotAllowed");
}

// ---- What else a token must say

TEST_F(TokenAdmissionTest, ItMustClaimWhatTheRuleDemands) {
  Demand(
      "jwt { provider: 'corp' claims { name: 'roles' match: ANY values: ['agent', 'admin'] } "
      "claims { name: 'team' } }");
  EXPECT_EQ(Refusal(issuer_.Token({{"roles", {"agent"}}, {"team", "a"}})), "");
  EXPECT_EQ(Refusal(issuer_.Token({{"roles", {"guest"}}, {"team", "a"}})), "TokenClaimMissing");
  EXPECT_EQ(Refusal(issuer_.Token({{"roles", {"agent"}}})), "TokenClaimMissing");
}

TEST_F(TokenAdmissionTest, ATokenThatLacksAScopeIsToldWhichOnesToAskFor) {
  Demand("jwt { provider: 'corp' scopes: ['mcp:read', 'mcp:call'] }");
  EXPECT_EQ(Refusal(issuer_.Token({{"scope", "openid mcp:call mcp:read"}})), "");
  EXPECT_EQ(Refusal(issuer_.Token({{"scp", {"mcp:call", "mcp:read"}}})), "");
  const HttpAnswer answer = Call(issuer_.Token({{"scope", "mcp:read"}}));
  EXPECT_EQ(answer.status, 403);
  EXPECT_THAT(answer.body, HasSubstr("-31403"));
  EXPECT_EQ(answer.Field("WWW-Authenticate"),
            "Bearer resource_metadata=\"" + OwnUrl() +
                "/.well-known/oauth-protected-resource/pay/mcp\", scope=\"mcp:read mcp:call\", "
                "error=\"insufficient_scope\", "
                "error_description=\"The token does not have the scope 'mcp:call'.\"");
}

TEST_F(TokenAdmissionTest, AForgedTokenLearnsNothingAboutScopes) {
  Demand("jwt { provider: 'corp' scopes: 'mcp:call' }");
  const support::TokenSigner other("ES256", "k1");
  EXPECT_EQ(Refusal(other.Sign(issuer_.Claims())), "TokenSignatureInvalid");
}

TEST_F(TokenAdmissionTest, TheRulesClockAndAlgorithmsCountForTheEndpoint) {
  const std::int64_t now = std::time(nullptr);
  const std::string late = issuer_.Token({{"exp", now - 100}});
  EXPECT_EQ(Refusal(late), "TokenExpired");
  Demand("jwt { provider: 'corp' clock_skew_s: 600 }");
  EXPECT_EQ(Refusal(late), "");
  Demand("jwt { provider: 'corp' algorithms: 'RS256' }");
  EXPECT_EQ(Refusal(issuer_.Token()), "TokenAlgorithmNotAllowed");
}

// ---- Several proofs, several rules

TEST_F(TokenAdmissionTest, WhereOnlyTokensCountAKeyIsNotEnough) {
  const std::string key = gateway_.PutKey("alice");
  gateway_.Publish();
  const HttpAnswer answer = gateway_.CallTool("/pay/mcp", "a", "X-Api-Key: " + key + "\r\n");
  EXPECT_EQ(answer.status, 401);
  EXPECT_THAT(answer.body, HasSubstr(R"("reason":"TokenMissing")"));
  // Nor does it stand in a token's way.
  EXPECT_EQ(Refusal(issuer_.Token(), "X-Api-Key: " + key + "\r\n"), "");
}

TEST_F(TokenAdmissionTest, WhereOnlyKeysCountATokenIsNotEnough) {
  Demand("api_key { }");
  const HttpAnswer answer = Call(issuer_.Token());
  EXPECT_EQ(answer.status, 401);
  EXPECT_THAT(answer.body, HasSubstr(R"("reason":"KeyMissing")"));
  EXPECT_THAT(answer.Field("WWW-Authenticate"), HasSubstr("ApiKey"));
}

TEST_F(TokenAdmissionTest, EitherProofIsEnoughWhereBothAreNamed) {
  const std::string key = gateway_.PutKey("alice");
  Demand("api_key { } } any_of { jwt { provider: 'corp' }");
  EXPECT_EQ(gateway_.CallTool("/pay/mcp", "a", "X-Api-Key: " + key + "\r\n").status, 200);
  EXPECT_EQ(Refusal(issuer_.Token()), "");
  EXPECT_THAT(gateway_.CallTool("/pay/mcp", "a").body, HasSubstr("or an API key in the header"));
}

TEST_F(TokenAdmissionTest, EachOfSeveralRulesMustBeContent) {
  PutRule("wide", "attach { global: true }",
          "jwt { provider: 'corp' claims { name: 'team' values: 'a' } }");
  Demand("jwt { provider: 'corp' claims { name: 'roles' values: 'agent' } }");
  EXPECT_EQ(Refusal(issuer_.Token({{"team", "a"}, {"roles", {"agent"}}})), "");
  EXPECT_EQ(Refusal(issuer_.Token({{"team", "a"}})), "TokenClaimMissing");
  EXPECT_EQ(Refusal(issuer_.Token({{"roles", {"agent"}}})), "TokenClaimMissing");
}

TEST_F(TokenAdmissionTest, TokensOfTwoIssuersAreToldApart) {
  FakeIssuer partner;
  PutProvider("partner", partner);
  Demand("jwt { provider: 'corp' } } any_of { jwt { provider: 'partner' }");
  EXPECT_EQ(Refusal(partner.Token()), "");
  EXPECT_EQ(gateway_.LastRecord().principal, "partner/ann");
  EXPECT_EQ(Refusal(issuer_.Token()), "");
  EXPECT_EQ(gateway_.LastRecord().principal, "corp/ann");
  Demand("jwt { provider: 'corp' }");
  EXPECT_EQ(Refusal(partner.Token()), "TokenIssuerNotAllowed");
}

TEST_F(TokenAdmissionTest, AnObservingRuleIsWrittenDownAndLetsPass) {
  Demand("jwt { provider: 'corp' claims { name: 'team' } }", "mode: OBSERVE");
  EXPECT_EQ(Refusal(issuer_.Token()), "");
  const mcp::Record record = gateway_.LastRecord();
  EXPECT_TRUE(record.observed_only);
  EXPECT_EQ(record.rule, "server/base#who");
  EXPECT_EQ(record.reason, "TokenClaimMissing");
  EXPECT_EQ(record.principal, "corp/ann");
  EXPECT_EQ(Refusal(issuer_.Token({{"exp", 1}})), "TokenExpired");
}

TEST_F(TokenAdmissionTest, ACallTokenOfTheRegistryIsEnoughForEachRule) {
  const auto keys = base::auth::GenerateSigningKeyPair();
  gateway_.SetKeys({{}, {keys.public_key}});
  base::auth::Principal principal;
  principal.id = "admin";
  principal.kind = base::auth::PrincipalKind::kUser;
  const auto token =
      base::auth::SignCallToken(keys, principal, base::SystemClock().UnixMillis() + 60'000);
  EXPECT_EQ(Refusal(token), "");
  Demand("api_key { }");
  EXPECT_EQ(Refusal(token), "");
  const auto strangers = base::auth::GenerateSigningKeyPair();
  EXPECT_EQ(Refusal(base::auth::SignCallToken(strangers, principal,
                                              base::SystemClock().UnixMillis() + 60'000)),
            "TokenKeyUnknown");
}

// ---- Who sees a server

TEST_F(TokenAdmissionTest, AGroupOfTheTokenSeesTheServerThatIsShownToIt) {
  NoRule();
  gateway_.PutServer("pay", "approval: APPROVED visibility { audiences: 'group:corp/web' }");
  gateway_.Publish();
  EXPECT_EQ(Call(issuer_.Token({{"groups", {"web"}}})).status, 200);
  EXPECT_EQ(Call(issuer_.Token({{"groups", {"ops"}}})).status, 404);
  EXPECT_EQ(Call(issuer_.Token({{"groups", {"web"}}, {"aud", "other"}})).status, 401);
  EXPECT_EQ(gateway_.CallTool("/pay/mcp", "a").status, 404);
}

// ---- What clients are told of the endpoint (RFC 9728)

TEST_F(TokenAdmissionTest, TheMetadataOfAnEndpointNamesItsAuthorizationServer) {
  Demand("jwt { provider: 'corp' scopes: 'mcp:call' }");
  const json metadata = json::parse(Get("/.well-known/oauth-protected-resource/pay/mcp"));
  EXPECT_EQ(last_.status, 200);
  EXPECT_EQ(metadata["resource"], OwnUrl() + "/pay/mcp");
  EXPECT_EQ(metadata["authorization_servers"], json::array({issuer_.url()}));
  EXPECT_EQ(metadata["scopes_supported"], json::array({"mcp:call"}));
  EXPECT_EQ(json::parse(Get("/.well-known/oauth-protected-resource/pay/sse"))["resource"],
            OwnUrl() + "/pay/sse");
  EXPECT_EQ(json::parse(Get("/.well-known/oauth-protected-resource"))["resource"], OwnUrl());
}

TEST_F(TokenAdmissionTest, AllOtherProbesAreAnsweredWithoutAuthentication) {
  gateway_.PutServer("keys");
  gateway_.Publish();
  for (const char* path :
       {"/.well-known/oauth-protected-resource/keys/mcp",
        "/.well-known/oauth-protected-resource/nay/mcp", "/.well-known/oauth-protected-resourceful",
        "/.well-known/oauth-authorization-server", "/.well-known/openid-configuration",
        "/.well-known/oauth-authorization-server/pay/mcp",
        "/.well-known/openid-configuration/pay/mcp", "/pay/mcp/.well-known/openid-configuration"}) {
    Get(path);
    EXPECT_EQ(last_.status, 404) << path;
    EXPECT_THAT(last_.body, Not(HasSubstr("404")));
  }
  Get("/register", "POST");
  EXPECT_EQ(last_.status, 400);
  EXPECT_THAT(last_.body, HasSubstr("invalid_client_metadata"));
}

TEST_F(TokenAdmissionTest, NobodyIsSentToAHostThatIsNotOurs) {
  const HttpAnswer answer = gateway_.Send(
      "GET /.well-known/oauth-protected-resource/pay/mcp HTTP/1.1\r\nHost: evil.example\r\n\r\n");
  EXPECT_EQ(answer.status, 404);
  EXPECT_THAT(answer.body, Not(HasSubstr("evil")));
}

TEST_F(TokenAdmissionTest, AMissingProviderIsNobodysAuthorizationServer) {
  gateway_.Delete("IdentityProvider", "corp");
  Get("/.well-known/oauth-protected-resource/pay/mcp");
  EXPECT_EQ(last_.status, 404);
}

}  // namespace
}  // namespace gateway
