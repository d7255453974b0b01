#include "base/auth/call_token.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "base/auth/api_key.h"

namespace base::auth {
namespace {

constexpr std::int64_t kNow = 1'800'000'000'000;
constexpr std::int64_t kFiveMinutes = 300'000;

class CallTokenTest : public ::testing::Test {
 protected:
  CallTokenTest() {
    alice_.id = "token/alice";
    alice_.kind = PrincipalKind::kUser;
    alice_.tenant = "acme";
  }
  std::string Token() { return SignCallToken(key_, alice_, kNow + kFiveMinutes); }

  // The word before the colon.
  std::string Refusal(std::string_view token, std::int64_t now = kNow) {
    const auto verified = VerifyCallToken(keys_, token, now);
    if (verified) return "accepted";
    EXPECT_EQ(verified.error().code, Code::kUnauthenticated);
    return verified.error().message.substr(0, verified.error().message.find(':'));
  }

  // A token with this header and these claims, and a signature that holds or the one given.
  std::string Forge(const nlohmann::json& header, const nlohmann::json& claims,
                    std::string_view signature) {
    return Base64UrlEncode(header.dump()) + "." + Base64UrlEncode(claims.dump()) + "." +
           Base64UrlEncode(signature);
  }

  SigningKeyPair key_ = GenerateSigningKeyPair();
  std::vector<std::string> keys_ = {key_.public_key};
  Principal alice_;
};

TEST_F(CallTokenTest, CarriesThePrincipal) {
  const Principal principal = *VerifyCallToken(keys_, Token(), kNow);
  EXPECT_EQ(principal.id, "token/alice");
  EXPECT_EQ(principal.kind, PrincipalKind::kUser);
  EXPECT_EQ(principal.tenant, "acme");
  EXPECT_EQ(principal.authentication, "call_token");
  EXPECT_TRUE(principal.roles.empty());
}

TEST_F(CallTokenTest, CarriesGroupsAndTheCredentialAndNoRoles) {
  alice_.groups = {"entra/web"};
  alice_.credential = "7k2m9q4x1a8b";
  alice_.roles = {{"operator"}};
  const Principal principal = *VerifyCallToken(keys_, Token(), kNow);
  EXPECT_EQ(principal.groups, alice_.groups);
  EXPECT_EQ(principal.credential, alice_.credential);
  EXPECT_TRUE(principal.roles.empty());
}

TEST_F(CallTokenTest, EndsWhenItExpires) {
  EXPECT_EQ(Refusal(Token(), kNow + kFiveMinutes - 1), "accepted");
  EXPECT_EQ(Refusal(Token(), kNow + kFiveMinutes), "TokenExpired");
}

TEST_F(CallTokenTest, AChangedClaimBreaksTheSignature) {
  std::string token = Token();
  const std::size_t middle = token.find('.') + 20;
  token[middle] = token[middle] == 'A' ? 'B' : 'A';
  EXPECT_EQ(Refusal(token), "TokenSignatureInvalid");
}

TEST_F(CallTokenTest, ATokenOfAnotherSignerIsOfAnUnknownKey) {
  const std::string theirs = SignCallToken(GenerateSigningKeyPair(), alice_, kNow + kFiveMinutes);
  EXPECT_EQ(Refusal(theirs), "TokenKeyUnknown");
}

TEST_F(CallTokenTest, AKeyBeforeTheRotationStillVerifies) {
  keys_ = {GenerateSigningKeyPair().public_key, key_.public_key};
  EXPECT_EQ(Refusal(Token()), "accepted");
}

TEST_F(CallTokenTest, WithoutKeysNothingVerifies) {
  keys_.clear();
  EXPECT_EQ(Refusal(Token()), "TokenKeyUnknown");
}

TEST_F(CallTokenTest, AlgorithmNoneIsNotAllowed) {
  const nlohmann::json claims = {{"iss", "portolan-registry"},
                                 {"aud", "portolan-gateway"},
                                 {"sub", "admin"},
                                 {"kind", "user"},
                                 {"exp", kNow / 1000 + 60}};
  EXPECT_EQ(Refusal(Forge({{"alg", "none"}}, claims, "")), "TokenAlgorithmNotAllowed");
  EXPECT_EQ(Refusal(Forge({{"alg", "HS256"}}, claims, "x")), "TokenAlgorithmNotAllowed");
  EXPECT_EQ(Refusal(Forge({{"alg", 1}}, claims, "x")), "TokenAlgorithmNotAllowed");
  EXPECT_EQ(Refusal(Forge({{"alg", "EdDSA"}}, claims, "")), "TokenSignatureInvalid");
}

TEST_F(CallTokenTest, AHeaderThatMustBeUnderstoodIsRefused) {
  EXPECT_EQ(Refusal(Forge({{"alg", "EdDSA"}, {"crit", {"b64"}}}, {}, "x")), "TokenMalformed");
}

TEST_F(CallTokenTest, WhatIsNoTokenIsMalformed) {
  EXPECT_EQ(Refusal(""), "TokenMalformed");
  EXPECT_EQ(Refusal("a.b"), "TokenMalformed");
  EXPECT_EQ(Refusal("..."), "TokenMalformed");
  EXPECT_EQ(Refusal(Token() + ".x"), "TokenMalformed");
  EXPECT_EQ(Refusal(Token() + "="), "TokenMalformed");
  EXPECT_EQ(Refusal("W10.W10."), "TokenMalformed");
  EXPECT_EQ(Refusal(std::string(100'000, 'a')), "TokenMalformed");
}

TEST_F(CallTokenTest, APairIsMadeAgainFromItsSeed) {
  EXPECT_EQ(SigningKeyPairFromSeed(key_.private_key)->public_key, key_.public_key);
  EXPECT_EQ(SigningKeyPairFromSeed("short").error().code, Code::kInvalidArgument);
}

}  // namespace
}  // namespace base::auth
