#include "policy/identity_provider.h"

#include <gmock/gmock.h>
#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>

namespace policy {
namespace {

namespace v1 = portolan::v1;
using testing::ElementsAre;
using testing::StartsWith;

constexpr const char* kTenant = "11111111-2222-3333-4444-555555555555";
constexpr const char* kClient = "aaaaaaaa-BBBB-cccc-dddd-eeeeeeeeeeee";

v1::IdentityProvider Provider(const std::string& text) {
  v1::IdentityProvider provider;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &provider)) << text;
  return provider;
}

std::string Entra(const std::string& more = "") {
  return std::string("entra { tenant: '") + kTenant + "' client_ids: '" + kClient + "' } " + more;
}

std::string WhyNot(const std::string& text) {
  const auto ok = Validate(Provider(text));
  return ok.has_error() ? ok.error().message : "";
}

TEST(EntraTest, ThePresetIsThatProviderWrittenOut) {
  const v1::IdentityProvider written = Provider(
      "issuer: 'https://login.microsoftonline.com/11111111-2222-3333-4444-555555555555/v2.0' "
      "audiences: ['aaaaaaaa-BBBB-cccc-dddd-eeeeeeeeeeee', "
      "'api://aaaaaaaa-BBBB-cccc-dddd-eeeeeeeeeeee'] groups_claim: 'roles' clock_skew_s: 30");
  EXPECT_EQ(WrittenOut(Provider(Entra("clock_skew_s: 30"))).SerializeAsString(),
            written.SerializeAsString());
  EXPECT_EQ(WhyNot(Entra()), "");
}

TEST(EntraTest, WhatItStandsForIsNotGivenTwice) {
  EXPECT_THAT(WhyNot(Entra("issuer: 'https://x'")), StartsWith("/spec/issuer"));
  EXPECT_THAT(WhyNot(Entra("audiences: 'x'")), StartsWith("/spec/audiences"));
  EXPECT_THAT(WhyNot(Entra("jwks_uri: 'https://x'")), StartsWith("/spec/jwks_uri"));
}

TEST(EntraTest, ASharedTenantHasNoIssuerOfItsOwn) {
  EXPECT_THAT(WhyNot("entra { tenant: 'common' client_ids: 'x' }"),
              StartsWith("/spec/entra/tenant"));
  EXPECT_THAT(WhyNot(std::string("entra { tenant: '") + kTenant + "' }"),
              StartsWith("/spec/entra/client_ids"));
  EXPECT_THAT(WhyNot(std::string("entra { tenant: '") + kTenant + "' client_ids: 'my-app' }"),
              StartsWith("/spec/entra/client_ids/0"));
}

TEST(EntraTest, ItsTokensAreJudgedAsTheProvidersOwnWouldBe) {
  const auto settings = SettingsOf("entra", Provider(Entra()));
  EXPECT_EQ(settings.issuer, std::string("https://login.microsoftonline.com/") + kTenant + "/v2.0");
  EXPECT_THAT(settings.audiences, ElementsAre(kClient, std::string("api://") + kClient));
  EXPECT_EQ(settings.groups_claim, "roles");
}

}  // namespace
}  // namespace policy
