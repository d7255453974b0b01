#include "policy/upstream_rules.h"

#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>

#include "policy/validate.h"

namespace policy {
namespace {

namespace v1 = portolan::v1;
using std::chrono::milliseconds;

v1::PolicySet SetOf(const std::string& text) {
  v1::PolicySet set;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &set)) << text;
  return set;
}

// What Validate says of a global set with that one rule: "ok", or the error.
std::string Check(const std::string& upstream) {
  const auto ok =
      Validate(SetOf("attach { global: true } rules { id: 'r' upstream { " + upstream + " } }"));
  return ok ? "ok" : ok.error().message;
}

TEST(ValidateUpstreamTest, WhatThePoliciesPageShowsIsAccepted) {
  EXPECT_EQ(Check(R"(credential: 'payments-oauth'
    headers { forward: 'Accept-Language' set { name: 'X-Caller' value: 'principal.id' } remove: 'Cookie' }
    timeout { connect_ms: 2000 first_byte_ms: 15000 idle_ms: 60000 total_ms: 300000 }
    retry { attempts: 2 backoff_ms: 200 max_backoff_ms: 2000 on: CONNECT on: HTTP_502 on: HTTP_503 }
    breaker { failures: 5 window_s: 30 open_s: 20 half_open_calls: 1 })"),
            "ok");
  EXPECT_EQ(Check("retry { attempts: 0 }"), "ok");
  EXPECT_EQ(Check("breaker { }"), "ok");
}

TEST(ValidateUpstreamTest, ARuleSaysSomethingWithinItsBounds) {
  EXPECT_EQ(Check(""),
            "/spec/rules/0/upstream: needs credential, headers, timeout, retry or breaker");
  EXPECT_EQ(Check("timeout { }"),
            "/spec/rules/0/upstream/timeout: needs connect_ms, first_byte_ms, idle_ms or total_ms");
  EXPECT_EQ(Check("timeout { connect_ms: 0 }"),
            "/spec/rules/0/upstream/timeout/connect_ms: must be from 1 to 60000");
  EXPECT_EQ(Check("retry { attempts: 11 }"),
            "/spec/rules/0/upstream/retry/attempts: must be from 0 to 10");
  EXPECT_EQ(Check("retry { attempts: 1 backoff_ms: 3000 }"),
            "/spec/rules/0/upstream/retry/max_backoff_ms: shorter than backoff_ms (3000): give it, "
            "too");
  EXPECT_EQ(Check("retry { attempts: 1 on: CONNECT on: CONNECT }"),
            "/spec/rules/0/upstream/retry/on/1: stands in the list already");
  EXPECT_EQ(Check("breaker { failure_percent: 101 }"),
            "/spec/rules/0/upstream/breaker/failure_percent: must be from 0 to 100");
  EXPECT_EQ(Check("breaker { min_calls: 5 }"),
            "/spec/rules/0/upstream/breaker/min_calls: counts only with failure_percent");
}

TEST(ValidateUpstreamTest, RulesTouchNeitherTheConnectionNorAnybodysProof) {
  const std::string why =
      " is not for rules: it belongs to the connection, to MCP or to somebody's proof (a "
      "Credential "
      "shows the gateway's own)";
  EXPECT_EQ(Check("headers { forward: 'authorization' }"),
            "/spec/rules/0/upstream/headers/forward/0: 'authorization'" + why);
  EXPECT_EQ(Check("headers { forward: 'X-Api-Key' }"),
            "/spec/rules/0/upstream/headers/forward/0: 'X-Api-Key'" + why);
  EXPECT_EQ(Check("headers { set { name: 'Mcp-Name' value: \"'a'\" } }"),
            "/spec/rules/0/upstream/headers/set/0/name: 'Mcp-Name'" + why);
  EXPECT_EQ(Check("headers { remove: 'Host' }"),
            "/spec/rules/0/upstream/headers/remove/0: 'Host'" + why);
  EXPECT_EQ(Check("headers { answer { name: 'Retry-After' value: \"'1'\" } }"),
            "/spec/rules/0/upstream/headers/answer/0/name: 'Retry-After'" + why);
  EXPECT_EQ(Check("headers { forward: 'X Y' }"),
            "/spec/rules/0/upstream/headers/forward/0: must be a header's name of at most 64 "
            "characters");
}

TEST(ValidateUpstreamTest, ANameStandsOnceAndItsValueIsAnExpression) {
  EXPECT_EQ(Check("headers { remove: 'X-A' set { name: 'x-a' value: \"'1'\" } }"),
            "/spec/rules/0/upstream/headers/set/0/name: 'x-a' stands in this rule already");
  EXPECT_EQ(Check("headers { forward: 'X-A' set { name: 'x-a' value: \"'1'\" if_there: KEEP } }"),
            "ok");
  EXPECT_TRUE(Check("headers { set { name: 'X-A' value: 'principal.nam' } }")
                  .starts_with("/spec/rules/0/upstream/headers/set/0/value: "));
  EXPECT_EQ(Check("headers { }"),
            "/spec/rules/0/upstream/headers: needs forward, set, remove or answer");
}

TEST(UpstreamRulesTest, EachFieldIsTheNarrowestThatSaysItAndSelectsTheCall) {
  const v1::PolicySet wide = SetOf(
      "attach { global: true } rules { id: 'w' upstream { credential: 'wide' timeout { total_ms: "
      "1000 idle_ms: 10 } retry { attempts: 3 } breaker { failures: 7 } } }");
  const v1::PolicySet narrow = SetOf(
      "attach { server: 'local/a' } rules { id: 'n' select { tools: 'slow' } upstream { timeout { "
      "total_ms: 9000 } retry { attempts: 0 } credential: '-' } }");
  const NamedSet sets[] = {{"wide", &wide}, {"narrow", &narrow}};
  const UpstreamRules rules(Combine(sets, "local/a", ""));
  Facts fast, slow;
  fast.SetItem("tools/call", "fast");
  slow.SetItem("tools/call", "slow");
  EXPECT_EQ(rules.BoundsFor(fast).total, milliseconds(1'000));
  EXPECT_EQ(rules.BoundsFor(slow).total, milliseconds(9'000));
  EXPECT_EQ(rules.BoundsFor(slow).idle, milliseconds(10));
  EXPECT_EQ(rules.BoundsFor(slow).connect, milliseconds(0));
  EXPECT_EQ(rules.RetryFor(fast)->says().retry().attempts(), 3);
  EXPECT_EQ(rules.RetryFor(slow)->says().retry().attempts(), 0);
  EXPECT_EQ(rules.BreakerFor(slow)->source.set, "wide");
  EXPECT_EQ(rules.CredentialFor(fast)->says().credential(), "wide");
  EXPECT_EQ(rules.CredentialFor(slow)->says().credential(), "-");
}

TEST(UpstreamRulesTest, HeadersOfKeysAreThoseThatTheRulesName) {
  const v1::PolicySet set = SetOf(
      "attach { global: true } rules { id: 'a' authenticate { any_of { api_key { header: 'X-Mine' "
      "aliases: 'X-Other' } } } }");
  const NamedSet sets[] = {{"set", &set}};
  const UpstreamRules rules(Combine(sets, "local/a", ""));
  EXPECT_EQ(rules.key_headers(), (std::vector<std::string>{"ocp-apim-subscription-key", "x-api-key",
                                                           "x-mine", "x-other"}));
  EXPECT_TRUE(rules.empty());
}

}  // namespace
}  // namespace policy
