#include "base/auth/token_terms.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace base::auth {
namespace {

using nlohmann::json;
using testing::HasSubstr;
using testing::StartsWith;

std::string Demanded(const json& claims, const ClaimDemand& demand) {
  Jwt jwt;
  jwt.claims = claims;
  const auto ok = CheckDemands(jwt, std::vector{demand});
  return ok.has_error() ? ok.error().message : "";
}

std::string Scoped(const json& claims, const std::vector<std::string>& scopes) {
  Jwt jwt;
  jwt.claims = claims;
  const auto ok = CheckScopes(jwt, scopes);
  return ok.has_error() ? ok.error().message : "";
}

TEST(TokenTermsTest, AClaimWithoutValuesMustBeThere) {
  EXPECT_EQ(Demanded({{"team", "a"}}, {.name = "team", .values = {}, .separator = ""}), "");
  EXPECT_EQ(Demanded({{"team", 0}}, {.name = "team", .values = {}, .separator = ""}), "");
  EXPECT_THAT(Demanded({{"team", nullptr}}, {.name = "team", .values = {}, .separator = ""}),
              StartsWith("TokenClaimMissing"));
  EXPECT_THAT(Demanded(json::object(), {.name = "team", .values = {}, .separator = ""}),
              HasSubstr("'team'"));
}

TEST(TokenTermsTest, OneOfTheValuesIsEnoughUnlessAllAreDemanded) {
  const ClaimDemand any{.name = "roles", .values = {"a", "b"}, .all = false, .separator = ""};
  const ClaimDemand all{.name = "roles", .values = {"a", "b"}, .all = true, .separator = ""};
  const json one = {{"roles", json::array({"b", "c"})}};
  const json both = {{"roles", json::array({"b", "a"})}};
  EXPECT_EQ(Demanded(one, any), "");
  EXPECT_NE(Demanded(one, all), "");
  EXPECT_EQ(Demanded(both, all), "");
}

TEST(TokenTermsTest, ATextIsOneEntryUnlessItIsToBeCut) {
  const json claims = {{"groups", "dev ops"}};
  EXPECT_NE(Demanded(claims, {.name = "groups", .values = {"ops"}, .separator = ""}), "");
  EXPECT_EQ(Demanded(claims, {.name = "groups", .values = {"ops"}, .separator = " "}), "");
  EXPECT_NE(Demanded(claims, {.name = "groups", .values = {"op"}, .separator = " "}), "");
  EXPECT_NE(Demanded(claims, {.name = "groups", .values = {"dev ops"}, .separator = " "}), "");
}

TEST(TokenTermsTest, NumbersAndBoolsAreComparedAsTheyAreWritten) {
  EXPECT_EQ(Demanded({{"admin", true}}, {.name = "admin", .values = {"true"}, .separator = ""}),
            "");
  EXPECT_EQ(Demanded({{"level", 3}}, {.name = "level", .values = {"3"}, .separator = ""}), "");
  EXPECT_NE(Demanded({{"level", {{"3", 3}}}}, {.name = "level", .values = {"3"}, .separator = ""}),
            "");
}

TEST(TokenTermsTest, AllScopesMustBeThereInEitherClaimAndEitherForm) {
  EXPECT_EQ(Scoped({{"scope", "a b"}}, {"a", "b"}), "");
  EXPECT_EQ(Scoped({{"scp", json::array({"a", "b"})}}, {"a", "b"}), "");
  EXPECT_EQ(Scoped({{"scp", "a"}, {"scope", "b"}}, {"a", "b"}), "");
  EXPECT_THAT(Scoped({{"scope", "a"}}, {"a", "b"}), StartsWith("ScopeMissing"));
  EXPECT_THAT(Scoped(json::object(), {"a"}), HasSubstr("'a'"));
}

}  // namespace
}  // namespace base::auth
