#include "base/auth/oauth.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace base::auth {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

TEST(OAuthTest, AClientProvesItselfInTheHeadOrInTheBody) {
  OAuthClient client{"a b", "s:%", ClientProof::kBasic};
  TokenRequest request = MakeTokenRequest(client, {{"grant_type", "client_credentials"}});
  EXPECT_EQ(request.authorization, "Basic YSUyMGI6cyUzQSUyNQ==");  // a%20b:s%3A%25
  EXPECT_EQ(request.body, "grant_type=client_credentials");
  client.proof = ClientProof::kPost;
  request = MakeTokenRequest(client, {{"grant_type", "x"}});
  EXPECT_EQ(request.authorization, "");
  EXPECT_EQ(request.body, "grant_type=x&client_id=a%20b&client_secret=s%3A%25");
}

TEST(OAuthTest, APublicClientSaysItsId) {
  const TokenRequest request = MakeTokenRequest({"me", std::nullopt, ClientProof::kBasic}, {});
  EXPECT_EQ(request.authorization, "");
  EXPECT_EQ(request.body, "client_id=me");
}

TEST(OAuthTest, ATokenIsReadWithItsLife) {
  const auto token =
      ReadTokenAnswer(200, R"({"access_token":"abc","token_type":"bearer","expires_in":60})");
  ASSERT_TRUE(token.has_value());
  EXPECT_EQ(token->value, "abc");
  EXPECT_EQ(token->expires_in_s, 60);
  EXPECT_EQ(ReadTokenAnswer(200, R"({"access_token":"a","token_type":"Bearer","expires_in":"7"})")
                ->expires_in_s,
            7);
}

TEST(OAuthTest, WhatCannotBeShownIsNoToken) {
  for (const char* answer : {"[]", "{", R"({"token_type":"Bearer"})", R"({"access_token":"a"})",
                             R"({"access_token":"a","token_type":"N_A"})",
                             R"({"access_token":"a\r\nX: y","token_type":"Bearer"})",
                             R"({"access_token":"","token_type":"Bearer"})"}) {
    EXPECT_TRUE(ReadTokenAnswer(200, answer).has_error()) << answer;
  }
}

TEST(OAuthTest, ARefusalRepeatsItsCodeAndNothingElse) {
  const auto refused = ReadTokenAnswer(
      400, R"({"error":"invalid_client","error_description":"the secret hunter2 is wrong"})");
  EXPECT_THAT(refused.error().message, HasSubstr("invalid_client"));
  EXPECT_THAT(refused.error().message, Not(HasSubstr("hunter2")));
  EXPECT_THAT(ReadTokenAnswer(400, R"({"error":"hunter2 is wrong"})").error().message,
              Not(HasSubstr("hunter2")));
}

TEST(OAuthTest, MetadataStandsWhereTheIssuerHasIt) {
  EXPECT_THAT(MetadataUrls("https://as.example/tenant"),
              ElementsAre("https://as.example/.well-known/oauth-authorization-server/tenant",
                          "https://as.example/tenant/.well-known/openid-configuration"));
  EXPECT_EQ(MetadataUrls("https://as.example")[0],
            "https://as.example/.well-known/oauth-authorization-server");
}

TEST(OAuthTest, MetadataLeadsNowhereElse) {
  const auto endpoint = [](const std::string& at) {
    return ReadTokenEndpoint(R"({"issuer":"https://as.example","token_endpoint":")" + at + "\"}",
                             "https://as.example");
  };
  EXPECT_TRUE(endpoint("https://as.example/token").has_value());
  EXPECT_TRUE(endpoint("http://as.example/token").has_error());
  EXPECT_TRUE(endpoint("https://10.0.0.1/token").has_error());
  EXPECT_TRUE(endpoint("http://127.0.0.1/token").has_error());
  EXPECT_TRUE(ReadTokenEndpoint(R"({"issuer":"https://other","token_endpoint":"https://a/t"})",
                                "https://as.example")
                  .has_error());
}

}  // namespace
}  // namespace base::auth
