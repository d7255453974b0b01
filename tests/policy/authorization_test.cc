#include "policy/authorization.h"

#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>

namespace policy {
namespace {

namespace v1 = portolan::v1;
using Outcome = Authorization::Decision::Outcome;

class AuthorizationTest : public testing::Test {
 protected:
  AuthorizationTest() {
    agent_.principal_kind = "agent";
    agent_.principal_claims = R"({"groups":["refunds"]})";
  }

  // Adds a set; the first words say its scope.
  void Set(const std::string& name, const std::string& text) {
    v1::PolicySet set;
    EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &set)) << text;
    sets_.push_back({name, set});
  }
  // What becomes of a call: `permitted`, `unknown` or the rule that denies; behind it what observes.
  std::string Decide(std::string_view tool, std::string_view args,
                     std::uint8_t unknowns = kAllKnown) {
    Facts facts = agent_;
    facts.args = args;
    return DecideOn(facts, "tools/call", tool, unknowns);
  }
  std::string DecideOn(Facts facts, std::string_view method, std::string_view item,
                       std::uint8_t unknowns = kAllKnown) {
    std::vector<NamedSet> named;
    for (const auto& [name, set] : sets_) named.push_back({name, &set});
    const Authorization authorization(Combine(named, "local/pay", "alice"));
    facts.SetItem(method, item);
    const auto decision = authorization.Decide(facts, unknowns);
    std::string text = decision.outcome == Outcome::kPermitted ? "permitted" : "unknown";
    if (decision.outcome == Outcome::kDenied) text = decision.rule->source.origin();
    if (decision.observed) text += "; observed " + decision.observed->source.origin();
    return text;
  }

  Facts agent_;

 private:
  std::vector<std::pair<std::string, v1::PolicySet>> sets_;
};

constexpr const char* kSmallRefunds =
    "attach { server: 'local/pay' } rules { id: 'small' select { tools: 'create_refund' } "
    "authorize { permit_if: \"'refunds' in principal.claims.groups && args.amount <= 500\" } }";

TEST_F(AuthorizationTest, APermitMustHoldWhereItSelects) {
  Set("pay", kSmallRefunds);
  EXPECT_EQ(Decide("create_refund", R"({"amount":500})"), "permitted");
  EXPECT_EQ(Decide("create_refund", R"({"amount":501})"), "server/pay#small");
  EXPECT_EQ(Decide("list_refunds", "{}"), "permitted");
}

TEST_F(AuthorizationTest, AnExpressionThatFailsRefuses) {
  Set("pay", kSmallRefunds);
  EXPECT_EQ(Decide("create_refund", "{}"), "server/pay#small");
  Set("deny",
      "attach { global: true } rules { id: 'd' select { tools: 'x' } authorize { deny_if: "
      "'args.amount > 5' } }");
  EXPECT_EQ(Decide("x", "{}"), "global/deny#d");
  EXPECT_EQ(Decide("x", R"({"amount":5})"), "permitted");
}

TEST_F(AuthorizationTest, OneOfTheScopesPermitsIsEnough) {
  Set("pay",
      "attach { global: true } rules { id: 'a' authorize { permit_if: 'args.n == 1' } } "
      "rules { id: 'b' authorize { permit_if: 'args.n == 2' } }");
  EXPECT_EQ(Decide("x", R"({"n":2})"), "permitted");
  EXPECT_EQ(Decide("x", R"({"n":3})"), "global/pay#a");
}

TEST_F(AuthorizationTest, ANarrowerScopeCanOnlyNarrow) {
  Set("base",
      "attach { global: true } rules { id: 'no' authorize { deny_if: 'args.n == 1' } } "
      "rules { id: 'yes' authorize { permit_if: 'args.n < 3' } }");
  Set("own", "attach { consumer: 'alice' } rules { id: 'all' authorize { permit_if: 'true' } }");
  EXPECT_EQ(Decide("x", R"({"n":1})"), "global/base#no");
  EXPECT_EQ(Decide("x", R"({"n":2})"), "permitted");
  EXPECT_EQ(Decide("x", R"({"n":3})"), "global/base#yes");
}

TEST_F(AuthorizationTest, AnOverridableRuleYieldsToANarrowerPermit) {
  Set("base",
      "attach { global: true } rules { id: 'no' authorize { deny_if: 'true' overridable: true } }");
  EXPECT_EQ(Decide("x", "{}"), "global/base#no");
  Set("own",
      "attach { server: 'local/pay' } rules { id: 'some' select { tools: 'x' } authorize { "
      "permit_if: 'args.n == 1' } }");
  EXPECT_EQ(Decide("x", R"({"n":1})"), "permitted");
  EXPECT_EQ(Decide("x", R"({"n":2})"), "server/own#some");
  EXPECT_EQ(Decide("y", R"({"n":1})"), "global/base#no");
}

TEST_F(AuthorizationTest, ASetThatObservesRefusesNothingAndOverridesNothing) {
  Set("base",
      "attach { global: true } rules { id: 'no' select { tools: 'x' } authorize { deny_if: 'true' "
      "overridable: true } }");
  Set("look",
      "attach { server: 'local/pay' } mode: OBSERVE rules { id: 'p' authorize { permit_if: "
      "'args.n == 1' } }");
  EXPECT_EQ(Decide("y", R"({"n":2})"), "permitted; observed server/look#p");
  EXPECT_EQ(Decide("y", R"({"n":1})"), "permitted");
  EXPECT_EQ(Decide("x", R"({"n":1})"), "global/base#no");
}

TEST_F(AuthorizationTest, WithoutTheArgumentsOnlyWhatIsSureIsDenied) {
  Set("pay", kSmallRefunds);
  EXPECT_EQ(Decide("create_refund", "", kUnknownArguments), "unknown");
  agent_.principal_claims = "";
  EXPECT_EQ(Decide("create_refund", "", kUnknownArguments), "server/pay#small");
}

TEST_F(AuthorizationTest, ToolsAreSelectedByWhatTheySayOfThemselves) {
  Set("base",
      "attach { global: true } rules { id: 'd' select { annotations { destructive_hint: true } } "
      "authorize { deny_if: \"principal.kind == 'agent'\" } }");
  // Whoever says nothing may destroy (MCP, ToolAnnotations).
  EXPECT_EQ(Decide("x", "{}"), "global/base#d");
  agent_.tool_hints = HintsOf(R"({"name":"x","annotations":{"destructiveHint":false}})");
  EXPECT_EQ(Decide("x", "{}"), "permitted");
  agent_.tool_hints = HintsOf(R"({"name":"x","annotations":{"readOnlyHint":true}})");
  EXPECT_EQ(Decide("x", "{}"), "permitted");
  EXPECT_EQ(DecideOn(agent_, "prompts/get", "p"), "permitted");
}

TEST_F(AuthorizationTest, AListIsRefusedOnlyByRulesThatNameIt) {
  Set("base", "attach { global: true } rules { id: 'all' authorize { deny_if: 'true' } }");
  EXPECT_EQ(DecideOn(agent_, "tools/list", ""), "permitted");
  EXPECT_EQ(DecideOn(agent_, "logging/setLevel", ""), "global/base#all");
  Set("lists",
      "attach { global: true } rules { id: 'l' select { methods: 'tools/*' } authorize { "
      "deny_if: 'true' } }");
  EXPECT_EQ(DecideOn(agent_, "tools/list", ""), "global/lists#l");
}

TEST_F(AuthorizationTest, ATemplateIsHiddenOnlyWhenEachOfItsResourcesIs) {
  Set("base",
      "attach { global: true } rules { id: 'r' select { resources: 'file:///secret/*' } "
      "authorize { deny_if: 'true' } }");
  const auto unknown = kUnknownArguments | kUnknownResource;
  EXPECT_EQ(DecideOn(agent_, "resources/read", "file:///{path}", unknown), "unknown");
  Set("name",
      "attach { global: true } rules { id: 'n' authorize { deny_if: "
      "\"resource.name == 'x'\" } }");
  EXPECT_EQ(DecideOn(agent_, "resources/read", "file:///{path}", unknown), "unknown");
  Set("every",
      "attach { global: true } rules { id: 'e' select { resources: '*' } authorize { deny_if: "
      "\"principal.kind == 'agent'\" } }");
  EXPECT_EQ(DecideOn(agent_, "resources/read", "file:///{path}", unknown), "global/every#e");
}

}  // namespace
}  // namespace policy
