// How servers are asked: the bounds and the header lines of rules `upstream`, over real sockets.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <future>

#include "gateway/backends/forwarded_fields.h"
#include "tests/gateway/gateway_fixture.h"
#include "tests/gateway/real_server.h"
#include "tests/support/raw_socket.h"

namespace gateway {
namespace {

using support::GatewayFixture;
using support::HttpAnswer;
using support::RealServer;
using testing::HasSubstr;
using testing::Not;
using Request = RealServer::Request;

class GatewayUpstreamTest : public testing::Test {
 protected:
  void Serve(const std::string& url) { gateway_.Put("Server", support::ServerAt("echo", url)); }
  void Rule(const std::string& upstream, const std::string& more = "") {
    gateway_.Put("PolicySet", "name: 'base' policy_set { attach { global: true } " + more +
                                  " rules { id: 'up' upstream { " + upstream + " } } }");
    gateway_.Publish();
  }
  HttpAnswer Call(const std::string& more = "") {
    return gateway_.CallTool("/echo/mcp", "add", more);
  }

  GatewayFixture gateway_{{.real_servers = true}};
};

base::Task<void> BeginEvents(base::http::Exchange& exchange) {
  co_await support::StartEvents(exchange);
  std::string event =
      R"({"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":1,"progress":1}})";
  co_await support::WriteEvent(exchange, std::move(event));
}

// ---- Bounds

TEST_F(GatewayUpstreamTest, AServerThatCannotBeConnectedToInTimeIsOneThatCannotBeReached) {
  // Takes the connection and says nothing to the TLS handshake.
  test_support::RawListener mute;
  Serve("https://127.0.0.1:" + std::to_string(mute.port()) + "/mcp");
  Rule("timeout { connect_ms: 100 }");
  const HttpAnswer answer = Call();
  EXPECT_THAT(answer.body, HasSubstr("-31504"));
  EXPECT_THAT(answer.body, HasSubstr("Server 'local/echo' could not be reached in time."));
  const mcp::Record record = gateway_.LastRecord();
  ASSERT_EQ(record.attempts.size(), 1u);
  EXPECT_EQ(record.attempts[0].failure, mcp::UpstreamFailure::kConnect);
  EXPECT_TRUE(record.attempts[0].nothing_sent);
}

TEST_F(GatewayUpstreamTest, AServerThatDoesNotBeginToAnswerIsGivenUpAfterItsFirstByte) {
  RealServer* self = nullptr;
  RealServer server([&](base::http::Exchange& exchange, const Request&, int) {
    return self->SayNothing(exchange);
  });
  self = &server;
  Serve(server.url());
  Rule("timeout { first_byte_ms: 100 }");
  const HttpAnswer answer = Call();
  EXPECT_THAT(answer.body, HasSubstr("-31504"));
  EXPECT_THAT(answer.body, HasSubstr("did not begin to answer in time. Ask for less at a time, or "
                                     "have timeout.first_byte_ms of its policy"));
  EXPECT_EQ(gateway_.LastRecord().attempts[0].failure, mcp::UpstreamFailure::kTimedOut);
}

TEST_F(GatewayUpstreamTest, AServerThatFallsSilentInMidAnswerIsGivenUpAfterItsIdleTime) {
  RealServer* self = nullptr;
  RealServer server([&](base::http::Exchange& exchange, const Request&, int) -> base::Task<void> {
    co_await BeginEvents(exchange);
    co_await self->SayNothing(exchange);
  });
  self = &server;
  Serve(server.url());
  Rule("timeout { idle_ms: 100 }");
  const HttpAnswer answer = Call();
  EXPECT_THAT(answer.body, HasSubstr("notifications/progress"));
  EXPECT_THAT(answer.body, HasSubstr("-31504"));
  EXPECT_THAT(answer.body, HasSubstr("sent nothing for too long in the middle of its answer."));
  EXPECT_EQ(gateway_.LastRecord().attempts[0].failure, mcp::UpstreamFailure::kTimedOut);
}

TEST_F(GatewayUpstreamTest, AnAnswerThatGoesOnForEverEndsAfterItsTotalTime) {
  RealServer* self = nullptr;
  RealServer server([&](base::http::Exchange& exchange, const Request&, int) -> base::Task<void> {
    bool going = true;
    while (going) {
      if (!exchange.response_started()) co_await BeginEvents(exchange);
      co_await support::WriteEvent(exchange, R"({"jsonrpc":"2.0","method":"notifications/a"})");
      going = co_await self->loop().timers.Sleep(std::chrono::milliseconds(10), exchange.cancel());
    }
  });
  self = &server;
  Serve(server.url());
  Rule("timeout { total_ms: 200 idle_ms: 10000 }");
  EXPECT_THAT(Call().body, HasSubstr("did not finish its answer within 200 ms."));
}

TEST_F(GatewayUpstreamTest, SlowEventsWithProgressAreNotCutOff) {
  RealServer* self = nullptr;
  RealServer server([&](base::http::Exchange& exchange, const Request& request,
                        int) -> base::Task<void> {
    co_await BeginEvents(exchange);
    for (int i = 0; i < 6; ++i) {
      (void)co_await self->loop().timers.Sleep(std::chrono::milliseconds(250), exchange.cancel());
      co_await support::WriteEvent(exchange, R"({"jsonrpc":"2.0","method":"notifications/a"})");
    }
    std::string result = support::ResultFor(request, R"({"content":[]})");
    co_await support::WriteEvent(exchange, std::move(result));
    (void)co_await exchange.FinishStream();
  });
  self = &server;
  Serve(server.url());
  Rule("timeout { idle_ms: 1000 first_byte_ms: 1000 }");
  EXPECT_THAT(Call().body, HasSubstr(R"("content":[])"));
}

TEST_F(GatewayUpstreamTest, EachBoundIsTheNarrowestThatSaysIt) {
  RealServer* self = nullptr;
  RealServer server([&](base::http::Exchange& exchange, const Request&, int) {
    return self->SayNothing(exchange);
  });
  self = &server;
  Serve(server.url());
  gateway_.Put("PolicySet",
               "name: 'narrow' policy_set { attach { server: 'local/echo' } rules { id: 'up' "
               "upstream { timeout { total_ms: 150 } } } }");
  Rule("timeout { first_byte_ms: 60000 total_ms: 60000 }");
  EXPECT_THAT(Call().body, HasSubstr("within 150 ms."));
}

TEST_F(GatewayUpstreamTest, AChangedPolicyDropsNothingThatRuns) {
  RealServer* self = nullptr;
  std::promise<void> begun;
  std::atomic<bool> may_end = false;
  RealServer server([&](base::http::Exchange& exchange, const Request& request,
                        int) -> base::Task<void> {
    co_await BeginEvents(exchange);
    begun.set_value();
    while (!may_end) {
      (void)co_await self->loop().timers.Sleep(std::chrono::milliseconds(10), exchange.cancel());
    }
    std::string result = support::ResultFor(request, R"({"content":[]})");
    co_await support::WriteEvent(exchange, std::move(result));
    (void)co_await exchange.FinishStream();
  });
  self = &server;
  Serve(server.url());
  Rule("timeout { total_ms: 60000 } retry { attempts: 1 } breaker { }");
  auto answer = std::async(std::launch::async, [this] { return Call(); });
  begun.get_future().wait();
  Rule("timeout { total_ms: 1 }");
  may_end = true;
  EXPECT_THAT(answer.get().body, HasSubstr(R"("content":[])"));
}

// ---- Header lines

TEST_F(GatewayUpstreamTest, LinesAreSetAppendedKeptRemovedAndForwarded) {
  RealServer server;
  Serve(server.url());
  Rule(R"(headers {
    forward: 'Accept-Language' forward: 'X-Twice' forward: 'X-Mine'
    set { name: 'X-Caller' value: "principal.kind + '/' + tool.name" }
    set { name: 'X-Twice' value: "'ours'" if_there: APPEND }
    set { name: 'X-Mine' value: "'ours'" if_there: KEEP }
    set { name: 'X-Default' value: "'ours'" if_there: KEEP }
    remove: 'tracestate' remove: 'Cookie' })");
  const HttpAnswer answer = Call(
      "Accept-Language: de\r\nX-Caller: forged\r\nX-Twice: theirs\r\nX-Mine: theirs\r\n"
      "X-Other: theirs\r\ntraceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
      "\r\ntracestate: a=b\r\n");
  EXPECT_EQ(answer.status, 200);
  const std::vector<Request> requests = server.requests();
  ASSERT_EQ(requests.size(), 1u);
  const Request& seen = requests[0];
  EXPECT_EQ(seen.Field("accept-language"), "de");
  EXPECT_EQ(seen.Field("x-caller"), "anonymous/add");
  EXPECT_EQ(seen.Field("x-mine"), "theirs");
  EXPECT_EQ(seen.Field("x-default"), "ours");
  EXPECT_EQ(seen.Field("x-other"), "");
  EXPECT_EQ(seen.Field("tracestate"), "");
  EXPECT_THAT(seen.Field("traceparent"), HasSubstr("4bf92f3577b34da6a3ce929d0e0e4736"));
  // Both lines go; the scripted server keeps the last of a name.
  EXPECT_EQ(seen.Field("x-twice"), "ours");
}

TEST_F(GatewayUpstreamTest, OfOneNameTheNarrowestScopeDecides) {
  RealServer server;
  Serve(server.url());
  gateway_.Put("PolicySet", R"(name: 'narrow' policy_set { attach { server: 'local/echo' }
    rules { id: 'up' upstream { headers { remove: 'X-Team' forward: 'X-Trace' } } } })");
  Rule(R"(headers { set { name: 'X-Team' value: "'wide'" } remove: 'X-Trace'
                    set { name: 'X-Region' value: "'eu'" } })");
  Call("X-Trace: 7\r\n");
  const Request seen = server.requests().at(0);
  EXPECT_EQ(seen.Field("x-team"), "");
  EXPECT_EQ(seen.Field("x-trace"), "7");
  EXPECT_EQ(seen.Field("x-region"), "eu");
}

TEST_F(GatewayUpstreamTest, TheCallersAuthorizationNeverTravelsEvenWhenForwarded) {
  RealServer server;
  Serve(server.url());
  const std::string key = gateway_.PutKey("anna");
  gateway_.Put("PolicySet", R"(name: 'auth' policy_set { attach { global: true } rules { id: 'who'
    authenticate { any_of { api_key { header: 'X-Secret' } } } } })");
  Rule(R"(headers { forward: 'X-Secret' remove: 'Authorization' remove: 'Cookie'
                    set { name: 'X-Copy' value: "request.headers['x-secret']" }
                    set { name: 'X-Hidden' value: "'k=' + request.headers['x-secret']" }
                    set { name: 'X-Token' value: "request.headers['authorization']" } })");
  EXPECT_EQ(Call("X-Secret: " + key + "\r\nCookie: a=b\r\n").status, 200);
  EXPECT_EQ(Call("Authorization: Bearer " + key + "\r\n").status, 200);
  const std::vector<Request> requests = server.requests();
  ASSERT_EQ(requests.size(), 2u);
  for (const Request& seen : requests) {
    EXPECT_EQ(seen.Field("cookie"), "");
    for (const auto& [name, value] : seen.fields) EXPECT_THAT(value, Not(HasSubstr(key))) << name;
  }
}

TEST(ForwardedFieldsTest, ProofsAndSessionsTravelNowhereWhateverTheTermsSay) {
  support::TestCall test(R"({"jsonrpc":"2.0","id":1,"method":"tools/list"})", mcp::kLatest);
  for (const char* name : {"Authorization", "Cookie", "Mcp-Session-Id", "Proxy-Authorization"})
    test.fields.Add(name, "secret");
  test.fields.Add("Accept-Language", "de");
  mcp::Call call = test.Make();
  auto terms = std::make_shared<mcp::UpstreamTerms>();
  terms->forward = {"authorization", "cookie", "mcp-session-id", "proxy-authorization",
                    "accept-language"};
  terms->lines = {{"Authorization", "forged", mcp::UpstreamTerms::Conflict::kAppend}};
  terms->credential = {{"authorization", "Bearer ours"}};
  call.upstream = terms;
  std::string all;
  for (const base::http::Field& field : ForwardedFields(call, true))
    all += std::string(field.name) + ": " + std::string(field.value) + "\n";
  EXPECT_EQ(all, "X-Request-Id: request-1\nAccept-Language: de\nauthorization: Bearer ours\n");
}

TEST_F(GatewayUpstreamTest, WhatMayNotStandInAHeaderIsLeftOutAndTheCallersWithIt) {
  RealServer server;
  Serve(server.url());
  Rule(R"(headers { forward: 'X-User'
                    set { name: 'X-User' value: "principal.claims.nobody" }
                    set { name: 'X-Empty' value: "request.headers['x-not-there']" }
                    set { name: 'X-Bad' value: "'a\\r\\nX-Smuggled: 1'" } })");
  const HttpAnswer answer = Call("X-User: forged\r\n");
  EXPECT_EQ(answer.status, 200);
  const Request seen = server.requests().at(0);
  for (const char* name : {"x-user", "x-empty", "x-bad", "x-smuggled"})
    EXPECT_EQ(seen.Field(name), "") << name;
}

TEST_F(GatewayUpstreamTest, WhatIsForwardedIsPartOfTheQuestionThatACacheKeeps) {
  RealServer server;
  Serve(server.url());
  // A second rule beside it.
  Rule(
      "headers { forward: 'Accept-Language' } } } rules { id: 'keep' select { tools: 'add' } cache "
      "{ ttl_s: 60 vary: \"'all'\"");
  Call("Accept-Language: de\r\n");
  EXPECT_EQ(Call("Accept-Language: de\r\n").Field("X-Cache"), "HIT");
  EXPECT_EQ(Call("Accept-Language: fr\r\n").Field("X-Cache"), "MISS");
  EXPECT_EQ(server.calls(), 2);
}

TEST_F(GatewayUpstreamTest, LinesOfTheAnswerReachTheCaller) {
  RealServer server;
  Serve(server.url());
  Rule(R"(headers { answer { name: 'X-Served-By' value: "server.name" } })");
  EXPECT_EQ(Call().Field("X-Served-By"), "local/echo");
}

TEST_F(GatewayUpstreamTest, RulesOfSetsThatObserveArePassedOver) {
  RealServer server;
  Serve(server.url());
  Rule(R"(headers { set { name: 'X-Caller' value: "'a'" } })", "mode: OBSERVE");
  Call();
  EXPECT_EQ(server.requests().at(0).Field("x-caller"), "");
}

}  // namespace
}  // namespace gateway
