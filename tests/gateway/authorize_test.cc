// Who may do what, arguments in hand; and what a caller that may not is not told.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/gateway/gateway_fixture.h"

namespace gateway {
namespace {

using support::GatewayFixture;
using support::HttpAnswer;
using support::ModernRequest;
using testing::HasSubstr;
using testing::Not;

constexpr const char* kOffered =
    R"(server: 'local/pay'
       info { protocol_revisions: '2026-07-28' capabilities_json: '{"tools":{},"prompts":{},"resources":{}}' }
       definitions { kind: TOOL name: 'create_refund' json: '{"name":"create_refund"}' }
       definitions { kind: TOOL name: 'list' json: '{"name":"list","annotations":{"readOnlyHint":true}}' }
       definitions { kind: TOOL name: 'wipe' json: '{"name":"wipe","annotations":{"destructiveHint":true}}' }
       definitions { kind: PROMPT name: 'greet' json: '{"name":"greet"}' }
       definitions { kind: RESOURCE name: 'file:///secret/a' json: '{"uri":"file:///secret/a","name":"a"}' }
       definitions { kind: RESOURCE name: 'file:///open' json: '{"uri":"file:///open","name":"o"}' })";

class AuthorizeTest : public testing::Test {
 protected:
  AuthorizeTest() {
    gateway_.PutServer("pay");
    gateway_.PutDefinitions(kOffered);
  }
  void Rules(const std::string& name, const std::string& text) {
    gateway_.Put("PolicySet", "name: '" + name + "' policy_set { " + text + " }");
    gateway_.Publish();
  }
  // A consumer in those groups; the header line of its key.
  std::string CallerIn(const std::string& name, const std::string& groups) {
    const std::string key = gateway_.PutKey(name);
    gateway_.Put("Consumer",
                 "name: '" + name + "' consumer { claims_json: '{\"groups\":[" + groups + "]}' }");
    gateway_.Put("PolicySet",
                 "name: 'keys' policy_set { attach { global: true } rules { id: 'k' authenticate { "
                 "any_of { api_key { } } } } }");
    gateway_.Publish();
    return "X-Api-Key: " + key + "\r\n";
  }
  HttpAnswer Call(const std::string& tool, const std::string& arguments,
                  const std::string& more = "") {
    return gateway_.Post(
        "/pay/mcp",
        ModernRequest("41", "tools/call", R"("name":")" + tool + R"(","arguments":)" + arguments),
        "MCP-Protocol-Version: 2026-07-28\r\nMcp-Method: tools/call\r\nMcp-Name: " + tool + "\r\n" +
            more);
  }
  std::string Ask(const std::string& method, const std::string& params = "",
                  const std::string& more = "") {
    return gateway_
        .Post("/pay/mcp", ModernRequest("41", method, params),
              "MCP-Protocol-Version: 2026-07-28\r\nMcp-Method: " + method + "\r\n" + more)
        .body;
  }

  GatewayFixture gateway_;
};

// Without what differs from call to call.
std::string WithoutId(const std::string& body) {
  const auto at = body.find(R"("request_id":")");
  return at == body.npos ? body : body.substr(0, at) + body.substr(body.find('"', at + 15));
}
std::string Named(std::string body, const std::string& name) {
  const auto at = body.find(name);
  return at == body.npos ? body : body.replace(at, name.size(), "NAME");
}

constexpr const char* kSmallRefunds =
    "attach { server: 'local/pay' } explain: true rules { id: 'small' select { tools: "
    "'create_refund' } authorize { permit_if: \"'refunds' in principal.claims.groups && "
    "args.amount <= 500\" message: 'Refunds above 500 need approval.' } }";

TEST_F(AuthorizeTest, ACallIsDecidedByItsArgumentsAndTheCallersClaims) {
  Rules("pay", kSmallRefunds);
  const std::string alice = CallerIn("alice", "\"refunds\"");
  EXPECT_THAT(Call("create_refund", R"({"amount":500})", alice).body, HasSubstr(R"("result")"));
  const HttpAnswer refused = Call("create_refund", R"({"amount":900})", alice);
  EXPECT_EQ(refused.status, 200);
  EXPECT_THAT(
      refused.body,
      HasSubstr(R"("id":41,"error":{"code":-31403,"message":"Refunds above 500 need approval.")"));
  EXPECT_THAT(refused.body, HasSubstr(R"("reason":"PolicyDenied")"));
  EXPECT_THAT(refused.body, HasSubstr(R"("rule":"small","scope":"server/pay")"));
  EXPECT_EQ(gateway_.LastRecord().rule, "server/pay#small");
  EXPECT_THAT(Call("create_refund", "{}", alice).body, HasSubstr("-31403"));
  EXPECT_THAT(Call("create_refund", R"({"amount":"1"})", alice).body, HasSubstr("-31403"));
  EXPECT_EQ(gateway_.server_calls, 1);
}

TEST_F(AuthorizeTest, AHiddenToolIsAnsweredAsOneThatDoesNotExistByteForByte) {
  Rules("pay", kSmallRefunds);
  const std::string bob = CallerIn("bob", "\"sales\"");
  const std::string hidden = Call("create_refund", R"({"amount":5})", bob).body;
  EXPECT_EQ(gateway_.LastRecord().rule, "server/pay#small");
  const std::string unknown = Call("no_such_tool", R"({"amount":5})", bob).body;
  EXPECT_THAT(hidden, HasSubstr(R"("code":-32602)"));
  EXPECT_EQ(Named(WithoutId(hidden), "create_refund"), Named(WithoutId(unknown), "no_such_tool"));
  EXPECT_EQ(gateway_.server_calls, 0);
}

TEST_F(AuthorizeTest, AListShowsWhatSomeArgumentsWouldPermit) {
  Rules("pay", kSmallRefunds);
  const std::string alice = CallerIn("alice", "\"refunds\"");
  const std::string bob = CallerIn("bob", "\"sales\"");
  const std::string of_alice = Ask("tools/list", "", alice), of_bob = Ask("tools/list", "", bob);
  EXPECT_THAT(of_alice, HasSubstr("create_refund"));
  EXPECT_THAT(of_bob, Not(HasSubstr("create_refund")));
  EXPECT_THAT(of_bob, HasSubstr(R"("tools":[{"name":"list")"));
  EXPECT_THAT(of_bob, HasSubstr(R"("cacheScope":"private")"));
}

TEST_F(AuthorizeTest, WhereNothingCanBeHiddenUnknownNamesGoToTheServer) {
  Rules("pay",
        "attach { server: 'local/pay' } rules { id: 'p' select { prompts: '*' } authorize { "
        "deny_if: 'true' } }");
  EXPECT_THAT(Call("no_such_tool", "{}").body, HasSubstr(R"("result")"));
  EXPECT_THAT(Ask("prompts/get", R"("name":"greet")", "Mcp-Name: greet\r\n"),
              HasSubstr("Unknown prompt: 'greet'."));
  EXPECT_THAT(Ask("prompts/list"), HasSubstr(R"("prompts":[])"));
}

TEST_F(AuthorizeTest, ToolsAreSelectedByTheirAnnotations) {
  Rules("base",
        "attach { global: true } rules { id: 'd' select { annotations { destructive_hint: true } } "
        "authorize { deny_if: \"principal.kind == 'anonymous' && has(args.all)\" } }");
  EXPECT_THAT(Call("wipe", R"({"all":1})").body, HasSubstr("-31403"));
  EXPECT_THAT(Call("wipe", "{}").body, HasSubstr(R"("result")"));
  EXPECT_THAT(Call("list", R"({"all":1})").body, HasSubstr(R"("result")"));
}

TEST_F(AuthorizeTest, AHiddenResourceIsNeitherListedNorFound) {
  Rules("base",
        "attach { global: true } rules { id: 'r' select { resources: 'file:///secret/*' } "
        "authorize { deny_if: \"principal.kind == 'anonymous'\" } }");
  EXPECT_THAT(Ask("resources/list"), Not(HasSubstr("secret")));
  EXPECT_THAT(Ask("resources/list"), HasSubstr("file:///open"));
  auto read = [&](const std::string& uri) {
    return Named(
        WithoutId(Ask("resources/read", R"("uri":")" + uri + "\"", "Mcp-Name: " + uri + "\r\n")),
        uri);
  };
  EXPECT_THAT(read("file:///secret/a"), HasSubstr("-32602"));
  EXPECT_EQ(read("file:///secret/a"), read("file:///nothing"));
  EXPECT_THAT(read("file:///open"), HasSubstr(R"("result")"));
}

TEST_F(AuthorizeTest, OlderCallersGetTheOlderCodeOfAResourceThatIsNotThere) {
  Rules("base",
        "attach { global: true } rules { id: 'r' select { resources: 'file:///secret/*' } "
        "authorize { deny_if: 'true' } }");
  const HttpAnswer hello = gateway_.Post(
      "/pay/mcp",
      R"({"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-06-18","capabilities":{},"clientInfo":{"name":"old","version":"1"}}})");
  const std::string session = hello.Field("Mcp-Session-Id");
  ASSERT_FALSE(session.empty()) << hello.body;
  const HttpAnswer answer = gateway_.Post(
      "/pay/mcp",
      R"({"jsonrpc":"2.0","id":2,"method":"resources/read","params":{"uri":"file:///secret/a"}})",
      "Mcp-Session-Id: " + session + "\r\nMCP-Protocol-Version: 2025-06-18\r\n");
  EXPECT_THAT(answer.body, HasSubstr(R"("code":-32002)"));
  EXPECT_THAT(answer.body, HasSubstr("Resource not found: 'file:///secret/a'."));
}

TEST_F(AuthorizeTest, ASetThatObservesRecordsAndLetsPass) {
  Rules("pay",
        "attach { server: 'local/pay' } mode: OBSERVE rules { id: 'no' authorize { deny_if: "
        "'true' } }");
  EXPECT_THAT(Call("list", "{}").body, HasSubstr(R"("result")"));
  EXPECT_TRUE(gateway_.LastRecord().observed_only);
  EXPECT_EQ(gateway_.LastRecord().rule, "server/pay#no");
  EXPECT_THAT(Ask("tools/list"), HasSubstr("create_refund"));
}

TEST_F(AuthorizeTest, WhatIsDeniedIsChargedNowhere) {
  Rules("pay",
        "attach { server: 'local/pay' } rules { id: 'n' authorize { permit_if: 'args.n == 1' } } "
        "rules { id: 'one' rate_limit { calls: 1 per_s: 60 } }");
  EXPECT_THAT(Call("list", R"({"n":2})").body, HasSubstr("-31403"));
  EXPECT_THAT(Call("list", R"({"n":1})").body, HasSubstr(R"("result")"));
  EXPECT_THAT(Call("list", R"({"n":1})").body, HasSubstr("-31429"));
}

TEST_F(AuthorizeTest, LifecycleCallsAreNeverRefused) {
  Rules("base", "attach { global: true } rules { id: 'all' authorize { deny_if: 'true' } }");
  EXPECT_THAT(Ask("server/discover"), HasSubstr(R"("supportedVersions")"));
  EXPECT_THAT(Ask("tools/list"), HasSubstr(R"("tools":[])"));
}

TEST_F(AuthorizeTest, ALimitCountsWhatItsConditionSays) {
  Rules("pay",
        "attach { server: 'local/pay' } rules { id: 'one' rate_limit { calls: 1 per_s: 60 "
        "when: 'args.n > 5' } }");
  EXPECT_THAT(Call("list", R"({"n":1})").body, HasSubstr(R"("result")"));
  EXPECT_THAT(Call("list", R"({"n":6})").body, HasSubstr(R"("result")"));
  EXPECT_THAT(Call("list", R"({"n":1})").body, HasSubstr(R"("result")"));
  EXPECT_THAT(Call("list", R"({"n":7})").body, HasSubstr("-31429"));
}

TEST_F(AuthorizeTest, ANarrowerLimitStandsInPlaceOfAnOverridableOne) {
  Rules("base",
        "attach { global: true } rules { id: 'one' rate_limit { calls: 1 per_s: 60 "
        "overridable: true } }");
  Rules("pay",
        "attach { server: 'local/pay' } rules { id: 'two' select { tools: 'list' } rate_limit { "
        "calls: 2 per_s: 60 } }");
  EXPECT_THAT(Call("list", "{}").body, HasSubstr(R"("result")"));
  EXPECT_THAT(Call("list", "{}").body, HasSubstr(R"("result")"));
  EXPECT_THAT(Call("list", "{}").body, HasSubstr("-31429"));
  EXPECT_THAT(Call("wipe", "{}").body, HasSubstr(R"("result")"));
  EXPECT_THAT(Call("wipe", "{}").body, HasSubstr("-31429"));
}

}  // namespace
}  // namespace gateway
