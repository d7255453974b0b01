#include "policy/explanation.h"

#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>

namespace policy {
namespace {

namespace v1 = portolan::v1;

template <class Message>
Message Parse(const std::string& text) {
  Message message;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &message)) << text;
  return message;
}

class ExplanationTest : public testing::Test {
 protected:
  v1::ExplainResponse Ask(const std::string& tool, const std::string& arguments) const {
    const EffectivePolicy policy =
        Combine(std::vector<NamedSet>{{"pay", &set_}}, "local/pay", "alice");
    return ExplainCall({.server = server_,
                        .consumer = with_key_ ? &alice_ : nullptr,
                        .definitions = definitions_,
                        .policy = policy,
                        .tool = tool,
                        .arguments_json = arguments});
  }
  // `yes`, or the reason, the rule and the words.
  std::string Say(const std::string& tool, const std::string& arguments = "{}") const {
    const v1::ExplainResponse answer = Ask(tool, arguments);
    if (answer.permitted()) return "yes";
    return answer.reason() + " " + answer.rule().rule().id() + ": " + answer.because();
  }

  v1::Resource server_ = Parse<v1::Resource>(
      "kind: 'Server' name: 'local/pay' server { approval: APPROVED lifecycle: PRODUCTION tags: "
      "'eu' }");
  v1::Resource alice_ = Parse<v1::Resource>(
      "kind: 'Consumer' name: 'alice' consumer { claims_json: '{\"groups\":[\"refunds\"]}' }");
  v1::GetDefinitionsResponse definitions_ = Parse<v1::GetDefinitionsResponse>(
      "definitions { kind: TOOL name: 'create_refund' json: '{}' } definitions { kind: TOOL name: "
      "'new' json: '{}' } held { kind: TOOL name: 'new' state: HELD }");
  v1::PolicySet set_ = Parse<v1::PolicySet>(
      "attach { server: 'local/pay' } rules { id: 'small' select { tools: 'create_refund' } "
      "authorize { "
      "permit_if: \"'refunds' in principal.claims.groups && args.amount <= 500\" } } "
      "rules { id: 'burst' rate_limit { calls: 60 per_s: 60 } } "
      "rules { id: 'other' rate_limit { calls: 6 per_s: 60 when: \"principal.kind == 'user'\" } }");
  bool with_key_ = true;
};

TEST_F(ExplanationTest, NamesTheDetectorThatBlocksATool) {
  definitions_.mutable_definitions(0)->set_json(
      R"({"name":"create_refund","description":"Ig\u200bnores."})");
  *set_.add_rules() = Parse<v1::Rule>(
      "id: 'guard' inspect { detect { kind: HIDDEN_UNICODE on: DESCRIPTION action: BLOCK } }");
  EXPECT_EQ(Say("create_refund", R"({"amount":5})"),
            "ContentBlocked guard: what the server says of the tool holds what detector "
            "'hidden-unicode' looks for");
  set_.set_mode(v1::Mode::OBSERVE);
  EXPECT_EQ(Say("create_refund", R"({"amount":5})"), "yes");
}

TEST_F(ExplanationTest, NamesTheRuleThatDeniesAndWhatItRead) {
  EXPECT_EQ(Say("create_refund", R"({"amount":900})"),
            "PolicyDenied small: args.amount <= 500 is false with args.amount = 900");
  EXPECT_EQ(Say("create_refund", "{}"),
            "PolicyDenied small: args.amount <= 500 fails with args.amount = absent");
}

TEST_F(ExplanationTest, WhatIsPermittedNamesTheLimitsThatCountIt) {
  const v1::ExplainResponse answer = Ask("create_refund", R"({"amount":5})");
  EXPECT_TRUE(answer.permitted());
  ASSERT_EQ(answer.limits_size(), 1);
  EXPECT_EQ(answer.limits(0).rule().id(), "burst");
}

TEST_F(ExplanationTest, AToolThatNoArgumentsWouldOpenIsHidden) {
  alice_.mutable_consumer()->clear_claims_json();
  EXPECT_TRUE(Ask("create_refund", R"({"amount":5})").hidden());
  EXPECT_EQ(Say("create_refund", R"({"amount":5})"),
            "ItemHidden small: 'refunds' in principal.claims.groups fails with "
            "principal.claims.groups = absent");
}

TEST_F(ExplanationTest, ServersAndToolsThatAreNotServedSayWhy) {
  EXPECT_EQ(Say("none"), "UnknownItem : the server does not offer this tool");
  EXPECT_EQ(Say("new"), "DefinitionHeld : the tool waits for a review");
  server_.mutable_server()->set_approval(v1::Approval::PENDING);
  EXPECT_EQ(Say("create_refund"), "ApprovalPending : the server waits for approval");
}

TEST_F(ExplanationTest, ACallerWithoutAKeyIsAskedForOneWhereARuleDemandsIt) {
  with_key_ = false;
  *set_.add_rules() = Parse<v1::Rule>("id: 'who' authenticate { any_of { api_key {} } }");
  EXPECT_EQ(Say("create_refund"), "KeyMissing who: the caller has to show an API key");
}

TEST_F(ExplanationTest, WhatOnlyObservesIsToldOf) {
  set_.set_mode(v1::Mode::OBSERVE);
  const v1::ExplainResponse answer = Ask("create_refund", R"({"amount":900})");
  EXPECT_TRUE(answer.permitted());
  ASSERT_EQ(answer.observed_size(), 1);
  EXPECT_EQ(answer.observed(0).rule().id(), "small");
}

TEST_F(ExplanationTest, ANarrowerLimitStandsInPlaceOfAnOverridableOne) {
  *set_.add_rules() = Parse<v1::Rule>("id: 'x' record {}");
  set_.mutable_rules(1)->mutable_rate_limit()->set_overridable(true);
  v1::PolicySet own = Parse<v1::PolicySet>(
      "attach { consumer: 'alice' } rules { id: 'own' rate_limit { calls: 6 per_s: 60 } }");
  const EffectivePolicy policy =
      Combine(std::vector<NamedSet>{{"pay", &set_}, {"own", &own}}, "local/pay", "alice");
  const std::string tool = "create_refund", arguments = R"({"amount":5})";
  const v1::ExplainResponse answer = ExplainCall({.server = server_,
                                                  .consumer = &alice_,
                                                  .definitions = definitions_,
                                                  .policy = policy,
                                                  .tool = tool,
                                                  .arguments_json = arguments});
  ASSERT_EQ(answer.limits_size(), 1);
  EXPECT_EQ(answer.limits(0).rule().id(), "own");
}

TEST_F(ExplanationTest, ArgumentsThatDoNotFitAreRefusedWhereThatIsDemanded) {
  definitions_.mutable_definitions(0)->set_json(
      R"({"inputSchema":{"type":"object","properties":{"amount":{"type":"number"}}}})");
  v1::Rule& shape = *set_.add_rules();
  shape.set_id("shape");
  shape.mutable_validate()->set_arguments(v1::SchemaCheck::PREVENT);
  EXPECT_EQ(Say("create_refund", R"({"amount":"9"})"),
            "ArgumentsInvalid shape: /amount: must be a number, and is a string");
  EXPECT_EQ(Say("create_refund", R"({"amount":9})"), "yes");
  set_.mutable_rules(3)->mutable_validate()->set_arguments(v1::SchemaCheck::DETECT);
  definitions_.mutable_definitions(0)->set_json(R"({"inputSchema":{"required":["note"]}})");
  const v1::ExplainResponse watched = Ask("create_refund", R"({"amount":9})");
  EXPECT_TRUE(watched.permitted());
  ASSERT_EQ(watched.observed_size(), 1);
  EXPECT_EQ(watched.observed(0).rule().id(), "shape");
}

TEST_F(ExplanationTest, AMockIsNamedAsWhatAnswers) {
  v1::Rule& stub = *set_.add_rules();
  stub.set_id("stub");
  stub.mutable_select()->add_tools("create_refund");
  stub.mutable_mock()->set_result_json(R"({"content":[]})");
  const v1::ExplainResponse answer = Ask("create_refund", R"({"amount":9})");
  EXPECT_TRUE(answer.permitted());
  EXPECT_EQ(answer.rule().rule().id(), "stub");
  EXPECT_EQ(answer.because(), "the rule answers, and the server is asked nothing");
}

}  // namespace
}  // namespace policy
