// What a server of an older revision may do beside answering: ask, push, break off, forget.
#include "gateway/backends/older_server.h"

#include <gmock/gmock.h>

#include "gateway/backends/asides.h"
#include "gateway/backends/remote_server.h"
#include "gateway/backends/subscription.h"
#include "gateway/backends/upstream_table.h"
#include "tests/support/fake_clock.h"
#include "tests/support/older_server.h"

namespace gateway {
namespace {

using base::http::Exchange;
using support::IdOf;
using support::MethodOf;
using support::ResultFor;
using support::ScriptedServer;
using support::StartEvents;
using support::TestCall;
using support::WriteEvent;
using testing::ElementsAre;
using testing::HasSubstr;

constexpr auto kModern = mcp::Revision::k2026_07_28;
constexpr auto kOlder = mcp::Revision::k2025_11_25;
constexpr const char* kCall =
    R"({"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"echo","arguments":{}}})";
constexpr const char* kListen =
    R"({"jsonrpc":"2.0","id":"l","method":"subscriptions/listen","params":{"notifications":{"toolsListChanged":true,"resourceSubscriptions":["test://a"]},"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}}}})";
constexpr const char* kQuestion =
    R"({"jsonrpc":"2.0","id":0,"method":"elicitation/create","params":{"message":"?"}})";

class OlderServerTest : public support::BackendTest {
 protected:
  void SetUp() override {
    server_ = std::make_unique<ScriptedServer>(loop_, older_.function());
    RemoteServer::Options options{"local/x", *base::http::Url::Parse(server_->url()), false};
    backend_ = std::make_shared<RemoteServer>(std::move(options), upstream_, context_);
  }
  // What is said to a server beside the calls must be over before the loop is gone.
  void TearDown() override {
    backend_.reset();
    RunUntil([&] { return upstream_.use_count() == 1; });
  }
  // Starts a call that goes on until it is cancelled.
  void Listen(TestCall& call) {
    call_.emplace(call.Make());
    Begin(*call_, ended_);
  }
  void Begin(mcp::Call& call, std::optional<mcp::Response>& answer) {
    base::Spawn([](RemoteServer& backend, mcp::Call& of,
                   std::optional<mcp::Response>& out) -> base::Task<> {
      out.emplace(co_await backend.Handle(of));
    }(*backend_, call, answer));
  }
  void Hang(TestCall& call) {
    call.cancel.Request();
    RunUntil([&] { return ended_.has_value(); });
  }
  // The bodies of what was posted with that method ("" for answers).
  std::vector<std::string> Posted(const std::string& method) const {
    std::vector<std::string> bodies;
    for (const auto& request : server_->requests) {
      if (request.method == "POST" && MethodOf(request) == method) bodies.push_back(request.body);
    }
    return bodies;
  }

  support::FakeClock clock_;
  BackendLimits limits_;
  UpstreamTable upstreams_{clock_};
  const std::shared_ptr<Upstream> upstream_ = upstreams_.Find("x");
  std::unique_ptr<base::http::Client> client_ =
      base::http::Client::Create(loop_, limits_.ForClient());
  BackendContext context_{loop_, *client_, upstreams_, nullptr, limits_};
  support::OlderServer older_;
  std::unique_ptr<ScriptedServer> server_;
  std::shared_ptr<RemoteServer> backend_;
  std::optional<mcp::Call> call_;
  std::optional<mcp::Response> ended_;
};

TEST_F(OlderServerTest, AQuestionInACallsStreamIsPutToTheCallerAndItsAnswerGoesBack) {
  older_.calls = [&](Exchange& exchange,
                     const ScriptedServer::Request& request) -> base::Task<void> {
    co_await StartEvents(exchange);
    co_await WriteEvent(exchange, kQuestion);
    while (Posted("").empty())
      (void)co_await loop_.timers.Sleep(std::chrono::milliseconds(1), exchange.cancel());
    std::string answer = ResultFor(request, "{}");
    co_await WriteEvent(exchange, std::move(answer));
    co_await exchange.FinishStream();
  };
  TestCall call(kCall, kOlder, "one");
  call.client_capabilities = R"({"elicitation":{}})";
  call.client.answer_asked = [](const std::string&) {
    return R"({"jsonrpc":"2.0","id":0,"result":{"action":"accept"}})";
  };
  EXPECT_THAT(Ask(*backend_, call).body, HasSubstr(R"("id":7)"));
  EXPECT_THAT(call.client.asked, ElementsAre(kQuestion));
  EXPECT_THAT(Posted(""), ElementsAre(R"({"jsonrpc":"2.0","id":0,"result":{"action":"accept"}})"));
  EXPECT_THAT(Posted("initialize").at(0), HasSubstr(R"("capabilities":{"elicitation":{}})"));
}

TEST_F(OlderServerTest, ACallThatIsAnsweredWithdrawsItsOpenQuestion) {
  older_.calls = [&](Exchange& exchange,
                     const ScriptedServer::Request& request) -> base::Task<void> {
    co_await StartEvents(exchange);
    co_await WriteEvent(exchange, kQuestion);
    std::string answer = ResultFor(request, "{}");
    co_await WriteEvent(exchange, std::move(answer));
    co_await exchange.FinishStream();
  };
  TestCall call(kCall, kOlder, "one");
  EXPECT_THAT(Ask(*backend_, call).body, HasSubstr(R"("id":7)"));
  EXPECT_EQ(call.client.withdrawn, 1);
}

TEST_F(OlderServerTest, AServerThatPingsWithoutEndAndTakesNoAnswerCostsAFewConnections) {
  std::size_t open = 0, most_open = 0;
  bool released = false;
  older_.answers = [&](Exchange& exchange) -> base::Task<void> {
    most_open = std::max(most_open, ++open);
    base::CancelSignal never;
    while (!released) (void)co_await loop_.timers.Sleep(std::chrono::milliseconds(1), never);
    --open;
    (void)co_await exchange.Respond(202, {}, std::string_view());
  };
  older_.calls = [&](Exchange& exchange,
                     const ScriptedServer::Request& request) -> base::Task<void> {
    co_await StartEvents(exchange);
    for (int i = 0; i < 200; ++i) {
      std::string ping = R"({"jsonrpc":"2.0","id":)" + std::to_string(i) + R"(,"method":"ping"})";
      co_await WriteEvent(exchange, std::move(ping));
    }
    bool quiet = false;
    while (!quiet) {
      const std::size_t before = open;
      (void)co_await loop_.timers.Sleep(std::chrono::milliseconds(20), exchange.cancel());
      quiet = open == before && open >= Asides::kAtOnce;
    }
    std::string answer = ResultFor(request, "{}");
    co_await WriteEvent(exchange, std::move(answer));
    co_await exchange.FinishStream();
  };
  TestCall call(kCall, kOlder, "one");
  EXPECT_THAT(Ask(*backend_, call).body, HasSubstr(R"("id":7)"));
  EXPECT_EQ(most_open, Asides::kAtOnce);
  released = true;
  RunUntil([&] { return Posted("").size() == Asides::kAtOnce + Asides::kMaxWaiting; });
  EXPECT_EQ(most_open, Asides::kAtOnce);
}

TEST_F(OlderServerTest, AStreamThatIsBrokenOffIsGoneOnWithBehindItsLastEvent) {
  std::string seen_id;
  older_.calls = [&](Exchange& exchange, const ScriptedServer::Request&) -> base::Task<void> {
    co_await StartEvents(exchange);
    (void)co_await exchange.Write("id: 1\nretry: 60\ndata:\n\n");
    co_await WriteEvent(
        exchange,
        R"({"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":1,"progress":1}})",
        "2");
    co_await exchange.FinishStream();
  };
  older_.stream = [&](Exchange& exchange,
                      const ScriptedServer::Request& request) -> base::Task<void> {
    seen_id = request.Field("last-event-id");
    co_await StartEvents(exchange);
    co_await WriteEvent(exchange, R"({"jsonrpc":"2.0","id":7,"result":{"late":true}})", "3");
    co_await exchange.FinishStream();
  };
  TestCall call(kCall, kOlder, "one");
  EXPECT_THAT(Ask(*backend_, call).body, HasSubstr("late"));
  EXPECT_EQ(seen_id, "2");
  EXPECT_EQ(call.client.notifications.size(), 1U);
}

TEST_F(OlderServerTest, AnAnswerUnderAnotherIdIsAnErrorAtOnce) {
  older_.calls = [](Exchange& exchange, const ScriptedServer::Request&) -> base::Task<void> {
    co_await StartEvents(exchange);
    co_await WriteEvent(exchange, R"({"jsonrpc":"2.0","id":8,"result":{}})");
    base::CancelSignal& gone = exchange.cancel();
    while (!gone.requested()) co_await WriteEvent(exchange, R"({"jsonrpc":"2.0","method":"n"})");
  };
  TestCall call(kCall, kOlder, "one");
  EXPECT_THAT(Ask(*backend_, call).body, HasSubstr("-31502"));
}

TEST_F(OlderServerTest, AStreamThatEndsWithoutAnAnswerIsAnErrorAtOnce) {
  older_.calls = [](Exchange& exchange, const ScriptedServer::Request&) -> base::Task<void> {
    co_await StartEvents(exchange);
    co_await WriteEvent(exchange, R"({"jsonrpc":"2.0","method":"notifications/message"})");
    co_await exchange.FinishStream();
  };
  TestCall call(kCall, kOlder, "one");
  EXPECT_THAT(Ask(*backend_, call).body, HasSubstr("-31502"));
}

TEST_F(OlderServerTest, WhatWasSaidInASessionIsSaidAgainInTheNext) {
  TestCall subscribe(
      R"({"jsonrpc":"2.0","id":1,"method":"resources/subscribe","params":{"uri":"test://a"}})",
      kOlder, "one");
  Ask(*backend_, subscribe);
  TestCall level(
      R"({"jsonrpc":"2.0","id":2,"method":"logging/setLevel","params":{"level":"debug"}})", kOlder,
      "one");
  Ask(*backend_, level);
  older_.forgotten = 1;
  TestCall call(kCall, kOlder, "one");
  EXPECT_THAT(Ask(*backend_, call).body + call.client.relayed, HasSubstr(R"("id":7)"));
  EXPECT_EQ(older_.sessions, 2);
  EXPECT_THAT(Posted("resources/subscribe"),
              ElementsAre(HasSubstr("test://a"), HasSubstr("test://a")));
  EXPECT_THAT(Posted("logging/setLevel").back(), HasSubstr("debug"));
}

TEST_F(OlderServerTest, ACallersSessionThatEndsEndsTheServersToo) {
  TestCall call(kCall, kOlder, "one");
  Ask(*backend_, call);
  upstreams_.EndSession("one");
  RunUntil([&] { return server_->requests.back().method == "DELETE"; });
  EXPECT_EQ(server_->requests.back().Field("mcp-session-id"), "s-1");
}

TEST_F(OlderServerTest, AServerThatIsRemovedIsToldThatItsSessionsAreOver) {
  TestCall call(kCall, kOlder, "one");
  Ask(*backend_, call);
  backend_.reset();
  RunUntil([&] { return server_->requests.back().method == "DELETE"; });
  EXPECT_EQ(server_->requests.back().Field("mcp-session-id"), "s-1");
}

TEST_F(OlderServerTest, AModernCallerThatDeclaresSomethingElseEachTimeKeepsABoundedNumber) {
  constexpr int kCalls = 70, kBound = 64;
  TestCall call(kCall, kModern);
  call.principal.id = "consumer/alice";
  call.principal.kind = base::auth::PrincipalKind::kAgent;
  for (int i = 0; i < kCalls; ++i) {
    call.client_capabilities =
        R"({"sampling":{},"extensions":{"x":{"v":)" + std::to_string(i) + "}}}";
    Ask(*backend_, call);
    clock_.Advance(std::chrono::seconds(1));
  }
  EXPECT_EQ(older_.sessions, kCalls);
  const auto deleted = [&] {
    return std::ranges::count(server_->requests, "DELETE", &ScriptedServer::Request::method);
  };
  RunUntil([&] { return deleted() == kCalls - kBound; });
  // Words that no server looks at open no session.
  call.client_capabilities = R"({"sampling":{"n":1}})";
  Ask(*backend_, call);
  call.client_capabilities = R"({"sampling":{"n":2},"experimental":{"m":{}}})";
  Ask(*backend_, call);
  EXPECT_EQ(older_.sessions, kCalls + 1);
}

TEST_F(OlderServerTest, AListenerHearsWhatIsPushedTaggedAfterTheAcknowledgement) {
  older_.stream = [&](Exchange& exchange, const ScriptedServer::Request&) -> base::Task<void> {
    co_await StartEvents(exchange);
    while (Posted("resources/subscribe").empty())
      (void)co_await loop_.timers.Sleep(std::chrono::milliseconds(1), exchange.cancel());
    co_await WriteEvent(
        exchange,
        R"({"jsonrpc":"2.0","method":"notifications/resources/updated","params":{"uri":"test://b"}})");
    co_await WriteEvent(
        exchange,
        R"({"jsonrpc":"2.0","method":"notifications/resources/updated","params":{"uri":"test://a"}})");
    (void)co_await loop_.timers.Sleep(std::chrono::seconds(30), exchange.cancel());
  };
  TestCall call(kListen, kModern);
  Listen(call);
  RunUntil([&] { return call.client.notifications.size() == 2; });
  EXPECT_THAT(call.client.notifications[0], HasSubstr("subscriptions/acknowledged"));
  EXPECT_THAT(call.client.notifications[0], HasSubstr("test://a"));
  EXPECT_THAT(call.client.notifications[1], HasSubstr(R"("uri":"test://a")"));
  EXPECT_THAT(call.client.notifications[1],
              HasSubstr(R"("io.modelcontextprotocol/subscriptionId":"l")"));
  Hang(call);
  RunUntil([&] { return Posted("resources/unsubscribe").size() == 1; });
  EXPECT_EQ(older_.sessions, 1);
}

TEST_F(OlderServerTest, AListenerOfAServerThatPushesNothingStays) {
  TestCall call(kListen, kModern);
  Listen(call);
  RunUntil([&] { return call.client.notifications.size() == 1; });
  Hang(call);
  EXPECT_EQ(ended_->kind, mcp::Response::Kind::kGone);
}

TEST_F(OlderServerTest, AStreamThatEndsIsOpenedAgainBehindItsLastEvent) {
  int streams = 0;
  std::string seen_id;
  older_.stream = [&](Exchange& exchange,
                      const ScriptedServer::Request& request) -> base::Task<void> {
    seen_id = request.Field("last-event-id");
    co_await StartEvents(exchange);
    if (++streams == 1) {
      co_await WriteEvent(
          exchange, R"({"jsonrpc":"2.0","method":"notifications/tools/list_changed"})", "e-1");
      co_await exchange.FinishStream();
      co_return;
    }
    co_await WriteEvent(exchange,
                        R"({"jsonrpc":"2.0","method":"notifications/tools/list_changed"})", "e-2");
    (void)co_await loop_.timers.Sleep(std::chrono::seconds(30), exchange.cancel());
  };
  TestCall call(kListen, kModern);
  Listen(call);
  RunUntil([&] { return call.client.notifications.size() == 3; });
  EXPECT_EQ(seen_id, "e-1");
  Hang(call);
}

// As the official server does until it has seen that the stream before is closed.
TEST_F(OlderServerTest, AStreamThatIsStillAnothersIsAskedForAgainBeforeTheAcknowledgement) {
  int asked = 0;
  older_.stream = [&](Exchange& exchange, const ScriptedServer::Request&) -> base::Task<void> {
    if (++asked < 3) co_return co_await support::RespondJson(exchange, 409, "{}");
    co_await StartEvents(exchange);
    (void)co_await loop_.timers.Sleep(std::chrono::seconds(30), exchange.cancel());
  };
  TestCall call(kListen, kModern);
  Listen(call);
  RunUntil([&] { return !call.client.notifications.empty(); });
  EXPECT_EQ(asked, 3);
  EXPECT_EQ(Posted("resources/subscribe").size(), 1U);
  Hang(call);
}

TEST_F(OlderServerTest, AListenerInItsOwnSessionNeedsNoOtherForWhatIsSubscribedToLater) {
  older_.stream = [&](Exchange& exchange, const ScriptedServer::Request&) -> base::Task<void> {
    co_await StartEvents(exchange);
    (void)co_await loop_.timers.Sleep(std::chrono::seconds(30), exchange.cancel());
  };
  TestCall call(kListen, kModern, "one");
  Listen(call);
  RunUntil([&] { return !call.client.notifications.empty(); });
  EXPECT_TRUE(HearsItsSession(call.client.notifications[0]));
  Hang(call);
}

TEST_F(OlderServerTest, AQuestionOnTheGetStreamGoesToTheListener) {
  older_.stream = [&](Exchange& exchange, const ScriptedServer::Request&) -> base::Task<void> {
    co_await StartEvents(exchange);
    co_await WriteEvent(exchange, kQuestion);
    (void)co_await loop_.timers.Sleep(std::chrono::seconds(30), exchange.cancel());
  };
  TestCall call(kListen, kModern, "one");
  call.client.answer_asked = [](const std::string&) {
    return R"({"jsonrpc":"2.0","id":0,"result":{}})";
  };
  Listen(call);
  RunUntil([&] { return !Posted("").empty(); });
  EXPECT_THAT(Posted("").at(0), HasSubstr(R"("result":{})"));
  Hang(call);
}

// A server asks on the stream that nobody follows yet, and the question is lost.
TEST_F(OlderServerTest, ACallWaitsUntilTheStreamOfItsSessionIsOpen) {
  bool let_go = false, open = false, asked_when_open = false;
  older_.stream = [&](Exchange& exchange, const ScriptedServer::Request&) -> base::Task<void> {
    while (!let_go)
      (void)co_await loop_.timers.Sleep(std::chrono::milliseconds(1), exchange.cancel());
    open = true;
    co_await StartEvents(exchange);
    (void)co_await loop_.timers.Sleep(std::chrono::seconds(30), exchange.cancel());
  };
  older_.calls = [&](Exchange& exchange,
                     const ScriptedServer::Request& request) -> base::Task<void> {
    if (request.Field("mcp-session-id") == "s-1") asked_when_open = open;
    std::string body = ResultFor(request, "{}");
    co_await support::RespondJson(exchange, 200, std::move(body));
  };
  TestCall listener(kListen, kModern, "one");
  Listen(listener);
  RunUntil([&] {
    return std::any_of(server_->requests.begin(), server_->requests.end(),
                       [](const auto& request) { return request.method == "GET"; });
  });

  TestCall early(kCall, kOlder, "one");
  mcp::Call call = early.Make();
  std::optional<mcp::Response> answer;
  Begin(call, answer);
  // Nobody else waits; and what takes so long would have let the early call overtake the stream.
  TestCall other(kCall, kOlder, "two");
  Ask(*backend_, other);
  EXPECT_THAT(other.client.relayed, HasSubstr(R"("id":7)"));
  EXPECT_FALSE(answer);
  let_go = true;
  RunUntil([&] { return answer.has_value(); });
  EXPECT_TRUE(asked_when_open);
  Hang(listener);
}

}  // namespace
}  // namespace gateway
