#include "policy/jwt_proof.h"

#include <gmock/gmock.h>
#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>

#include "policy/validate.h"

namespace policy {
namespace {

namespace v1 = portolan::v1;
using testing::ElementsAre;
using testing::StartsWith;

v1::JwtProof Proof(const std::string& text) {
  v1::JwtProof proof;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &proof)) << text;
  return proof;
}

// What is wrong with a rule that demands this.
std::string WhyNot(const std::string& proof) {
  v1::PolicySet set;
  set.mutable_attach()->set_global(true);
  v1::Rule& rule = *set.add_rules();
  rule.set_id("who");
  *rule.mutable_authenticate()->add_any_of()->mutable_jwt() = Proof(proof);
  const auto ok = Validate(set);
  return ok.has_error() ? ok.error().message : "";
}

TEST(JwtProofTest, ARuleMayDemandATokenAndAMistakeIsNamedByItsPlace) {
  EXPECT_EQ(WhyNot("provider: 'corp' audiences: ['self', 'api://x'] clock_skew_s: 30 "
                   "algorithms: 'RS256' claims { name: 'roles' match: ALL values: 'a' } "
                   "scopes: 'mcp:call'"),
            "");
  const std::string at = "/spec/rules/0/authenticate/any_of/0/jwt";
  EXPECT_THAT(WhyNot(""), StartsWith(at + "/provider: "));
  EXPECT_THAT(WhyNot("provider: 'corp' audiences: ''"), StartsWith(at + "/audiences/0: "));
  EXPECT_THAT(WhyNot("provider: 'corp' clock_skew_s: 601"), StartsWith(at + "/clock_skew_s: "));
  EXPECT_THAT(WhyNot("provider: 'corp' algorithms: ['RS256', 'HS256']"),
              StartsWith(at + "/algorithms/1: "));
  EXPECT_THAT(WhyNot("provider: 'corp' claims { }"), StartsWith(at + "/claims/0/name: "));
  EXPECT_THAT(WhyNot("provider: 'corp' scopes: 'a b'"), StartsWith(at + "/scopes/0: "));
  EXPECT_THAT(WhyNot("provider: 'corp' scopes: 'a\"'"), StartsWith(at + "/scopes/0: "));
}

TEST(JwtProofTest, TheTermsAreWhatTheRuleSays) {
  const auto terms = TermsOf(
      Proof("provider: 'corp' audiences: ['x', 'self'] clock_skew_s: 0 algorithms: 'ES256' "
            "claims { name: 'roles' match: ALL values: ['a', 'b'] separator: ',' } scopes: 's'"));
  EXPECT_TRUE(terms.own);
  EXPECT_THAT(terms.audiences, ElementsAre("x"));
  EXPECT_EQ(terms.clock_skew_s, 0);
  EXPECT_THAT(terms.algorithms, ElementsAre(base::auth::Algorithm::kEs256));
  ASSERT_EQ(terms.claims.size(), 1u);
  EXPECT_EQ(terms.claims[0].name, "roles");
  EXPECT_TRUE(terms.claims[0].all);
  EXPECT_EQ(terms.claims[0].separator, ",");
  EXPECT_THAT(terms.scopes, ElementsAre("s"));
  EXPECT_EQ(TermsOf(Proof("provider: 'corp'")).clock_skew_s, std::nullopt);
}

}  // namespace
}  // namespace policy
