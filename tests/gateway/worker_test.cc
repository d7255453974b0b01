#include "gateway/worker.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "tests/gateway/gateway_fixture.h"

namespace gateway {
namespace {

using support::GatewayFixture;
using support::HttpAnswer;
using support::ModernRequest;
using testing::HasSubstr;
using testing::Not;

constexpr const char* kModern = "MCP-Protocol-Version: 2026-07-28\r\n";
constexpr const char* kTwoTools =
    R"(server: 'local/pay' info { protocol_revisions: '2026-07-28' capabilities_json: '{"tools":{}}' }
       definitions { kind: TOOL name: 'a' json: '{"name":"a", "x-odd" : 1.0}' }
       definitions { kind: TOOL name: 'b' json: '{"name":"b"}' })";

std::string Get(const GatewayFixture& gateway, const std::string& path,
                const std::string& more = "") {
  return "GET " + path + " HTTP/1.1\r\nHost: " + gateway.host() + "\r\n" + more + "\r\n";
}

class WorkerTest : public testing::Test {
 protected:
  WorkerTest() {
    gateway_.PutServer("pay");
    gateway_.Publish();
  }
  HttpAnswer Call(const std::string& more = "") { return gateway_.CallTool("/pay/mcp", "a", more); }
  // In force at once.
  void PutPolicy(const std::string& set) {
    gateway_.Put("PolicySet", "name: 'base' policy_set { " + set + " }");
    gateway_.Publish();
  }

  GatewayFixture gateway_;
};

TEST_F(WorkerTest, ACallGoesToTheServerAndItsAnswerComesBack) {
  const HttpAnswer answer = Call();
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(
      answer.body,
      R"({"jsonrpc":"2.0","id":41,"result":{"content":[{"type":"text","text":"hello"}],"resultType":"complete"}})");
  EXPECT_EQ(answer.Field("X-Request-Id").size(), 26u);
}

TEST_F(WorkerTest, ATrailingSlashIsServed) {
  EXPECT_EQ(gateway_.CallTool("/pay/mcp/", "a").status, 200);
}

TEST_F(WorkerTest, TheCallersRequestIdIsKeptWhenItIsFitToBeRepeated) {
  EXPECT_EQ(Call("X-Request-Id: abc-1\r\n").Field("X-Request-Id"), "abc-1");
  EXPECT_NE(Call("X-Request-Id: <b>\r\n").Field("X-Request-Id"), "<b>");
}

TEST_F(WorkerTest, AnUnknownPathIsNotFound) {
  const HttpAnswer answer = gateway_.CallTool("/nobody/mcp", "a");
  EXPECT_EQ(answer.status, 404);
  EXPECT_THAT(answer.body, HasSubstr(R"("id":null,"error":{"code":-31404)"));
  EXPECT_EQ(gateway_.CallTool("/mcp", "a").status, 404);
  EXPECT_EQ(gateway_.CallTool("/pay/x/mcp", "a").status, 404);
}

TEST(WorkerWithoutCatalogTest, SaysThatItIsNotReadyInsteadOfNotFound) {
  const GatewayFixture gateway;
  const HttpAnswer answer = gateway.CallTool("/pay/mcp", "a");
  EXPECT_EQ(answer.status, 503);
  EXPECT_EQ(answer.Field("Retry-After"), "1");
  EXPECT_THAT(answer.body, HasSubstr(R"("id":null,"error":{"code":-31503)"));
}

TEST_F(WorkerTest, ARateLimitAnswersAsPoliciesWritten) {
  PutPolicy(
      "attach { global: true } rules { id: 'burst' select { methods: 'tools/call' } rate_limit { "
      "calls: 2 per_s: 60 } }");
  EXPECT_EQ(Call().status, 200);
  EXPECT_EQ(Call().status, 200);
  const HttpAnswer answer = Call("X-Request-Id: r1\r\n");
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.Field("Retry-After"), "60");
  EXPECT_EQ(answer.Field("RateLimit-Policy"), R"("burst";q=2;w=60)");
  EXPECT_EQ(answer.Field("RateLimit"), R"("burst";r=0;t=60)");
  EXPECT_EQ(
      answer.body,
      R"({"jsonrpc":"2.0","id":41,"error":{"code":-31429,"message":"Rate limit of 2 calls per 60 s for tool 'a' reached. Retry in 60 s.","data":{"reason":"RateLimitExceeded","kind":"rate","retry_after_s":60,"limit":2,"remaining":0,"request_id":"r1"}}})");
  EXPECT_EQ(gateway_.server_calls, 2);
  const mcp::Record record = gateway_.LastRecord();
  EXPECT_EQ(record.outcome, mcp::Outcome::kRefused);
  EXPECT_EQ(record.rule, "global/base#burst");
  EXPECT_EQ(record.item, "a");
}

TEST_F(WorkerTest, StyleHttpUsesTheStatusThatFits) {
  PutPolicy(
      "attach { global: true } errors: HTTP explain: true rules { id: 'burst' rate_limit { calls: "
      "1 per_s: 60 } }");
  EXPECT_EQ(Call().status, 200);
  const HttpAnswer answer = Call();
  EXPECT_EQ(answer.status, 429);
  EXPECT_THAT(answer.body, HasSubstr(R"("rule":"burst","scope":"global/base")"));
}

TEST_F(WorkerTest, LimitsNeverRefuseDiscovery) {
  PutPolicy("attach { global: true } rules { id: 'burst' rate_limit { calls: 1 per_s: 60 } }");
  Call();
  for (int i = 0; i < 3; ++i) {
    const HttpAnswer answer =
        gateway_.Post("/pay/mcp", ModernRequest("1", "server/discover", ""),
                      std::string(kModern) + "Mcp-Method: server/discover\r\n");
    EXPECT_THAT(answer.body, HasSubstr("\"result\""));
  }
}

TEST_F(WorkerTest, AChangedLimitIsInForceAtOnceAndForgetsNothing) {
  PutPolicy("attach { global: true } rules { id: 'burst' rate_limit { calls: 1 per_s: 60 } }");
  Call();
  EXPECT_THAT(Call().body, HasSubstr("-31429"));
  PutPolicy("attach { global: true } rules { id: 'burst' rate_limit { calls: 2 per_s: 60 } }");
  EXPECT_THAT(Call().body, HasSubstr("hello"));
  EXPECT_THAT(Call().body, HasSubstr("-31429"));
}

TEST_F(WorkerTest, AKeyMayAskWhatTheCallBrings) {
  PutPolicy(
      "attach { global: true } rules { id: 'team' rate_limit { calls: 1 per_s: 60 key: "
      "\"request.headers['x-team'] + '/' + args.project + '/' + request.protocol\" } }");
  const auto call = [&](const std::string& team, const std::string& project) {
    const std::string params = R"("name":"a","arguments":{"project":")" + project + "\"}";
    return gateway_.Post(
        "/pay/mcp", ModernRequest("41", "tools/call", params),
        std::string(kModern) + "Mcp-Method: tools/call\r\nMcp-Name: a\r\nX-Team: " + team + "\r\n");
  };
  EXPECT_THAT(call("red", "one").body, HasSubstr("hello"));
  EXPECT_THAT(call("blue", "one").body, HasSubstr("hello"));
  EXPECT_THAT(call("red", "two").body, HasSubstr("hello"));
  EXPECT_THAT(call("red", "one").body, HasSubstr("-31429"));
}

TEST_F(WorkerTest, AConsumersOwnLimitHoldsForItAlone) {
  const std::string alice = gateway_.PutKey("alice"), bob = gateway_.PutKey("bob");
  PutPolicy("attach { consumer: 'alice' } rules { id: 'slow' rate_limit { calls: 1 per_s: 60 } }");
  EXPECT_THAT(Call("X-Api-Key: " + alice + "\r\n").body, HasSubstr("hello"));
  EXPECT_THAT(Call("X-Api-Key: " + alice + "\r\n").body, HasSubstr("-31429"));
  EXPECT_THAT(Call("X-Api-Key: " + bob + "\r\n").body, HasSubstr("hello"));
  PutPolicy("attach { consumer: 'alice' } rules { id: 'net' ip { deny: '127.0.0.1' } }");
  EXPECT_THAT(Call("X-Api-Key: " + alice + "\r\n").body, HasSubstr("AddressDenied"));
}

TEST_F(WorkerTest, ListsAreAnsweredFromTheDefinitionsByteForByte) {
  gateway_.PutDefinitions(kTwoTools);
  gateway_.Publish();
  const HttpAnswer answer = gateway_.Post("/pay/mcp", ModernRequest("\"x\"", "tools/list", ""),
                                          std::string(kModern) + "Mcp-Method: tools/list\r\n");
  EXPECT_EQ(answer.status, 200);
  EXPECT_THAT(
      answer.body,
      HasSubstr(R"("id":"x","result":{"tools":[{"name":"a", "x-odd" : 1.0},{"name":"b"}])"));
  EXPECT_THAT(answer.body, HasSubstr(R"("resultType":"complete")"));
  EXPECT_THAT(answer.body, HasSubstr(R"("ttlMs":)"));
  EXPECT_EQ(gateway_.server_calls, 0);
}

TEST_F(WorkerTest, AListOfWhatTheServerDoesNotOfferIsNoMethodOfIt) {
  gateway_.PutDefinitions(kTwoTools);
  gateway_.Publish();
  const HttpAnswer answer = gateway_.Post("/pay/mcp", ModernRequest("1", "prompts/list", ""),
                                          std::string(kModern) + "Mcp-Method: prompts/list\r\n");
  EXPECT_EQ(answer.status, 404);
  EXPECT_THAT(answer.body, HasSubstr("-32601"));
}

TEST_F(WorkerTest, ACallerOfTheOtherEraIsToldOfAllButTasks) {
  gateway_.PutDefinitions(R"(server: 'local/pay' info { protocol_revisions: '2025-11-25'
      capabilities_json: '{"prompts":{"listChanged":true},"tasks":{},"tools":{}}' }
      definitions { kind: PROMPT name: 'p' json: '{"name":"p"}' })");
  gateway_.Publish();
  const HttpAnswer modern = gateway_.Post("/pay/mcp", ModernRequest("1", "server/discover", ""),
                                          std::string(kModern) + "Mcp-Method: server/discover\r\n");
  EXPECT_THAT(modern.body,
              HasSubstr(R"("capabilities":{"prompts":{"listChanged":true},"tools":{}})"));
  const HttpAnswer older = gateway_.Post(
      "/pay/mcp",
      R"({"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"old","version":"1"}}})");
  EXPECT_THAT(older.body, HasSubstr(R"("tasks":{})"));
}

constexpr const char* kToolWithHeader =
    R"(server: 'local/pay' info { protocol_revisions: '2026-07-28' capabilities_json: '{"tools":{}}' }
       definitions { kind: TOOL name: 'a' json: '{"name":"a","inputSchema":{"type":"object",'
       '"properties":{"region":{"type":"string","x-mcp-header":"Region"}}}}' })";

TEST_F(WorkerTest, AModernCallersHeadersMustSayWhatTheArgumentsSay) {
  gateway_.PutDefinitions(kToolWithHeader);
  gateway_.Publish();
  const std::string body =
      ModernRequest("1", "tools/call", R"("name":"a","arguments":{"region":"eu"})");
  const std::string head = std::string(kModern) + "Mcp-Method: tools/call\r\nMcp-Name: a\r\n";
  const HttpAnswer wrong = gateway_.Post("/pay/mcp", body, head + "Mcp-Param-Region: us\r\n");
  EXPECT_EQ(wrong.status, 400);
  EXPECT_THAT(wrong.body, HasSubstr("-32020"));
  EXPECT_EQ(gateway_.server_calls, 0);
  EXPECT_EQ(gateway_.Post("/pay/mcp", body, head + "Mcp-Param-Region: eu\r\n").status, 200);
}

TEST_F(WorkerTest, ForAnOlderCallerTheArgumentsAreRepeatedInTheHead) {
  gateway_.PutDefinitions(kToolWithHeader);
  gateway_.Publish();
  std::string seen;
  gateway_.server = [&](mcp::Call& call, base::Loop&) -> base::Task<mcp::Response> {
    for (const base::http::Field& field : call.fields->all()) {
      if (field.name.starts_with("Mcp-Param")) seen += std::string(field.value) + ";";
    }
    co_return mcp::Response::Message(R"({"jsonrpc":"2.0","id":1,"result":{}})");
  };
  const HttpAnswer opened = gateway_.Post(
      "/pay/mcp",
      R"({"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"old","version":"1"}}})");
  gateway_.Post(
      "/pay/mcp",
      R"({"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"a","arguments":{"region":"eu"}}})",
      "Mcp-Session-Id: " + opened.Field("Mcp-Session-Id") + "\r\nMcp-Param-Region: forged\r\n");
  EXPECT_EQ(seen, "eu;");
}

TEST_F(WorkerTest, AListThatIsNotKnownYetIsAskedOfTheServer) {
  gateway_.Post("/pay/mcp", ModernRequest("1", "tools/list", ""),
                std::string(kModern) + "Mcp-Method: tools/list\r\n");
  EXPECT_EQ(gateway_.server_calls, 1);
}

TEST_F(WorkerTest, ListsPerPrincipalAreAskedOfTheServerForEachAndNeverTakenFromTheCatalog) {
  gateway_.server = [](mcp::Call& call, base::Loop&) -> base::Task<mcp::Response> {
    std::string list = R"({"tools":[{"name":")" + call.principal.id +
                       R"("}],"resultType":"complete","ttlMs":0,"cacheScope":"private"})";
    co_return mcp::Response::Message(support::ResultMessage(call, list));
  };
  gateway_.PutServer("pay", "approval: APPROVED definitions: PER_PRINCIPAL");
  gateway_.PutDefinitions(kTwoTools);
  const std::string alice = gateway_.PutKey("alice"), bob = gateway_.PutKey("bob");
  gateway_.Publish();
  const auto ask = [&](const std::string& method, const std::string& key) {
    return gateway_
        .Post("/pay/mcp", ModernRequest("1", method, ""),
              std::string(kModern) + "Mcp-Method: " + method + "\r\nX-Api-Key: " + key + "\r\n")
        .body;
  };
  EXPECT_THAT(ask("tools/list", alice), HasSubstr(R"("tools":[{"name":"consumer/alice"}])"));
  EXPECT_THAT(ask("tools/list", bob), HasSubstr(R"("tools":[{"name":"consumer/bob"}])"));
  EXPECT_EQ(gateway_.server_calls, 2);
  // What it is, it is for everybody.
  EXPECT_THAT(ask("server/discover", bob), HasSubstr("supportedVersions"));
  EXPECT_EQ(gateway_.server_calls, 2);
}

TEST_F(WorkerTest, AServerThatWaitsForApprovalShowsNothingAndIsNotCalled) {
  gateway_.PutServer("pay", "approval: PENDING");
  gateway_.PutDefinitions(kTwoTools);
  gateway_.Publish();
  const HttpAnswer list = gateway_.Post("/pay/mcp", ModernRequest("1", "tools/list", ""),
                                        std::string(kModern) + "Mcp-Method: tools/list\r\n");
  EXPECT_THAT(list.body, HasSubstr(R"("tools":[])"));
  const HttpAnswer discover =
      gateway_.Post("/pay/mcp", ModernRequest("1", "server/discover", ""),
                    std::string(kModern) + "Mcp-Method: server/discover\r\n");
  EXPECT_THAT(discover.body, HasSubstr("supportedVersions"));
  const HttpAnswer call = Call();
  EXPECT_EQ(call.status, 200);
  EXPECT_THAT(call.body, HasSubstr(R"("id":41,"error":{"code":-31409)"));
  EXPECT_EQ(gateway_.server_calls, 0);
}

TEST_F(WorkerTest, ARetiredServerIsGoneForEveryVerb) {
  gateway_.PutServer("pay", "approval: APPROVED lifecycle: RETIRED");
  gateway_.Publish();
  const HttpAnswer answer = Call();
  EXPECT_EQ(answer.status, 410);
  EXPECT_THAT(answer.body, HasSubstr("-31410"));
  EXPECT_EQ(answer.Field("Sunset"), "Mon, 21 Sep 2026 14:13:20 GMT");
  EXPECT_EQ(gateway_.Send(Get(gateway_, "/pay/mcp")).status, 410);
}

TEST_F(WorkerTest, ADeprecatedServerSaysSo) {
  gateway_.PutServer("pay", "approval: APPROVED lifecycle: DEPRECATED");
  gateway_.Publish();
  EXPECT_EQ(Call().Field("Deprecation"), "@1790000000");
}

TEST_F(WorkerTest, SinceWhenItIsDeprecatedIsNotWhenItLastChanged) {
  gateway_.PutServer("pay",
                     "approval: APPROVED lifecycle: DEPRECATED ending_since_ms: 1780000000000");
  gateway_.Publish();
  EXPECT_EQ(Call().Field("Deprecation"), "@1780000000");
}

TEST_F(WorkerTest, TheDayAndTheSuccessorOfADeprecatedServerGoWithEveryAnswer) {
  gateway_.PutServer("pay",
                     "approval: APPROVED lifecycle: DEPRECATED sunset: '2027-01-01'"
                     " successor: 'local/pay2'");
  gateway_.PutServer("pay2", "approval: APPROVED");
  gateway_.Publish();
  for (const HttpAnswer& answer : {Call(), gateway_.Post("/pay/mcp", "{", kModern),
                                   gateway_.Send(Get(gateway_, "/pay/mcp"))}) {
    EXPECT_EQ(answer.Field("Sunset"), "Fri, 01 Jan 2027 00:00:00 GMT");
    EXPECT_EQ(answer.Field("Link"), "</pay2/mcp>; rel=\"successor-version\"");
    EXPECT_EQ(answer.Field("Deprecation"), "@1790000000");
  }
  EXPECT_EQ(gateway_.CallTool("/pay2/mcp", "a").Field("Link"), "");
}

TEST_F(WorkerTest, ARetiredServerNamesItsSuccessorWhileThatIsServed) {
  gateway_.PutServer("pay", "approval: APPROVED lifecycle: RETIRED successor: 'local/pay2'");
  gateway_.PutServer("pay2", "approval: APPROVED");
  gateway_.Publish();
  EXPECT_EQ(Call().Field("Link"), "</pay2/mcp>; rel=\"successor-version\"");
  gateway_.PutServer("pay2", "approval: REJECTED");
  gateway_.Publish();
  EXPECT_EQ(Call().status, 410);
  EXPECT_EQ(Call().Field("Link"), "");
}

TEST_F(WorkerTest, ASuccessorThatTheCallerMayNotSeeIsNotNamed) {
  const std::string alice = gateway_.PutKey("alice");
  const std::string bob = gateway_.PutKey("bob");
  gateway_.PutServer("pay2", "approval: APPROVED visibility { audiences: 'consumer:alice' }");
  for (const std::string stage : {"DEPRECATED", "RETIRED"}) {
    gateway_.PutServer("pay",
                       "approval: APPROVED lifecycle: " + stage + " successor: 'local/pay2'");
    gateway_.Publish();
    EXPECT_EQ(gateway_.CallTool("/pay/mcp", "a", "X-Api-Key: " + alice + "\r\n").Field("Link"),
              "</pay2/mcp>; rel=\"successor-version\"");
    EXPECT_EQ(gateway_.CallTool("/pay/mcp", "a", "X-Api-Key: " + bob + "\r\n").Field("Link"), "");
    EXPECT_EQ(Call().Field("Link"), "");
  }
}

TEST_F(WorkerTest, ARejectedServerSaysThatItWasRejected) {
  gateway_.PutServer("pay", "approval: REJECTED");
  gateway_.Publish();
  EXPECT_THAT(Call().body, HasSubstr("ApprovalRejected"));
}

TEST_F(WorkerTest, ARemovedServerIsNotFound) {
  gateway_.Delete("Server", "local/pay");
  gateway_.Publish();
  EXPECT_EQ(Call().status, 404);
}

TEST_F(WorkerTest, AnOldBasePathStillLeadsThere) {
  gateway_.PutServer("pay", "approval: APPROVED base_path_aliases: 'old'");
  gateway_.Publish();
  EXPECT_EQ(gateway_.CallTool("/old/mcp", "a").status, 200);
}

TEST_F(WorkerTest, ProbesOfOauthClientsAreAnsweredAndNeverForwarded) {
  for (const char* path :
       {"/.well-known/oauth-protected-resource/pay/mcp", "/.well-known/oauth-protected-resource",
        "/.well-known/oauth-authorization-server/pay/mcp", "/.well-known/openid-configuration",
        "/pay/mcp/.well-known/openid-configuration"}) {
    const HttpAnswer answer = gateway_.Send(Get(gateway_, path));
    EXPECT_EQ(answer.status, 404) << path;
    EXPECT_THAT(answer.body, Not(HasSubstr("404"))) << path;
  }
  const HttpAnswer registered = gateway_.Post("/register", "{}");
  EXPECT_EQ(registered.status, 400);
  EXPECT_THAT(registered.body, HasSubstr(R"("error":"invalid_client_metadata")"));
  EXPECT_EQ(gateway_.server_calls, 0);
}

TEST_F(WorkerTest, ABodyOverTheCapIsRefusedAndTheWorkerServesOn) {
  EXPECT_EQ(gateway_.Post("/pay/mcp", std::string(5 * 1024 * 1024, 'x'), kModern).status, 413);
  EXPECT_EQ(Call().status, 200);
}

TEST_F(WorkerTest, AnOlderClientHasASessionOnItsEndpointUntilItEndsIt) {
  gateway_.PutServer("other");
  gateway_.PutDefinitions(kTwoTools);
  gateway_.Publish();
  const HttpAnswer hello = gateway_.Post(
      "/pay/mcp",
      R"({"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"old","version":"1"}}})");
  EXPECT_EQ(hello.status, 200);
  EXPECT_THAT(hello.body, HasSubstr(R"("protocolVersion":"2025-11-25")"));
  const std::string session = "Mcp-Session-Id: " + hello.Field("Mcp-Session-Id") + "\r\n";
  const std::string list = R"({"jsonrpc":"2.0","id":1,"method":"tools/list"})";
  const std::string version = "MCP-Protocol-Version: 2025-11-25\r\n";
  EXPECT_THAT(gateway_.Post("/pay/mcp", list, version + session).body,
              HasSubstr(R"({"name":"b"})"));
  EXPECT_EQ(gateway_.LastRecord().client_name, "old");
  EXPECT_EQ(gateway_.Post("/other/mcp", list, version + session).status, 404);
  EXPECT_EQ(gateway_.Post("/pay/mcp", list, version).status, 400);
  const std::string alice = gateway_.PutKey("alice");
  gateway_.Publish();
  EXPECT_EQ(
      gateway_.Post("/pay/mcp", list, version + session + "X-Api-Key: " + alice + "\r\n").status,
      404);
  EXPECT_EQ(gateway_
                .Send("DELETE /pay/mcp HTTP/1.1\r\nHost: " + gateway_.host() + "\r\n" + version +
                      session + "\r\n")
                .status,
            200);
  EXPECT_EQ(gateway_.Post("/pay/mcp", list, version + session).status, 404);
}

TEST_F(WorkerTest, EveryRefusalIsWrittenDown) {
  gateway_.CallTool("/nobody/mcp", "a",
                    "traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\r\n");
  const mcp::Record record = gateway_.LastRecord();
  EXPECT_EQ(record.outcome, mcp::Outcome::kRefused);
  EXPECT_EQ(record.reason, "PathUnknown");
  EXPECT_EQ(record.http_status, 404);
  EXPECT_EQ(record.trace_id, "0af7651916cd43dd8448eb211c80319c");
  EXPECT_EQ(record.peer_address, "127.0.0.1");
}

TEST(WorkersTest, ALimitIsExactAcrossWorkersWhileSnapshotsArrive) {
  GatewayFixture::Options options;
  options.workers = 4;
  GatewayFixture gateway(options);
  gateway.PutServer("pay");
  const std::string policy =
      "name: 'base' policy_set { attach { global: true } rules { id: 'burst' rate_limit { calls: "
      "100 per_s: 600 } } }";
  gateway.Put("PolicySet", policy);
  gateway.Publish();
  std::atomic<int> admitted = 0, refused = 0;
  std::vector<std::thread> callers;
  for (int t = 0; t < 32; ++t) {
    callers.emplace_back([&] {
      for (int i = 0; i < 10; ++i) {
        const HttpAnswer answer = gateway.CallTool("/pay/mcp", "a");
        admitted += answer.body.find("hello") != std::string::npos;
        refused += answer.body.find("-31429") != std::string::npos;
      }
    });
  }
  for (int i = 0; i < 20; ++i) {
    gateway.Put("PolicySet", policy);
    gateway.Publish();
  }
  for (std::thread& caller : callers) caller.join();
  EXPECT_EQ(admitted, 100);
  EXPECT_EQ(refused, 220);
  EXPECT_EQ(gateway.server_calls, 100);
}

TEST_F(WorkerTest, WhatIsNoMessageIsRefusedAndTheWorkerServesOn) {
  const std::string same_key_twice =
      R"({"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"a","name":"b","arguments":{}}})";
  EXPECT_THAT(gateway_.Post("/pay/mcp", "{", kModern).body, HasSubstr("-32700"));
  EXPECT_THAT(gateway_.Post("/pay/mcp", same_key_twice, kModern).body, HasSubstr("-32600"));
  EXPECT_THAT(
      gateway_.Post("/pay/mcp", "[" + ModernRequest("1", "tools/list", "") + "]", kModern).body,
      HasSubstr("-32600"));
  EXPECT_THAT(gateway_.CallTool("/pay/mcp", "a\",\"arguments\":{},\"name\":\"b").body,
              HasSubstr("error"));
  EXPECT_EQ(gateway_.server_calls, 0);
  EXPECT_EQ(Call().status, 200);
}

TEST_F(WorkerTest, HeadersThatDifferFromTheBodyAreRefused) {
  const HttpAnswer answer =
      gateway_.Post("/pay/mcp", ModernRequest("7", "tools/call", R"("name":"a","arguments":{})"),
                    std::string(kModern) + "Mcp-Method: tools/call\r\nMcp-Name: harmless\r\n");
  EXPECT_EQ(answer.status, 400);
  EXPECT_THAT(answer.body, HasSubstr(R"("id":7,"error":{"code":-32020)"));
  EXPECT_EQ(gateway_.server_calls, 0);
}

}  // namespace
}  // namespace gateway
