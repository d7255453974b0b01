#include "mcp/legacy/session_endpoint.h"

#include "mcp/error.h"
#include "tests/mcp/endpoint_fixture.h"

namespace mcp {
namespace {

using support::FakeExchange;
using support::FakeHandler;

class SessionEndpointTest : public EndpointTest {
 protected:
  static FakeExchange InSession(std::string body, std::string_view session) {
    return {"POST", std::move(body), {kAccept, kType, {"Mcp-Session-Id", session}}};
  }
  static constexpr const char* kList = R"({"jsonrpc":"2.0","id":1,"method":"tools/list"})";
};

TEST_F(SessionEndpointTest, InitializeIsAnsweredFromTheHandlersDiscovery) {
  FakeExchange exchange = Post(
      R"({"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-06-18","capabilities":{},)"
      R"("clientInfo":{"name":"probe","version":"9"}}})");
  Serve(exchange);
  EXPECT_EQ(exchange.status, 200);
  EXPECT_EQ(
      exchange.text,
      R"({"jsonrpc":"2.0","id":0,"result":{"protocolVersion":"2025-06-18","capabilities":{"tools":{}},)"
      R"("serverInfo":{"name":"fake","version":"1"},"instructions":"Be brief."}})");
  EXPECT_FALSE(exchange.Field("Mcp-Session-Id").empty());
  EXPECT_EQ(handler.methods.at(0), "server/discover");
  EXPECT_EQ(handler.revisions.at(0), Revision::k2026_07_28);
  EXPECT_EQ(record.method, "initialize");
  EXPECT_EQ(record.client_name, "probe");
  EXPECT_EQ(record.outcome, Outcome::kOk);
}

TEST_F(SessionEndpointTest, AnotherVersionIsAnsweredWithTheNewestThatHasSessions) {
  for (const char* version : {"1999-01-01", "2026-07-28"}) {
    FakeExchange exchange = Post(
        R"({"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":")" +
        std::string(version) + R"(","capabilities":{},"clientInfo":{"name":"p","version":"9"}}})");
    Serve(exchange);
    EXPECT_EQ(Member(Member(exchange.text, "result"), "protocolVersion"), "\"2025-11-25\"");
  }
}

TEST_F(SessionEndpointTest, AnIncompleteInitializeIsRefusedWithItsId) {
  FakeExchange exchange =
      Post(R"({"jsonrpc":"2.0","id":"i","method":"initialize","params":{"capabilities":{}}})");
  Serve(exchange);
  EXPECT_EQ(exchange.status, 200);
  EXPECT_EQ(ErrorCode(exchange), -32602);
  EXPECT_EQ(Id(exchange), "\"i\"");
  EXPECT_EQ(exchange.Field("Mcp-Session-Id"), "");
}

TEST_F(SessionEndpointTest, AnErrorOfTheServerIsTheAnswerToInitialize) {
  FakeHandler down([](Call& call) -> base::Task<Response> {
    CallError error;
    error.code = kUpstreamFailed;
    error.message = "down";
    co_return Response::Message(ErrorMessage(call.id(), error, {}));
  });
  FakeExchange exchange = Post(
      R"({"jsonrpc":"2.0","id":3,"method":"initialize","params":{"protocolVersion":"2025-06-18","capabilities":{},"clientInfo":{}}})");
  Serve(exchange, down);
  EXPECT_EQ(exchange.status, 200);
  EXPECT_EQ(ErrorCode(exchange), -31502);
  EXPECT_EQ(Id(exchange), "3");
  EXPECT_EQ(exchange.Field("Mcp-Session-Id"), "");
}

TEST_F(SessionEndpointTest, ACallInASessionReachesTheHandlerWithItsRevision) {
  const std::string session = OpenSession("2025-06-18");
  FakeExchange exchange = InSession(kList, session);
  Serve(exchange);
  EXPECT_EQ(exchange.status, 200) << exchange.text;
  EXPECT_EQ(handler.methods.back(), "tools/list");
  EXPECT_EQ(handler.revisions.back(), Revision::k2025_06_18);
  EXPECT_EQ(handler.sessions.back().size(), 16u);
  EXPECT_EQ(record.client_name, "probe");
  EXPECT_EQ(record.protocol_revision, "2025-06-18");
}

TEST_F(SessionEndpointTest, InitializedAndResponsesAreAccepted) {
  const std::string session = OpenSession();
  const std::size_t asked = handler.methods.size();
  FakeExchange initialized =
      InSession(R"({"jsonrpc":"2.0","method":"notifications/initialized"})", session);
  Serve(initialized);
  EXPECT_EQ(initialized.status, 202);
  EXPECT_EQ(initialized.text, "");
  FakeExchange response = InSession(R"({"jsonrpc":"2.0","id":1,"result":{}})", session);
  Serve(response);
  EXPECT_EQ(response.status, 202);
  EXPECT_EQ(handler.methods.size(), asked);
}

TEST_F(SessionEndpointTest, PingNeedsNoSession) {
  FakeExchange exchange = Post(R"({"jsonrpc":"2.0","id":"p","method":"ping"})");
  Serve(exchange);
  EXPECT_EQ(exchange.status, 200);
  EXPECT_EQ(exchange.text, R"({"jsonrpc":"2.0","id":"p","result":{}})");
  EXPECT_TRUE(handler.methods.empty());
}

TEST_F(SessionEndpointTest, AMissingSessionIdIsA400) {
  FakeExchange exchange = Post(kList);
  Serve(exchange);
  EXPECT_EQ(exchange.status, 400);
  EXPECT_EQ(ErrorCode(exchange), -32000);
  EXPECT_EQ(Id(exchange), "1");
}

TEST_F(SessionEndpointTest, AnUnknownSessionIsA404) {
  FakeExchange exchange = InSession(kList, "nonsense");
  Serve(exchange);
  EXPECT_EQ(exchange.status, 404);
  EXPECT_EQ(ErrorCode(exchange), -32001);
  EXPECT_EQ(Id(exchange), "1");
}

TEST_F(SessionEndpointTest, AnotherPrincipalsSessionIsA404) {
  const std::string session = OpenSession();
  principal.id = "consumer/mallory";
  FakeExchange exchange = InSession(kList, session);
  Serve(exchange);
  EXPECT_EQ(exchange.status, 404);
  EXPECT_EQ(ErrorCode(exchange), -32001);
}

TEST_F(SessionEndpointTest, DeleteEndsASession) {
  const std::string session = OpenSession();
  FakeExchange gone("DELETE", "", {{"Mcp-Session-Id", session}});
  Serve(gone);
  EXPECT_EQ(gone.status, 200);
  FakeExchange exchange = InSession(kList, session);
  Serve(exchange);
  EXPECT_EQ(exchange.status, 404);
  FakeExchange again("DELETE", "", {{"Mcp-Session-Id", session}});
  Serve(again);
  EXPECT_EQ(again.status, 404);
}

TEST_F(SessionEndpointTest, DeleteWithoutASessionIdIsA400) {
  FakeExchange exchange("DELETE", "");
  Serve(exchange);
  EXPECT_EQ(exchange.status, 400);
  EXPECT_EQ(ErrorCode(exchange), -32000);
}

TEST_F(SessionEndpointTest, AnUnknownVersionHeaderIsA400) {
  const std::string session = OpenSession();
  for (const char* version : {"1999-01-01", "latest"}) {
    FakeExchange exchange(
        "POST", kList,
        {kAccept, kType, {"Mcp-Session-Id", session}, {"MCP-Protocol-Version", version}});
    Serve(exchange);
    EXPECT_EQ(exchange.status, 400) << version;
    EXPECT_EQ(ErrorCode(exchange), -32000);
  }
}

TEST_F(SessionEndpointTest, AnUnknownMethodIsAnsweredIn200) {
  FakeHandler unknown([](Call& call) -> base::Task<Response> {
    CallError error;
    error.code = kMethodNotFound;
    error.message = "Method not found";
    co_return Response::Message(ErrorMessage(call.id(), error, {}));
  });
  const std::string session = OpenSession();
  FakeExchange exchange = InSession(R"({"jsonrpc":"2.0","id":1,"method":"x/y"})", session);
  Serve(exchange, unknown);
  EXPECT_EQ(exchange.status, 200);
  EXPECT_EQ(ErrorCode(exchange), -32601);
}

TEST_F(SessionEndpointTest, AHangUpDoesNotCancelAnOlderCallAtOnce) {
  const std::string session = OpenSession();
  FakeExchange exchange = InSession(kList, session);
  bool cancelled = true;
  FakeHandler watching([&](Call& call) -> base::Task<Response> {
    exchange.HangUp();
    cancelled = call.cancel.requested();
    const base::Result<void> notified =
        co_await call.client.Notify(R"({"jsonrpc":"2.0","method":"n"})");
    EXPECT_TRUE(notified);
    co_return Response::Message(support::ResultMessage(call, "{}"));
  });
  Serve(exchange, watching);
  EXPECT_FALSE(cancelled);
}

TEST_F(EndpointTest, AHangUpCancelsAModernCall) {
  FakeExchange exchange = ModernPost(ModernCall(), "tools/call", "add");
  bool cancelled = false;
  FakeHandler watching([&](Call& call) -> base::Task<Response> {
    exchange.HangUp();
    cancelled = call.cancel.requested();
    const base::Result<void> notified =
        co_await call.client.Notify(R"({"jsonrpc":"2.0","method":"n"})");
    EXPECT_FALSE(notified);
    co_return Response::Gone();
  });
  Serve(exchange, watching);
  EXPECT_TRUE(cancelled);
  EXPECT_EQ(record.outcome, Outcome::kCancelled);
}

}  // namespace
}  // namespace mcp
