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

TEST(ValidateTest, AProductsSetIsAttachedByNameAndDemandsNoProof) {
  EXPECT_EQ(Check("attach { product: 'gold' } errors: AZURE"), "ok");
  EXPECT_EQ(Check("attach { product: 'Gold' }"), "/spec/attach/product: must be a product's name");
  EXPECT_EQ(
      Check("attach { product: 'gold' } rules { id: 'r' authenticate { any_of { api_key {} } } }"),
      "/spec/rules/0/authenticate: who calls is known before a product's set is; put it in a "
      "global set or a server's");
}

TEST(ValidateTest, HeadersOfLimitsAreNamesThatSayNothingElse) {
  const auto check = [](const std::string& fields) {
    return CheckRule("rate_limit { calls: 1 per_s: 1 " + fields + " }");
  };
  EXPECT_EQ(check("remaining_header: 'X-Left' limit_header: 'X-Limit'"), "ok");
  EXPECT_EQ(check("remaining_header: 'X Left'"),
            "/spec/rules/0/rate_limit/remaining_header: is no header name");
  EXPECT_EQ(check("limit_header: 'content-length'"),
            "/spec/rules/0/rate_limit/limit_header: is a line that says something else");
  EXPECT_EQ(check("limit_header: 'X-A' remaining_header: 'x-a'"),
            "/spec/rules/0/rate_limit/limit_header: is that of what is left");
  EXPECT_EQ(CheckRule("quota { calls: 1 period: DAY remaining_header: 'Set-Cookie' }"),
            "/spec/rules/0/quota/remaining_header: is a line that says something else");
}

TEST(ValidateTest, AnAnchorHasItsMoment) {
  EXPECT_EQ(CheckRule("quota { calls: 1 period: DAY anchor: SUBSCRIPTION }"), "ok");
  EXPECT_EQ(CheckRule("quota { calls: 1 period: DAY anchor: FIRST_PERIOD }"),
            "/spec/rules/0/quota/first_period_start: must be a moment: 2027-01-15T00:00:00Z");
  EXPECT_EQ(CheckRule("quota { calls: 1 period: DAY first_period_start: '2027-01-15T00:00:00Z' }"),
            "/spec/rules/0/quota/first_period_start: belongs to anchor FIRST_PERIOD");
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
  EXPECT_EQ(Check(""),
            "/spec/attach: must say what the set governs: global, product, server or consumer");
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
            "rate_limit, quota, concurrency, inspect, mock, cache, upstream or record");
}

TEST(ValidateTest, AnInspectRuleSaysWhatItLooksFor) {
  EXPECT_EQ(CheckRule("inspect { detect { kind: SECRETS on: RESULT action: REDACT } detect { kind: "
                      "PATTERN pattern: 'ACME-[0-9]+' name: 'acme' on: ARGUMENTS on: DESCRIPTION "
                      "action: BLOCK } max_bytes: 1000 }"),
            "ok");
  EXPECT_EQ(CheckRule("inspect { }"), "/spec/rules/0/inspect/detect: needs at least one detector");
  EXPECT_EQ(CheckRule("inspect { detect { } }"),
            "/spec/rules/0/inspect/detect/0/kind: must be SECRETS, HIDDEN_UNICODE, "
            "INJECTION_PHRASES, PERSONAL_DATA or PATTERN");
  EXPECT_EQ(
      CheckRule("inspect { detect { kind: SECRETS } detect { kind: PATTERN pattern: 'a(' } }"),
      "/spec/rules/0/inspect/detect/1/pattern: missing ): a(");
  EXPECT_EQ(CheckRule("inspect { detect { kind: SECRETS pattern: 'a' } }"),
            "/spec/rules/0/inspect/detect/0/pattern: only with kind PATTERN");
  EXPECT_EQ(CheckRule("inspect { detect { kind: SECRETS name: 'A b' } }"),
            "/spec/rules/0/inspect/detect/0/name: must match [a-z0-9][a-z0-9-]{0,62}");
  EXPECT_EQ(CheckRule("inspect { detect { kind: SECRETS personal_data: CARD } }"),
            "/spec/rules/0/inspect/detect/0/personal_data: only with kind PERSONAL_DATA");
  EXPECT_EQ(CheckRule("inspect { detect { kind: SECRETS on: UNSPECIFIED } }"),
            "/spec/rules/0/inspect/detect/0/on/0: must be ARGUMENTS, RESULT or DESCRIPTION");
  EXPECT_EQ(CheckRule("inspect { detect { kind: SECRETS } max_bytes: -1 }"),
            "/spec/rules/0/inspect/max_bytes: must be from 0 to 67108864");
}

TEST(ValidateTest, ARecordRuleSaysWhatIsKept) {
  EXPECT_EQ(CheckRule("record { sample: 0.1 payload_bytes: 4096 redact: '$.card' redact: "
                      "'$..password' dimensions { name: 'team' value: 'principal.claims.team' } }"),
            "ok");
  EXPECT_EQ(CheckRule("record { sample: 2 }"), "/spec/rules/0/record/sample: must be from 0 to 1");
  EXPECT_EQ(CheckRule("record { payload_bytes: 65537 }"),
            "/spec/rules/0/record/payload_bytes: must be from 0 to 65536");
  EXPECT_EQ(CheckRule("record { redact: '$.a' redact: 'card' }"),
            "/spec/rules/0/record/redact/1: column 1: a path begins with '$'");
  EXPECT_EQ(CheckRule("record { dimensions { name: 'Team' value: 'tool.name' } }"),
            "/spec/rules/0/record/dimensions/0/name: must match [a-z][a-z0-9_]{0,62}");
  EXPECT_EQ(CheckRule("record { dimensions { name: 'a' value: 'tool.name' } dimensions { name: 'a' "
                      "value: 'tool.name' } }"),
            "/spec/rules/0/record/dimensions/1/name: 'a' stands on an earlier entry already");
  EXPECT_EQ(CheckRule("record { dimensions { name: 'a' value: 'tool.nam' } }"),
            "/spec/rules/0/record/dimensions/0/value: line 1, column 1: unknown attribute "
            "'tool.nam'; did you mean 'tool.name'?");
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
