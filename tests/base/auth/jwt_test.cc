#include "base/auth/jwt.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/token_signer.h"

namespace base::auth {
namespace {

using nlohmann::json;
using support::TokenSigner;
using ::testing::StartsWith;

constexpr std::int64_t kNowS = 1'700'000'000;
const std::vector<Algorithm> kAll = {Algorithm::kRs256, Algorithm::kRs384, Algorithm::kRs512,
                                     Algorithm::kPs256, Algorithm::kPs384, Algorithm::kPs512,
                                     Algorithm::kEs256, Algorithm::kEs384, Algorithm::kEdDsa};

json Claims(const json& more = json::object()) {
  json claims = {{"iss", "https://id.example"}, {"aud", "portolan"}, {"exp", kNowS + 300}};
  claims.update(more);
  return claims;
}

// What becomes of the token; empty: it is believed.
std::string VerdictOn(const std::string& token, const KeySet& keys,
                      const std::vector<Algorithm>& allowed = kAll) {
  const auto jwt = ReadJwt(token);
  if (jwt.has_error()) return jwt.error().message;
  if (const auto ok = VerifySignature(*jwt, keys, allowed); ok.has_error())
    return ok.error().message;
  const std::vector<std::string> audiences = {"portolan"};
  const ClaimRules rules{
      .issuer = "https://id.example", .audiences = audiences, .own_names = {}, .clock_skew_s = 60};
  const auto ok = CheckClaims(*jwt, rules, kNowS * 1000);
  return ok.has_error() ? ok.error().message : "";
}

KeySet KeysOf(const TokenSigner& signer) { return {*Jwk::Read(signer.Jwk())}; }

class AlgorithmTest : public testing::TestWithParam<const char*> {};

TEST_P(AlgorithmTest, ItsSignatureIsVerified) {
  const TokenSigner signer(GetParam(), "k");
  EXPECT_EQ(VerdictOn(signer.Sign(Claims()), KeysOf(signer)), "");
}

TEST_P(AlgorithmTest, AnotherKeysSignatureIsRefused) {
  const TokenSigner signer(GetParam(), "k");
  const TokenSigner other(GetParam(), "k");
  EXPECT_THAT(VerdictOn(other.Sign(Claims()), KeysOf(signer)), StartsWith("TokenSignatureInvalid"));
}

TEST_P(AlgorithmTest, AChangedPayloadIsRefused) {
  const TokenSigner signer(GetParam(), "k");
  const std::string right = signer.Sign(Claims());
  const std::string other = signer.Sign(Claims({{"sub", "eve"}}));
  const std::string mixed = other.substr(0, other.rfind('.')) + right.substr(right.rfind('.'));
  EXPECT_THAT(VerdictOn(mixed, KeysOf(signer)), StartsWith("TokenSignatureInvalid"));
}

INSTANTIATE_TEST_SUITE_P(Each, AlgorithmTest,
                         testing::Values("RS256", "RS384", "RS512", "PS256", "PS384", "PS512",
                                         "ES256", "ES384", "EdDSA"),
                         [](const auto& tested) { return std::string(tested.param); });

class JwtTest : public testing::Test {
 protected:
  std::string Verdict(const json& more, const json& header = json::object()) const {
    return VerdictOn(signer_.Sign(Claims(more), header), KeysOf(signer_));
  }
  const TokenSigner signer_{"EdDSA", "k"};
};

TEST_F(JwtTest, AlgorithmNoneIsRefused) {
  EXPECT_THAT(Verdict(json::object(), {{"alg", "none"}}), StartsWith("TokenAlgorithmNotAllowed"));
  EXPECT_THAT(Verdict(json::object(), {{"alg", "None"}}), StartsWith("TokenAlgorithmNotAllowed"));
}

TEST_F(JwtTest, APublicKeyIsNeverASharedSecret) {
  EXPECT_THAT(Verdict(json::object(), {{"alg", "HS256"}}), StartsWith("TokenAlgorithmNotAllowed"));
}

TEST_F(JwtTest, TheKeyDecidesAboutTheAlgorithm) {
  EXPECT_THAT(Verdict(json::object(), {{"alg", "RS256"}}), StartsWith("TokenAlgorithmNotAllowed"));
}

TEST_F(JwtTest, AKeyForOneAlgorithmVerifiesNoOther) {
  const TokenSigner signer("RS256", "k");
  json jwk = signer.Jwk();
  jwk["alg"] = "PS256";
  const KeySet keys = {*Jwk::Read(jwk)};
  EXPECT_THAT(VerdictOn(signer.Sign(Claims()), keys), StartsWith("TokenAlgorithmNotAllowed"));
}

TEST_F(JwtTest, AnAlgorithmThatIsNotAllowedIsRefused) {
  EXPECT_THAT(VerdictOn(signer_.Sign(Claims()), KeysOf(signer_), {Algorithm::kRs256}),
              StartsWith("TokenAlgorithmNotAllowed"));
}

TEST_F(JwtTest, AnUnknownKeyIsNamedAsThat) {
  EXPECT_THAT(Verdict(json::object(), {{"kid", "other"}}), StartsWith("TokenKeyUnknown"));
}

TEST_F(JwtTest, AnotherIssuerIsRefusedEvenByASlash) {
  EXPECT_THAT(Verdict({{"iss", "https://id.example/"}}), StartsWith("TokenIssuerNotAllowed"));
}

TEST_F(JwtTest, AnotherAudienceIsRefused) {
  EXPECT_THAT(Verdict({{"aud", "other"}}), StartsWith("TokenAudienceNotAllowed"));
  EXPECT_THAT(Verdict({{"aud", {{"portolan", true}}}}), StartsWith("TokenAudienceNotAllowed"));
}

TEST_F(JwtTest, OneOfSeveralAudiencesIsEnough) {
  EXPECT_EQ(Verdict({{"aud", {"other", "portolan"}}}), "");
}

TEST_F(JwtTest, ItExpiresWithTheSkewOfTheClocks) {
  EXPECT_EQ(Verdict({{"exp", kNowS - 59}}), "");
  EXPECT_THAT(Verdict({{"exp", kNowS - 60}}), StartsWith("TokenExpired"));
}

TEST_F(JwtTest, OneFromTheFutureIsNotValidYet) {
  EXPECT_EQ(Verdict({{"nbf", kNowS + 60}}), "");
  EXPECT_THAT(Verdict({{"nbf", kNowS + 61}}), StartsWith("TokenNotYetValid"));
  EXPECT_THAT(Verdict({{"iat", kNowS + 61}}), StartsWith("TokenNotYetValid"));
}

TEST_F(JwtTest, WithoutAnExpiryTimeItIsRefused) {
  json claims = Claims();
  claims.erase("exp");
  EXPECT_THAT(VerdictOn(signer_.Sign(claims), KeysOf(signer_)), StartsWith("TokenClaimMissing"));
}

TEST_F(JwtTest, AnExpiryTimeThatIsNoNumberIsMalformed) {
  EXPECT_THAT(Verdict({{"exp", "9999999999"}}), StartsWith("TokenMalformed"));
}

TEST_F(JwtTest, WhatMustBeUnderstoodIsRefused) {
  EXPECT_THAT(Verdict(json::object(), {{"crit", {"b64"}}, {"b64", false}}),
              StartsWith("TokenMalformed"));
}

TEST_F(JwtTest, AKeyThatStandsTwiceIsMalformed) {
  const std::string token =
      signer_.SignText(R"({"alg":"EdDSA","kid":"k"})", R"({"sub":"ann","sub":"eve"})");
  EXPECT_THAT(VerdictOn(token, KeysOf(signer_)), StartsWith("TokenMalformed"));
}

TEST_F(JwtTest, WhatIsNoTokenIsMalformed) {
  for (const char* token : {"", ".", "..", "a.b", "a.b.c", "e30.e30.", "e30.e30.e30.e30"})
    EXPECT_THAT(VerdictOn(token, {}), StartsWith("TokenMalformed")) << token;
  EXPECT_THAT(VerdictOn(std::string(kMaxTokenBytes + 1, 'a'), {}), StartsWith("TokenMalformed"));
}

TEST_F(JwtTest, NoErrorRepeatsTheToken) {
  const std::string token = signer_.SignText("{\"alg\":\"secretive", "{}");
  EXPECT_EQ(VerdictOn(token, {}).find("secretive"), std::string::npos);
}

TEST(KeySetTest, KeysOfNoUseAreLeftOut) {
  const TokenSigner signer("ES256", "good");
  const json set = {{"keys",
                     {{{"kty", "oct"}, {"k", "c2VjcmV0"}},
                      {{"kty", "EC"}, {"crv", "P-256"}, {"x", "AA"}, {"y", "AA"}},
                      {{"kty", "RSA"}, {"n", "AQAB"}, {"e", "AQAB"}},
                      signer.Jwk()}}};
  const auto keys = ReadKeySet(set.dump());
  ASSERT_TRUE(keys.has_value()) << keys.error().message;
  ASSERT_EQ(keys->size(), 1u);
  EXPECT_EQ((*keys)[0].id(), "good");
}

TEST(KeySetTest, APointBesideItsCurveIsNoKey) {
  json jwk = TokenSigner("ES256", "k").Jwk();
  jwk["y"] = jwk["x"];
  EXPECT_TRUE(Jwk::Read(jwk).has_error());
}

TEST(KeySetTest, ASetWithoutAKeyIsAnError) {
  EXPECT_TRUE(ReadKeySet(R"({"keys":[]})").has_error());
  EXPECT_TRUE(ReadKeySet("<html>").has_error());
  EXPECT_TRUE(ReadKeySet("[]").has_error());
}

}  // namespace
}  // namespace base::auth
