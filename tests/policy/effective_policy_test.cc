#include "policy/effective_policy.h"

#include <gmock/gmock.h>
#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>

namespace policy {
namespace {

namespace v1 = portolan::v1;
using testing::ElementsAre;
using testing::IsEmpty;

v1::PolicySet Set(const std::string& text) {
  v1::PolicySet set;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &set)) << text;
  return set;
}

std::vector<std::string> Origins(const EffectivePolicy& policy) {
  std::vector<std::string> origins;
  for (const EffectiveRule& rule : policy.rules) origins.push_back(rule.origin());
  return origins;
}

class EffectivePolicyTest : public testing::Test {
 protected:
  const v1::PolicySet base_ =
      Set("attach { global: true } errors: HTTP rules { id: 'burst' record {} }");
  const v1::PolicySet also_ =
      Set("attach { global: true } rules { id: 'z' record {} } rules { id: 'a' record {} }");
  const v1::PolicySet payments_ =
      Set("attach { server: 'local/pay' } mode: OBSERVE rules { id: 'burst' record {} }");
  const v1::PolicySet alice_ =
      Set("attach { consumer: 'alice' } explain: true errors: MCP rules { id: 'slow' record {} }");
  const std::vector<NamedSet> sets_ = {
      {"alice", &alice_}, {"pay", &payments_}, {"base", &base_}, {"also", &also_}};
};

TEST_F(EffectivePolicyTest, ScopesGoFromWideToNarrowAndSetsByName) {
  EXPECT_THAT(Origins(Combine(sets_, "local/pay", "alice")),
              ElementsAre("global/also#z", "global/also#a", "global/base#burst", "server/pay#burst",
                          "consumer/alice#slow"));
}

TEST_F(EffectivePolicyTest, SetsOfOthersDoNotGovern) {
  EXPECT_THAT(Origins(Combine(sets_, "local/other", "")),
              ElementsAre("global/also#z", "global/also#a", "global/base#burst"));
  EXPECT_THAT(Origins(Combine({}, "local/pay", "alice")), IsEmpty());
}

TEST_F(EffectivePolicyTest, TheNarrowestSetThatSaysDecidesTheFormOfRefusals) {
  EXPECT_EQ(Combine(sets_, "local/pay", "").errors, v1::ErrorStyle::HTTP);
  EXPECT_EQ(Combine(sets_, "local/pay", "alice").errors, v1::ErrorStyle::MCP);
  EXPECT_EQ(Combine({}, "local/pay", "").errors, v1::ErrorStyle::MCP);
}

TEST_F(EffectivePolicyTest, ObservingBelongsToTheRulesOfTheSet) {
  const EffectivePolicy policy = Combine(sets_, "local/pay", "alice");
  EXPECT_FALSE(policy.rules[2].observe);
  EXPECT_TRUE(policy.rules[3].observe);
  EXPECT_TRUE(policy.explain);
  EXPECT_FALSE(Combine(sets_, "local/pay", "").explain);
}

TEST_F(EffectivePolicyTest, TheViewOfAllScopesEqualsAHandMerge) {
  const v1::PolicySet gold =
      Set("attach { product: 'gold' } errors: AZURE rules { id: 'plan' record {} }");
  std::vector<NamedSet> sets = sets_;
  sets.push_back({"gold", &gold});
  const EffectivePolicy policy = Combine(sets, "local/pay", "alice", "gold");
  EXPECT_THAT(Origins(policy),
              ElementsAre("global/also#z", "global/also#a", "global/base#burst",
                          "product/gold#plan", "server/pay#burst", "consumer/alice#slow"));
  EXPECT_EQ(policy.errors, v1::ErrorStyle::MCP);
  EXPECT_EQ(Combine(sets, "local/pay", "", "gold").errors, v1::ErrorStyle::AZURE);
  EXPECT_THAT(Origins(Combine(sets, "local/other", "", "silver")),
              ElementsAre("global/also#z", "global/also#a", "global/base#burst"));
}

}  // namespace
}  // namespace policy
