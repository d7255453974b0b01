#include "gateway/backends/remote_server.h"

#include <gmock/gmock.h>

#include "gateway/backends/upstream_error.h"
#include "gateway/backends/upstream_table.h"
#include "tests/support/backend_fixture.h"
#include "tests/support/fake_clock.h"
#include "tests/support/older_server.h"

namespace gateway {
namespace {

using base::http::Exchange;
using mcp::Revision;
using support::IdOf;
using support::MethodOf;
using support::RespondJson;
using support::ResultFor;
using support::ScriptedServer;
using support::TestCall;
using testing::HasSubstr;
using testing::Not;

constexpr auto kModern = Revision::k2026_07_28;
constexpr auto kOlder = Revision::k2025_11_25;

constexpr const char* kModernCall =
    R"({"jsonrpc":"2.0","id":"a-1","method":"tools/call","params":{"name":"echo",  "arguments":{},"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}}}})";
constexpr const char* kOlderCall =
    R"({"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"echo",  "arguments":{}}})";

// Answers what every server of 2026-07-28 answers, then calls by a function.
ScriptedServer::Answer ModernServer(ScriptedServer::Answer calls) {
  return [calls](Exchange& exchange, const ScriptedServer::Request& request) -> base::Task<void> {
    if (MethodOf(request) != "server/discover") co_return co_await calls(exchange, request);
    std::string body = ResultFor(
        request,
        R"({"supportedVersions":["2026-07-28"],"capabilities":{"tools":{}},"resultType":"complete"})");
    co_await RespondJson(exchange, 200, std::move(body));
  };
}

class RemoteServerTest : public support::BackendTest {
 protected:
  // What is said to a server beside the calls must be over before the loop is gone.
  void TearDown() override {
    backend_.reset();
    RunUntil([&] { return upstream_.use_count() == 1; });
  }
  void Start(ScriptedServer::Answer answer) {
    // The sessions that a backend leaves end after the test, and after what its answers refer to.
    const auto until_left = [answer = std::move(answer)](Exchange& exchange,
                                                         const ScriptedServer::Request& request) {
      return request.method == "DELETE" ? RespondJson(exchange, 200, "{}")
                                        : answer(exchange, request);
    };
    server_ = std::make_unique<ScriptedServer>(loop_, until_left);
    MakeBackendFor(server_->url());
  }
  void MakeBackendFor(const std::string& url) {
    RemoteServer::Options options{"local/x", *base::http::Url::Parse(url), shared_};
    backend_ = std::make_shared<RemoteServer>(std::move(options), upstream_, context_);
  }
  // The calls among what the server was asked.
  std::vector<ScriptedServer::Request> Calls() const {
    std::vector<ScriptedServer::Request> calls;
    for (const auto& request : server_->requests) {
      if (MethodOf(request) == "tools/call") calls.push_back(request);
    }
    return calls;
  }

  support::FakeClock clock_;
  BackendLimits limits_;
  UpstreamTable upstreams_{clock_};
  const std::shared_ptr<Upstream> upstream_ = upstreams_.Find("x");
  std::unique_ptr<base::http::Client> client_ =
      base::http::Client::Create(loop_, limits_.ForClient());
  BackendContext context_{loop_, *client_, upstreams_, nullptr, limits_};
  bool shared_ = false;
  std::unique_ptr<ScriptedServer> server_;
  std::shared_ptr<RemoteServer> backend_;
};

TEST_F(RemoteServerTest, BetweenModernPeersBytesPassUntouched) {
  Start(ModernServer([](Exchange& exchange, const ScriptedServer::Request& request) {
    return RespondJson(exchange, 200, ResultFor(request, R"({"odd" : 1.0})"));
  }));
  TestCall call(kModernCall, kModern);
  EXPECT_EQ(Ask(*backend_, call).kind, mcp::Response::Kind::kRelayed);
  EXPECT_EQ(call.client.relayed, R"({"jsonrpc":"2.0","id":"a-1", "result":{"odd" : 1.0}})");
  EXPECT_EQ(Calls().at(0).body, kModernCall);
  EXPECT_EQ(Calls().at(0).Field("mcp-method"), "tools/call");
  EXPECT_EQ(Calls().at(0).Field("mcp-name"), "echo");
  EXPECT_EQ(Calls().at(0).Field("mcp-protocol-version"), "2026-07-28");
  EXPECT_GT(call.record.server_time.count(), 0);
}

TEST_F(RemoteServerTest, TheCallersCredentialsStayHereAndTheTraceTravels) {
  Start(ModernServer([](Exchange& exchange, const ScriptedServer::Request& request) {
    return RespondJson(exchange, 200, ResultFor(request, "{}"));
  }));
  TestCall call(kModernCall, kModern);
  call.fields.Add("Authorization", "Bearer secret");
  call.fields.Add("X-Api-Key", "ptk_secret");
  call.fields.Add("Cookie", "a=b");
  call.fields.Add("Traceparent", "00-ab-cd-01");
  call.fields.Add("Mcp-Param-Region", "eu");
  Ask(*backend_, call);
  const ScriptedServer::Request seen = Calls().at(0);
  EXPECT_EQ(seen.Field("authorization") + seen.Field("x-api-key") + seen.Field("cookie"), "");
  EXPECT_EQ(seen.Field("traceparent"), "00-ab-cd-01");
  EXPECT_EQ(seen.Field("mcp-param-region"), "eu");
  EXPECT_EQ(seen.Field("x-request-id"), "request-1");
}

TEST_F(RemoteServerTest, ServersAreMetOnceHoweverManyCall) {
  Start(ModernServer([](Exchange& exchange, const ScriptedServer::Request& request) {
    return RespondJson(exchange, 200, ResultFor(request, "{}"));
  }));
  std::vector<std::unique_ptr<TestCall>> tests;
  std::vector<mcp::Call> calls;
  calls.reserve(8);
  int done = 0;
  for (int i = 0; i < 8; ++i) {
    tests.push_back(std::make_unique<TestCall>(kModernCall, kModern));
    calls.push_back(tests.back()->Make());
    base::Spawn([](RemoteServer& backend, mcp::Call& call, int& count) -> base::Task<> {
      co_await backend.Handle(call);
      ++count;
    }(*backend_, calls.back(), done));
  }
  RunUntil([&] { return done == 8; });
  EXPECT_EQ(server_->requests.size(), 9u);
}

TEST_F(RemoteServerTest, EachOlderSessionHasOneOfTheServers) {
  support::OlderServer older;
  Start(older.function());
  TestCall first(kOlderCall, kOlder, "one");
  TestCall again(kOlderCall, kOlder, "one");
  TestCall second(kOlderCall, kOlder, "two");
  Ask(*backend_, first);
  Ask(*backend_, again);
  Ask(*backend_, second);
  ASSERT_EQ(Calls().size(), 3u);
  EXPECT_EQ(Calls()[0].Field("mcp-session-id"), "s-1");
  EXPECT_EQ(Calls()[1].Field("mcp-session-id"), "s-1");
  EXPECT_EQ(Calls()[2].Field("mcp-session-id"), "s-2");
  EXPECT_EQ(Calls()[0].body, kOlderCall);
  EXPECT_EQ(Calls()[0].Field("mcp-protocol-version"), "2025-11-25");
  EXPECT_EQ(first.client.relayed, R"({"jsonrpc":"2.0","id":7, "result":{"content":[]}})");
}

TEST_F(RemoteServerTest, ALostSessionIsRenewedAndTheCallSentAgain) {
  support::OlderServer older;
  Start(older.function());
  TestCall first(kOlderCall, kOlder, "one");
  Ask(*backend_, first);
  older.forgotten = 1;
  TestCall second(kOlderCall, kOlder, "one");
  Ask(*backend_, second);
  EXPECT_EQ(second.client.relayed, R"({"jsonrpc":"2.0","id":7, "result":{"content":[]}})");
  older.forgotten = 2;
  older.lost_status = 400;
  TestCall third(kOlderCall, kOlder, "one");
  Ask(*backend_, third);
  EXPECT_EQ(third.client.relayed, R"({"jsonrpc":"2.0","id":7, "result":{"content":[]}})");
  EXPECT_EQ(older.sessions, 3);
}

TEST_F(RemoteServerTest, AModernCallIsTranslatedForAnOlderServer) {
  support::OlderServer older;
  Start(older.function());
  TestCall call(kModernCall, kModern);
  const mcp::Response response = Ask(*backend_, call);
  EXPECT_THAT(response.body, HasSubstr(R"("id":"a-1")"));
  EXPECT_THAT(response.body, HasSubstr(R"("resultType":"complete")"));
  EXPECT_THAT(Calls().at(0).body, Not(HasSubstr("io.modelcontextprotocol")));
  EXPECT_EQ(Calls().at(0).Field("mcp-method"), "");
}

TEST_F(RemoteServerTest, AnOlderCallIsTranslatedForAModernServer) {
  Start(ModernServer([](Exchange& exchange, const ScriptedServer::Request& request) {
    return RespondJson(exchange, 200, ResultFor(request, R"({"resultType":"complete"})"));
  }));
  TestCall call(kOlderCall, kOlder, "one");
  EXPECT_EQ(Ask(*backend_, call).kind, mcp::Response::Kind::kRelayed);
  EXPECT_THAT(Calls().at(0).body,
              HasSubstr(R"("io.modelcontextprotocol/protocolVersion":"2026-07-28")"));
  EXPECT_EQ(Calls().at(0).Field("mcp-session-id"), "");
  TestCall prompt(R"({"jsonrpc":"2.0","id":1,"method":"prompts/get","params":{"name":"p"}})",
                  kOlder, "one");
  Ask(*backend_, prompt);
  EXPECT_THAT(prompt.client.relayed, HasSubstr("complete"));
  TestCall tasks(R"({"jsonrpc":"2.0","id":1,"method":"tasks/list"})", kOlder, "one");
  EXPECT_THAT(Ask(*backend_, tasks).body, HasSubstr("-32601"));
}

TEST_F(RemoteServerTest, DiscoveryOfAnOlderServerIsAnsweredFromItsHandshake) {
  support::OlderServer older;
  Start(older.function());
  TestCall call(
      R"({"jsonrpc":"2.0","id":3,"method":"server/discover","params":{"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28"}}})",
      kModern);
  EXPECT_THAT(Ask(*backend_, call).body,
              HasSubstr(R"("io.modelcontextprotocol/serverInfo":{"name":"old","version":"1"})"));
}

TEST_F(RemoteServerTest, CallersThatShareASessionGetTheirOwnIdsBack) {
  shared_ = true;
  support::OlderServer older;
  Start(older.function());
  TestCall first(kOlderCall, kOlder, "one");
  TestCall second(kOlderCall, kOlder, "two");
  EXPECT_THAT(Ask(*backend_, first).body, HasSubstr("\"id\":7"));
  EXPECT_THAT(Ask(*backend_, second).body, HasSubstr("\"id\":7"));
  EXPECT_EQ(older.sessions, 1);
  EXPECT_NE(IdOf(Calls()[0]), IdOf(Calls()[1]));
}

TEST_F(RemoteServerTest, EventsPassAsTheyCome) {
  Start(ModernServer([](Exchange& exchange, const ScriptedServer::Request&) -> base::Task<void> {
    const base::http::Field fields[] = {{"Content-Type", "text/event-stream"}};
    co_await exchange.StartStream(200, fields);
    co_await exchange.Write("event: message\ndata: {\"jsonrpc\":\"2.0\",\"method\":\"n\"}\n\n");
    co_await exchange.Write("data: {\"jsonrpc\":\"2.0\",\"id\":\"a-1\",\"result\":{}}\n\n");
    co_await exchange.FinishStream();
  }));
  TestCall call(kModernCall, kModern);
  EXPECT_EQ(Ask(*backend_, call).kind, mcp::Response::Kind::kRelayed);
  EXPECT_EQ(call.client.relayed,
            "event: message\ndata: {\"jsonrpc\":\"2.0\",\"method\":\"n\"}\n\n"
            "data: {\"jsonrpc\":\"2.0\",\"id\":\"a-1\",\"result\":{}}\n\n");
}

TEST_F(RemoteServerTest, AResultThatAFilterMustSeeIsCollectedUnderItsBound) {
  const std::string text(2'000, 'x');
  Start(ModernServer([&](Exchange& exchange, const ScriptedServer::Request& request) {
    return RespondJson(exchange, 200, ResultFor(request, "{\"t\":\"" + text + "\"}"));
  }));
  TestCall call(kModernCall, kModern);
  call.collect_result_up_to = 4'000;
  EXPECT_THAT(Ask(*backend_, call).body, HasSubstr(text));
  TestCall too_long(kModernCall, kModern);
  too_long.collect_result_up_to = 1'000;
  const std::string told = Ask(*backend_, too_long).body;
  EXPECT_THAT(told, HasSubstr("-31413"));
  EXPECT_THAT(told, HasSubstr("longer than the 1000 bytes"));
  EXPECT_THAT(told, HasSubstr("max_result_bytes"));
}

TEST_F(RemoteServerTest, ACallerIsToldThatAllConnectionsAreBusyAndWhatRaisesTheirNumber) {
  limits_.max_connections = 1;
  TestCall test(kModernCall, kModern);
  mcp::Call call = test.Make();
  Deadline deadline(loop_, test.cancel, limits_.total);
  const base::http::SendFailure failure{
      base::Fail(base::Code::kResourceExhausted, "all 1 connections to 127.0.0.1:1 are busy"), true,
      "tcp"};
  const std::string told = UpstreamError(call, "local/x", failure, limits_, deadline).body;
  EXPECT_THAT(told, Not(HasSubstr("127.0.0.1")));
  EXPECT_THAT(told, HasSubstr("-31502"));
  EXPECT_THAT(told, HasSubstr("all of its 1 connections busy"));
  EXPECT_THAT(told, HasSubstr("limits.max_server_connections"));
}

TEST_F(RemoteServerTest, AServerThatIsNotThereIs31502AndSaysNothingOfItsAddress) {
  MakeBackendFor("http://127.0.0.1:1/mcp");
  TestCall call(kModernCall, kModern);
  const mcp::Response response = Ask(*backend_, call);
  EXPECT_EQ(response.kind, mcp::Response::Kind::kRefused);
  EXPECT_EQ(response.http_status, 200);
  EXPECT_THAT(response.body, HasSubstr(R"("id":"a-1","error":{"code":-31502)"));
  EXPECT_THAT(response.body, Not(HasSubstr("127.0.0.1")));
  EXPECT_EQ(call.record.outcome, mcp::Outcome::kUpstreamFailed);
  EXPECT_THAT(call.record.message, HasSubstr("tcp: "));
}

TEST_F(RemoteServerTest, AServerThatDoesNotAnswerIs31504) {
  limits_.total = std::chrono::milliseconds(100);
  base::CancelSignal never;
  Start(ModernServer([&](Exchange& exchange, const ScriptedServer::Request&) -> base::Task<void> {
    (void)co_await loop_.timers.Sleep(std::chrono::seconds(30), exchange.cancel());
  }));
  TestCall call(kModernCall, kModern);
  EXPECT_THAT(Ask(*backend_, call).body, HasSubstr("-31504"));
}

TEST_F(RemoteServerTest, AnswersThatAreNoJsonAre31502) {
  Start(ModernServer([](Exchange& exchange, const ScriptedServer::Request&) -> base::Task<void> {
    const base::http::Field fields[] = {{"Content-Type", "text/html"}};
    co_await exchange.Respond(200, fields, std::string_view("<html>"));
  }));
  TestCall call(kModernCall, kModern);
  EXPECT_THAT(Ask(*backend_, call).body, HasSubstr("-31502"));
}

TEST_F(RemoteServerTest, AServersOwnErrorPassesWithTheCallersId) {
  Start(ModernServer([](Exchange& exchange, const ScriptedServer::Request&) {
    return RespondJson(
        exchange, 404,
        R"({"jsonrpc":"2.0","id":"a-1","error":{"code":-32601,"message":"no","data":{"x":1}}})");
  }));
  TestCall call(kModernCall, kModern);
  EXPECT_THAT(Ask(*backend_, call).body, HasSubstr(R"("data":{"x":1})"));
}

TEST_F(RemoteServerTest, AServersErrorWithoutAnIdGetsTheCallers) {
  Start(ModernServer([](Exchange& exchange, const ScriptedServer::Request&) {
    return RespondJson(exchange, 400,
                       R"({"jsonrpc":"2.0","error":{"code":-32602,"message":"no"}})");
  }));
  TestCall call(kModernCall, kModern);
  EXPECT_EQ(Ask(*backend_, call).body,
            R"({"id":"a-1","jsonrpc":"2.0","error":{"code":-32602,"message":"no"}})");
}

TEST_F(RemoteServerTest, ACancelledCallIsToldToAnOlderServer) {
  support::OlderServer older;
  base::CancelSignal* cancel = nullptr;
  older.calls = [&](Exchange& exchange, const ScriptedServer::Request&) -> base::Task<void> {
    cancel->Request();
    (void)co_await loop_.timers.Sleep(std::chrono::seconds(30), exchange.cancel());
  };
  Start(older.function());
  TestCall call(kOlderCall, kOlder, "one");
  cancel = &call.cancel;
  EXPECT_EQ(Ask(*backend_, call).kind, mcp::Response::Kind::kGone);
  RunUntil([&] { return MethodOf(server_->requests.back()) == "notifications/cancelled"; });
  EXPECT_THAT(server_->requests.back().body, HasSubstr(R"("requestId":7)"));
}

TEST_F(RemoteServerTest, AServerThatStopsSpeakingModernIsMetAgain) {
  bool modern = true;
  support::OlderServer older;
  const auto new_server =
      ModernServer([](Exchange& exchange, const ScriptedServer::Request& request) {
        return RespondJson(exchange, 200, ResultFor(request, "{}"));
      });
  Start([&](Exchange& exchange, const ScriptedServer::Request& request) {
    return modern ? new_server(exchange, request) : older.Answer(exchange, request);
  });
  TestCall before(kModernCall, kModern);
  Ask(*backend_, before);
  modern = false;
  TestCall after(kModernCall, kModern);
  EXPECT_THAT(Ask(*backend_, after).body, HasSubstr(R"("resultType":"complete")"));
  EXPECT_EQ(upstreams_.Find("x")->revision(), kOlder);
}

TEST_F(RemoteServerTest, ASessionThatNobodyUsedIsEnded) {
  support::OlderServer older;
  Start(older.function());
  TestCall first(kOlderCall, kOlder, "one");
  Ask(*backend_, first);
  clock_.Advance(std::chrono::minutes(11));
  TestCall other(kOlderCall, kOlder, "two");
  Ask(*backend_, other);
  std::string ended;
  RunUntil([&] {
    for (const auto& request : server_->requests) {
      if (request.method == "DELETE") ended = request.Field("mcp-session-id");
    }
    return !ended.empty();
  });
  EXPECT_EQ(ended, "s-1");
}

TEST_F(RemoteServerTest, NotificationsOfOlderCallersTravelInTheirSession) {
  support::OlderServer older;
  Start(older.function());
  TestCall note(R"({"jsonrpc":"2.0","method":"notifications/roots/list_changed"})", kOlder, "one");
  EXPECT_EQ(Ask(*backend_, note).kind, mcp::Response::Kind::kAccepted);
  EXPECT_EQ(MethodOf(server_->requests.back()), "notifications/roots/list_changed");
  EXPECT_EQ(server_->requests.back().Field("mcp-session-id"), "s-1");
}

}  // namespace
}  // namespace gateway
