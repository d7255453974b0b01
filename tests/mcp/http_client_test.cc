// Our client against our endpoint, over real sockets.
#include "mcp/http_client.h"

#include <gtest/gtest.h>

#include <functional>
#include <memory>

#include "base/http/server.h"
#include "base/loop.h"
#include "mcp/error.h"
#include "mcp/http_endpoint.h"
#include "mcp/legacy/handshake.h"
#include "mcp/legacy/session_client.h"
#include "mcp/legacy/token_session_host.h"
#include "mcp/raw_json.h"
#include "mcp/server/tool_server.h"
#include "tests/support/fake_handler.h"

namespace mcp {
namespace {

using base::http::SendFailure;

// Serves a Handler by the endpoint, or whatever else a test wants.
class TestService final : public base::http::Service {
 public:
  explicit TestService(std::function<base::Task<void>(base::http::Exchange&)> serve)
      : serve_(std::move(serve)) {}
  base::Task<void> Serve(base::http::Exchange& exchange) override { return serve_(exchange); }

 private:
  std::function<base::Task<void>(base::http::Exchange&)> serve_;
};

class HttpClientTest : public ::testing::Test {
 protected:
  void Listen(std::function<base::Task<void>(base::http::Exchange&)> serve) {
    service = std::make_unique<TestService>(std::move(serve));
    auto listening = base::http::Server::Listen(loop, {"127.0.0.1", 0}, false, {}, *service);
    ASSERT_TRUE(listening) << listening.error().message;
    server = std::move(*listening);
    server->Start();
    url = *base::http::Url::Parse("http://" + server->address().ToString() + "/mcp");
  }
  // Our own endpoint before `handler`.
  void ListenWith(Handler& answering, bool serves_older) {
    options.sessions = serves_older ? &sessions : nullptr;
    Listen([this, &answering](base::http::Exchange& exchange) -> base::Task<void> {
      Record record;
      co_await ServeHttp(exchange, loop, principal, record, answering, options);
    });
  }
  // Runs a task to its end.
  void Run(base::Task<void> task) {
    bool done = false;
    const auto run = [](base::Task<void> inner, bool& flag) -> base::Task<void> {
      co_await std::move(inner);
      flag = true;
    };
    base::Spawn(run(std::move(task), done));
    while (!done) loop.io.run_one();
  }

  base::Loop loop;
  base::auth::Principal principal;
  base::SystemClock clock;
  legacy::TokenSessionHost sessions{base::auth::Aead({std::string(32, 'k')}), "x", clock};
  EndpointOptions options;
  std::unique_ptr<TestService> service;
  std::unique_ptr<base::http::Server> server;
  std::unique_ptr<base::http::Client> client = base::http::Client::Create(loop, {});
  base::http::Url url;
  support::FakeHandler handler = support::FakeHandler::WithResult(
      R"({"supportedVersions":["2026-07-28"],"capabilities":{"tools":{}}})");
};

base::Task<void> MeetInto(base::http::Client& client, const base::http::Url& url,
                          const HandshakeOptions& options,
                          std::optional<boost::system::result<Handshake, SendFailure>>& out) {
  out.emplace(co_await Meet(client, url, options));
}

TEST_F(HttpClientTest, MeetsAModernServer) {
  ListenWith(handler, true);
  HandshakeOptions handshake_options;
  std::optional<boost::system::result<Handshake, SendFailure>> met;
  Run(MeetInto(*client, url, handshake_options, met));
  ASSERT_TRUE(*met) << met->error().error.message;
  EXPECT_EQ((*met)->revision, Revision::k2026_07_28);
  EXPECT_EQ((*met)->session, "");
  EXPECT_EQ(Member((*met)->result, "capabilities"), R"({"tools":{}})");
}

// A server that knows nothing newer than 2025-11-25, as the official ones behave.
base::Task<void> ServeAsOlder(base::http::Exchange& exchange, int unknown_status) {
  const auto body = co_await exchange.ReadBody(10'000);
  const base::http::Field json[] = {{"Content-Type", "application/json"},
                                    {"Mcp-Session-Id", "s-1"}};
  const base::http::Field events[] = {{"Content-Type", "text/event-stream"},
                                      {"Mcp-Session-Id", "s-1"}};
  if (body->find("\"initialize\",\"params\"") == std::string_view::npos) {
    const bool initialized = body->find("notifications/initialized") != std::string_view::npos &&
                             exchange.head().fields.Find("mcp-session-id") == "s-1" &&
                             exchange.head().fields.Find("mcp-protocol-version") == "2025-06-18";
    const std::string_view refusal =
        R"({"jsonrpc":"2.0","error":{"code":-32000,"message":"Server not initialized"},"id":null})";
    co_await exchange.Respond(initialized ? 202 : unknown_status, json,
                              initialized ? std::string_view() : refusal);
    co_return;
  }
  EXPECT_FALSE(exchange.head().fields.Find("mcp-protocol-version"));
  co_await exchange.StartStream(200, events);
  co_await exchange.Write("id: 0\nretry: 5000\ndata:\n\nevent: message\ndata: ");
  co_await exchange.Write(
      R"({"result":{"protocolVersion":"2025-06-18","capabilities":{"tools":{}},"serverInfo":{"name":"o","version":"1"}},)");
  co_await exchange.Write("\"jsonrpc\":\"2.0\",\"id\":\"initialize\"}\n\n");
  co_await exchange.FinishStream();
}

class OlderServerTest : public HttpClientTest, public ::testing::WithParamInterface<int> {};

TEST_P(OlderServerTest, IsMetByAHandshake) {
  const int status = GetParam();
  Listen([status](base::http::Exchange& exchange) { return ServeAsOlder(exchange, status); });
  HandshakeOptions handshake_options;
  std::optional<boost::system::result<Handshake, SendFailure>> met;
  Run(MeetInto(*client, url, handshake_options, met));
  ASSERT_TRUE(*met) << met->error().error.message;
  EXPECT_EQ((*met)->revision, Revision::k2025_06_18);
  EXPECT_EQ((*met)->session, "s-1");
  EXPECT_EQ(Member(Member((*met)->result, "serverInfo"), "name"), "\"o\"");
}

INSTANTIATE_TEST_SUITE_P(WhateverItSaysToDiscover, OlderServerTest,
                         ::testing::Values(200, 400, 404, 405, 422, 500));

// Refuses our revision once, although it lists it.
TEST_F(HttpClientTest, AsksAgainWhenTheServerListsTheRevisionItRefused) {
  int asked = 0;
  Listen([&](base::http::Exchange& exchange) -> base::Task<void> {
    co_await exchange.ReadBody(10'000);
    const base::http::Field json[] = {{"Content-Type", "application/json"}};
    const std::string_view refusal =
        R"({"jsonrpc":"2.0","id":"discover","error":{"code":-32022,"message":"no","data":{"supported":["2026-07-28"]}}})";
    const std::string_view welcome =
        R"({"jsonrpc":"2.0","id":"discover","result":{"supportedVersions":["2026-07-28"],"capabilities":{}}})";
    const bool first = asked++ == 0;
    co_await exchange.Respond(first ? 400 : 200, json, first ? refusal : welcome);
  });
  HandshakeOptions handshake_options;
  std::optional<boost::system::result<Handshake, SendFailure>> met;
  Run(MeetInto(*client, url, handshake_options, met));
  ASSERT_TRUE(*met) << met->error().error.message;
  EXPECT_EQ((*met)->revision, kLatest);
  EXPECT_EQ(asked, 2);
}

TEST_F(HttpClientTest, AServerOfUnknownRevisionsOnlyIsNotAskedToShakeHands) {
  int asked = 0;
  Listen([&](base::http::Exchange& exchange) -> base::Task<void> {
    co_await exchange.ReadBody(10'000);
    ++asked;
    const base::http::Field json[] = {{"Content-Type", "application/json"}};
    const std::string_view refusal =
        R"({"jsonrpc":"2.0","id":"discover","error":{"code":-32022,"message":"too old","data":{"supported":["2031-01-01"]}}})";
    co_await exchange.Respond(400, json, refusal);
  });
  HandshakeOptions handshake_options;
  std::optional<boost::system::result<Handshake, SendFailure>> met;
  Run(MeetInto(*client, url, handshake_options, met));
  ASSERT_FALSE(*met);
  EXPECT_EQ(met->error().stage, "handshake");
  EXPECT_EQ(met->error().error.message, "server/discover: too old");
  EXPECT_EQ(asked, 1);
}

TEST_F(HttpClientTest, SaysWhereMeetingFailed) {
  Listen([](base::http::Exchange& exchange) -> base::Task<void> {
    co_await exchange.Respond(401, std::span<const base::http::Field>(), std::string_view("who?"));
  });
  HandshakeOptions handshake_options;
  std::optional<boost::system::result<Handshake, SendFailure>> met;
  Run(MeetInto(*client, url, handshake_options, met));
  ASSERT_FALSE(*met);
  EXPECT_EQ(met->error().stage, "auth");
  EXPECT_EQ(met->error().error.code, base::Code::kUnauthenticated);
}

TEST_F(HttpClientTest, AServerThatIsNoMcpServerFailsInTheHandshake) {
  Listen([](base::http::Exchange& exchange) -> base::Task<void> {
    co_await exchange.Respond(200, std::span<const base::http::Field>(),
                              std::string_view("<html>hello</html>"));
  });
  HandshakeOptions handshake_options;
  std::optional<boost::system::result<Handshake, SendFailure>> met;
  Run(MeetInto(*client, url, handshake_options, met));
  ASSERT_FALSE(*met);
  EXPECT_EQ(met->error().stage, "handshake");
}

TEST_F(HttpClientTest, NobodyThereFailsInTcp) {
  ListenWith(handler, true);
  server->Stop();
  server.reset();
  HandshakeOptions handshake_options;
  std::optional<boost::system::result<Handshake, SendFailure>> met;
  Run(MeetInto(*client, url, handshake_options, met));
  ASSERT_FALSE(*met);
  EXPECT_EQ(met->error().stage, "tcp");
}

// One modern call with a name that no header can hold as it is; what came back, notifications in
// front.
class Notes final : public NotificationSink {
 public:
  explicit Notes(std::string& out) : out_(out) {}
  base::Task<base::Result<void>> Take(std::string_view message) override {
    out_ += std::string(message) + "\n";
    co_return base::Result<void>();
  }

 private:
  std::string& out_;
};

base::Task<void> CallInto(base::http::Client& client, const base::http::Url& url,
                          std::string& out) {
  const std::string head =
      R"({"jsonrpc":"2.0","id":"é","method":"tools/call","params":{"name":"größe","_meta":{"io.modelcontextprotocol/protocolVersion":)";
  const std::string tail = R"("2026-07-28","io.modelcontextprotocol/clientCapabilities":{}}}})";
  const std::string_view pieces[] = {head, tail};
  OutgoingMessage message;
  message.body = pieces;
  message.method = "tools/call";
  message.item = "größe";
  auto answer = co_await Post(client, url, message);
  if (!answer) co_return;
  Notes notes(out);
  const base::Result<ReceivedMessage> response =
      co_await ReadResponse(**answer, "\"\\u00e9\"", 100'000, &notes);
  out += response ? std::string(response->bytes) : response.error().message;
}

TEST_F(HttpClientTest, CallsAndReadsAnEventStreamUpToTheResponse) {
  support::FakeHandler progress([](Call& call) -> base::Task<Response> {
    EXPECT_EQ(call.item, "größe");
    co_await call.client.Notify(R"({"jsonrpc":"2.0","method":"n"})");
    co_return Response::Message(support::ResultMessage(call, "{}"));
  });
  ListenWith(progress, true);
  std::string out;
  Run(CallInto(*client, url, out));
  EXPECT_EQ(
      out,
      "{\"jsonrpc\":\"2.0\",\"method\":\"n\"}\n{\"jsonrpc\":\"2.0\",\"id\":\"é\",\"result\":{}}");
}

TEST_F(HttpClientTest, AnErrorStatusWithAJsonRpcErrorIsAResponse) {
  support::FakeHandler unknown([](Call& call) -> base::Task<Response> {
    CallError error;
    error.code = kMethodNotFound;
    error.message = "no";
    co_return Response::Message(ErrorMessage(call.id(), error, {}));
  });
  ListenWith(unknown, true);
  std::string out;
  Run(CallInto(*client, url, out));
  EXPECT_EQ(out, R"({"jsonrpc":"2.0","id":"é","error":{"code":-32601,"message":"no"}})");
}

// A call that the server works on until it is cancelled or ten seconds are over.
class HangUpTest : public HttpClientTest {
 protected:
  // Hangs up as soon as the server has the call, and says whether the call was cancelled by it.
  bool HangUpDuring(const OutgoingMessage& message) {
    bool ended = false;
    bool cancelled = false;
    base::CancelSignal hang_up;
    support::FakeHandler slow([&](Call& call) -> base::Task<Response> {
      loop.Post([&] { hang_up.Request(); });
      const bool slept = co_await loop.timers.Sleep(slowness, call.cancel);
      cancelled = !slept;
      ended = true;
      co_return Response::Message(support::ResultMessage(call, "{}"));
    });
    ListenWith(slow, true);
    OutgoingMessage sent = message;
    sent.cancel = &hang_up;
    const auto send = [](base::http::Client& http, const base::http::Url& to,
                         const OutgoingMessage& what) -> base::Task<void> {
      auto answer = co_await Post(http, to, what);
      EXPECT_FALSE(answer);
    };
    Run(send(*client, url, sent));
    while (!ended) loop.io.run_one();
    server->Stop();
    while (server->active() > 0) loop.io.run_one();
    return cancelled;
  }
  std::chrono::milliseconds slowness{10'000};
};

TEST_F(HangUpTest, CancelsAModernCall) {
  const std::string_view body[] = {
      R"({"jsonrpc":"2.0","id":1,"method":"tools/list","params":{"_meta":{"io.modelcontextprotocol/protocolVersion":)"
      R"("2026-07-28","io.modelcontextprotocol/clientCapabilities":{}}}})"};
  OutgoingMessage message;
  message.body = body;
  message.method = "tools/list";
  EXPECT_TRUE(HangUpDuring(message));
}

TEST_F(HangUpTest, DoesNotCancelAnOlderCall) {
  slowness = std::chrono::milliseconds(200);
  const std::string_view body[] = {R"({"jsonrpc":"2.0","id":1,"method":"tools/list"})"};
  const std::string session = sessions.Open(principal, Revision::k2025_11_25, "{}", "{}");
  OutgoingMessage message;
  message.body = body;
  message.revision = Revision::k2025_11_25;
  message.method = "tools/list";
  message.session = session;
  EXPECT_FALSE(HangUpDuring(message));
}

}  // namespace
}  // namespace mcp
