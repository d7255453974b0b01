#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>

#include "policy/caching.h"
#include "policy/mocking.h"
#include "policy/validate.h"
#include "policy/validation.h"

namespace policy {
namespace {

namespace v1 = portolan::v1;

v1::PolicySet SetOf(const std::string& text) {
  v1::PolicySet set;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &set)) << text;
  return set;
}

// What Validate says of a global set with that one rule: "ok", or the error.
std::string Check(const std::string& rule) {
  const auto ok = Validate(SetOf("attach { global: true } rules { id: 'r' " + rule + " }"));
  return ok ? "ok" : ok.error().message;
}

TEST(ValidateAnswersTest, WhatThePoliciesPageShowsIsAccepted) {
  EXPECT_EQ(Check("validate { arguments: PREVENT results: DETECT max_request_bytes: 1048576 "
                  "max_result_bytes: 4194304 }"),
            "ok");
  EXPECT_EQ(Check("select { annotations { read_only_hint: true } } cache { ttl_s: 300 vary: "
                  "'principal.tenant' max_bytes: 1048576 }"),
            "ok");
  EXPECT_EQ(Check("select { tools: 'forecast' } mock { result_json: "
                  "'{\"content\":[{\"type\":\"text\",\"text\":\"sunny\"}]}' }"),
            "ok");
  EXPECT_EQ(Check("cache { ttl_s: 0 }"), "ok");
}

TEST(ValidateAnswersTest, AValidateRuleSaysSomethingWithinItsBounds) {
  EXPECT_EQ(Check("validate {}"),
            "/spec/rules/0/validate: needs arguments, results, max_request_bytes or "
            "max_result_bytes");
  EXPECT_EQ(Check("validate { max_request_bytes: -1 }"),
            "/spec/rules/0/validate/max_request_bytes: must be from 0 to 67108864");
  EXPECT_EQ(Check("validate { max_result_bytes: 67108865 }"),
            "/spec/rules/0/validate/max_result_bytes: must be from 0 to 67108864");
  EXPECT_EQ(Check("select { prompts: '*' } validate { arguments: PREVENT }"),
            "/spec/rules/0/validate/arguments: only tools have schemas, and the rule selects "
            "something else");
  EXPECT_EQ(Check("select { resources: '*' } validate { max_result_bytes: 1000 }"), "ok");
}

TEST(ValidateAnswersTest, AMockIsAResultThatClientsTakeAndSelectsWhatItAnswers) {
  EXPECT_EQ(Check("mock { result_json: '{}' }"),
            "/spec/rules/0/mock: must select what it answers: methods, tools, annotations, "
            "resources or prompts");
  EXPECT_EQ(Check("select { tools: 'a' } mock { result_json: '[]' }"),
            "/spec/rules/0/mock/result_json: must be a JSON object");
  EXPECT_EQ(Check("select { tools: 'a' } mock { result_json: '{\"content\":{}}' }"),
            "/spec/rules/0/mock/result_json: needs 'content', an array: clients refuse a result "
            "without it");
  EXPECT_EQ(Check("select { prompts: 'a' } mock { result_json: '{\"content\":[]}' }"),
            "/spec/rules/0/mock/result_json: needs 'messages', an array: clients refuse a result "
            "without it");
  EXPECT_EQ(Check("select { resources: 'a' } mock { result_json: '{\"contents\":[]}' }"), "ok");
  EXPECT_NE(Check("select { tools: 'a' } mock { result_json: '{' }"), "ok");
  EXPECT_EQ(Check("select { tools: 'a' } mock { result_json: '{\"content\":[],\"x\":\"" +
                  std::string(65'536, 'x') + "\"}' }"),
            "/spec/rules/0/mock/result_json: longer than 65536 bytes");
}

TEST(ValidateAnswersTest, ACacheIsBoundedAndItsExpressionsAreChecked) {
  EXPECT_EQ(Check("cache {}"), "/spec/rules/0/cache: needs ttl_s, vary or max_bytes");
  EXPECT_EQ(Check("cache { ttl_s: 86401 }"), "/spec/rules/0/cache/ttl_s: must be from 0 to 86400");
  EXPECT_EQ(Check("cache { ttl_s: 1 max_bytes: 4194305 }"),
            "/spec/rules/0/cache/max_bytes: must be from 0 to 4194304");
  EXPECT_EQ(Check("cache { ttl_s: 1 vary: '' }"), "/spec/rules/0/cache/vary/0: must not be empty");
  const std::string unknown =
      Check("cache { ttl_s: 1 vary: 'principal.id' vary: 'principal.nam' }");
  EXPECT_TRUE(unknown.starts_with(
      "/spec/rules/0/cache/vary/1: line 1, column 1: unknown attribute 'principal.nam'"))
      << unknown;
  EXPECT_EQ(Check("select { resources: '*' } cache { ttl_s: 1 }"),
            "/spec/rules/0/cache: keeps answers of tools and lists, and the rule selects "
            "something else");
}

class CombinedTest : public testing::Test {
 protected:
  CombinedTest() {
    facts_.method = "tools/call";
    facts_.SetItem("tools/call", "find");
  }
  EffectivePolicy Policy() {
    return Combine(std::vector<NamedSet>{{"g", &global_}, {"s", &server_}, {"o", &observing_}},
                   "local/x", "");
  }
  v1::PolicySet global_ = SetOf("attach { global: true }");
  v1::PolicySet server_ = SetOf("attach { server: 'local/x' }");
  v1::PolicySet observing_ = SetOf("attach { server: 'local/x' } mode: OBSERVE");
  Facts facts_;
};

TEST_F(CombinedTest, TheNarrowestScopeThatSaysAFieldHasIt) {
  global_ = SetOf(
      "attach { global: true } rules { id: 'a' validate { arguments: PREVENT results: DETECT "
      "max_request_bytes: 10 } } rules { id: 'b' cache { ttl_s: 60 vary: 'principal.id' } }");
  server_ = SetOf(
      "attach { server: 'local/x' } rules { id: 'c' select { tools: 'find' } validate { arguments: "
      "OFF max_result_bytes: 20 } } rules { id: 'd' select { tools: 'f*' } cache { ttl_s: 5 } } "
      "rules { id: 'e' select { tools: 'other' } cache { ttl_s: 7 max_bytes: 9 } }");
  const EffectivePolicy policy = Policy();
  const Validation validation(policy);
  const Validation::Terms terms = validation.For(facts_);
  EXPECT_EQ(terms.arguments.action, Validation::Check::Action::kNone);
  EXPECT_EQ(terms.results.action, Validation::Check::Action::kDetect);
  EXPECT_EQ(terms.results.rule->source.origin(), "global/g#a");
  EXPECT_EQ(terms.request.bytes, 10);
  EXPECT_EQ(terms.result.bytes, 20);
  const Caching caching(policy);
  const Caching::Terms kept = caching.For(facts_);
  EXPECT_EQ(kept.ttl_s, 5);
  EXPECT_TRUE(kept.chosen);
  ASSERT_TRUE(kept.vary);
  EXPECT_EQ(kept.vary->size(), 1u);
  EXPECT_EQ(kept.max_bytes, 1'048'576);
}

TEST_F(CombinedTest, WhatObservesTakesNothingFromWhatIsEnforced) {
  global_ = SetOf(
      "attach { global: true } rules { id: 'a' validate { arguments: PREVENT max_request_bytes: 10 "
      "} }");
  observing_ = SetOf(
      "attach { server: 'local/x' } mode: OBSERVE rules { id: 'b' validate { arguments: OFF "
      "results: PREVENT max_request_bytes: 5 } } rules { id: 'c' cache { ttl_s: 60 } }");
  const EffectivePolicy policy = Policy();
  const Validation validation(policy);
  const Validation::Terms terms = validation.For(facts_);
  EXPECT_EQ(terms.arguments.action, Validation::Check::Action::kPrevent);
  EXPECT_EQ(terms.results.action, Validation::Check::Action::kDetect);
  EXPECT_EQ(terms.request.bytes, 10);
  EXPECT_EQ(terms.observed_request.bytes, 5);
  EXPECT_TRUE(Caching(policy).empty());
}

}  // namespace
}  // namespace policy
