#include "policy/validate.h"

#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>

#include "portolan/v1/policy.pb.h"

namespace policy {
namespace {

std::string Check(const std::string& text) {
  portolan::v1::PolicySet set;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &set)) << text;
  auto result = Validate(set);
  return result ? "ok" : result.error().message;
}

// One rule in a global set.
std::string CheckRule(const std::string& rule) {
  return Check("attach { global: true } rules { id: 'r' " + rule + " }");
}

TEST(ValidateTest, AWholeSetPasses) {
  EXPECT_EQ(Check(R"(
    attach { server: 'local/payments' } mode: OBSERVE errors: HTTP explain: true
    rules { id: 'corp-net' ip { allow: '10.0.0.0/8' allow: '2001:db8::/32' deny: '10.6.6.6' } }
    rules { id: 'who' authenticate { any_of { api_key { header: 'X-Api-Key' aliases: 'Ocp-Apim-Subscription-Key' } } } }
    rules { id: 'burst' select { methods: 'tools/call' } rate_limit { calls: 60 per_s: 60 key: "principal.id + '/' + tool.name" } }
    rules { id: 'log' record { sample: 0.5 } })"),
            "ok");
}

TEST(ValidateTest, ASetMustSayWhatItGoverns) {
  EXPECT_EQ(Check(""), "/spec/attach: must say what the set governs: global, server or consumer");
  EXPECT_EQ(Check("attach { global: false }"), "/spec/attach/global: only true is meaningful");
  EXPECT_EQ(Check("attach { server: 'weather' }"),
            "/spec/attach/server: must be a server's name, such as 'local/weather'");
}

TEST(ValidateTest, RuleIdsAreLabelsAndUnique) {
  EXPECT_EQ(
      Check("attach { global: true } rules { id: 'a' record {} } rules { id: 'a' record {} }"),
      "/spec/rules/1/id: 'a' stands on an earlier rule already");
  EXPECT_EQ(Check("attach { global: true } rules { id: 'A#b' record {} }"),
            "/spec/rules/0/id: must match [a-z0-9][a-z0-9-]{0,62}");
}

TEST(ValidateTest, ARuleHoldsOnePolicy) {
  EXPECT_EQ(CheckRule(""),
            "/spec/rules/0: must hold one policy: ip, authenticate, authorize, validate, "
            "rate_limit, quota, concurrency, mock, cache or record");
}

TEST(ValidateTest, AQuotaHasABudgetAndOnePeriod) {
  EXPECT_EQ(CheckRule("quota { calls: 10000 bytes: 500 period: MONTH key: 'principal.id' "
                      "on_unreachable: ALLOW }"),
            "ok");
  EXPECT_EQ(CheckRule("quota { calls: 1 period_s: 60 }"), "ok");
  EXPECT_EQ(CheckRule("quota { period: DAY }"), "/spec/rules/0/quota: needs calls or bytes");
  EXPECT_EQ(CheckRule("quota { calls: -1 period: DAY }"),
            "/spec/rules/0/quota/calls: must be from 1 to 1000000000000");
  EXPECT_EQ(CheckRule("quota { calls: 1 }"),
            "/spec/rules/0/quota/period: is missing: give it or period_s");
  EXPECT_EQ(CheckRule("quota { calls: 1 period: DAY period_s: 60 }"),
            "/spec/rules/0/quota/period_s: stands beside period; give one of them");
  EXPECT_EQ(CheckRule("quota { calls: 1 period_s: 59 }"),
            "/spec/rules/0/quota/period_s: must be from 60 to 31536000");
  EXPECT_EQ(CheckRule("quota { calls: 1 period: DAY key: 'principal.kin' }"),
            "/spec/rules/0/quota/key: line 1, column 1: unknown attribute 'principal.kin'; did you "
            "mean 'principal.kind'?");
}

TEST(ValidateTest, ConcurrencyHasABoundAndAShortQueue) {
  EXPECT_EQ(CheckRule("concurrency { max: 8 queue_ms: 200 key: 'principal.id' }"), "ok");
  EXPECT_EQ(CheckRule("concurrency {}"), "/spec/rules/0/concurrency/max: must be from 1 to 100000");
  EXPECT_EQ(CheckRule("concurrency { max: 1 queue_ms: 10001 }"),
            "/spec/rules/0/concurrency/queue_ms: must be from 0 to 10000");
  EXPECT_EQ(CheckRule("concurrency { max: 1 key: '1 +' }").substr(0, 33),
            "/spec/rules/0/concurrency/key: li");
}

TEST(ValidateTest, AddressesMustParse) {
  EXPECT_EQ(CheckRule("ip { allow: '10.0.0.1' allow: 'ten' }"),
            "/spec/rules/0/ip/allow/1: 'ten' is no IP address");
  EXPECT_EQ(CheckRule("ip {}"), "/spec/rules/0/ip: needs allow or deny");
}

TEST(ValidateTest, RulesOfTheGateCannotSelect) {
  EXPECT_EQ(CheckRule("select { tools: 'x' } ip { deny: '10.0.0.1' }"),
            "/spec/rules/0/select: ip and authenticate act before the body is read, so they cannot "
            "select");
}

TEST(ValidateTest, AConsumersSetCannotAuthenticate) {
  EXPECT_EQ(
      Check(
          "attach { consumer: 'alice' } rules { id: 'r' authenticate { any_of { api_key {} } } }"),
      "/spec/rules/0/authenticate: who calls is known before a consumer's set is; put it in a "
      "global set or a server's");
}

TEST(ValidateTest, ProofsMustBeNamedAndTheirHeadersBeTokens) {
  EXPECT_EQ(CheckRule("authenticate {}"),
            "/spec/rules/0/authenticate/any_of: needs at least one proof");
  EXPECT_EQ(CheckRule("authenticate { any_of {} }"),
            "/spec/rules/0/authenticate/any_of/0: must name a proof: api_key or jwt");
  EXPECT_EQ(CheckRule("authenticate { any_of { api_key { header: 'X Key' } } }"),
            "/spec/rules/0/authenticate/any_of/0/api_key/header: is no header name");
}

TEST(ValidateTest, RateLimitsAreBounded) {
  EXPECT_EQ(CheckRule("rate_limit { calls: 0 per_s: 1 }"),
            "/spec/rules/0/rate_limit/calls: must be from 1 to 10000");
  EXPECT_EQ(CheckRule("rate_limit { calls: 10001 per_s: 1 }"),
            "/spec/rules/0/rate_limit/calls: must be from 1 to 10000");
  EXPECT_EQ(CheckRule("rate_limit { calls: 1 per_s: 86401 }"),
            "/spec/rules/0/rate_limit/per_s: must be from 1 to 86400");
  EXPECT_EQ(
      CheckRule("rate_limit { calls: 5 per_s: 1 weight: 6 }"),
      "/spec/rules/0/rate_limit/weight: must be from 1 to calls (5), or no call would ever pass");
}

TEST(ValidateTest, KeysAreTypeChecked) {
  EXPECT_EQ(
      CheckRule("rate_limit { calls: 5 per_s: 1 key: 'principal.ids' }"),
      "/spec/rules/0/rate_limit/key: line 1, column 1: unknown attribute 'principal.ids'; did you "
      "mean 'principal.id'?");
}

TEST(ValidateTest, ConditionsAreTypeCheckedWithTheirPosition) {
  EXPECT_EQ(CheckRule("authorize { permit_if: 'args.amount <= 500' message: 'Too much.' }"), "ok");
  EXPECT_EQ(CheckRule("authorize { deny_if: \"principal.kin == 'agent'\" }"),
            "/spec/rules/0/authorize/deny_if: line 1, column 1: unknown attribute 'principal.kin'; "
            "did you mean 'principal.kind'?");
  EXPECT_EQ(
      CheckRule("authorize { permit_if: 'tool.name' }"),
      "/spec/rules/0/authorize/permit_if: line 1, column 1: must be true or false, not string");
  EXPECT_EQ(
      CheckRule("rate_limit { calls: 5 per_s: 1 when: 'client.name != 5' }"),
      "/spec/rules/0/rate_limit/when: line 1, column 13: '!=' compares values of one type, but "
      "no maps, not string and int");
  EXPECT_EQ(CheckRule("authorize {}"), "/spec/rules/0/authorize: needs permit_if or deny_if");
}

TEST(ValidateTest, OnlyWhatHasANarrowerScopeIsOverridable) {
  EXPECT_EQ(Check("attach { consumer: 'alice' } rules { id: 'r' authorize { deny_if: 'true' "
                  "overridable: true } }"),
            "/spec/rules/0/authorize/overridable: no scope is narrower than a consumer's");
}

TEST(ValidateTest, AnnotationsNameAHintAndAreOfTools) {
  EXPECT_EQ(CheckRule("select { annotations { destructive_hint: true } } record {}"), "ok");
  EXPECT_EQ(CheckRule("select { annotations {} } record {}"),
            "/spec/rules/0/select/annotations: names no hint");
  EXPECT_EQ(CheckRule("select { annotations { read_only_hint: true } prompts: 'b' } record {}"),
            "/spec/rules/0/select: a call is of a tool, a resource or a prompt, so the rule would "
            "select nothing; write a rule for each");
}

TEST(ValidateTest, SamplesAreShares) {
  EXPECT_EQ(CheckRule("record { sample: 1.5 }"),
            "/spec/rules/0/record/sample: must be from 0 to 1");
  EXPECT_EQ(CheckRule("record { sample: nan }"),
            "/spec/rules/0/record/sample: must be from 0 to 1");
}

TEST(ValidateTest, ASelectorThatCanNeverMatchIsRefused) {
  EXPECT_EQ(CheckRule("select { tools: 'a' prompts: 'b' } record {}"),
            "/spec/rules/0/select: a call is of a tool, a resource or a prompt, so the rule would "
            "select nothing; write a rule for each");
}

}  // namespace
}  // namespace policy
