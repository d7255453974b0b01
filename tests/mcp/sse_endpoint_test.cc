#include "mcp/legacy/sse_endpoint.h"

#include <deque>

#include "mcp/error.h"
#include "mcp/sse.h"
#include "tests/mcp/endpoint_fixture.h"

namespace mcp {
namespace {

using support::FakeExchange;
using support::FakeHandler;
using support::ResultMessage;

class SseEndpointTest : public EndpointTest {
 protected:
  template <class Done>
  void RunUntil(Done done) {
    for (int i = 0; i < 1000 && !done(); ++i) loop.io.run_one_for(std::chrono::milliseconds(100));
    EXPECT_TRUE(done());
    loop.io.poll();
  }
  struct Event {
    std::string type;
    std::string data;
    bool has_id;
  };
  std::vector<Event> Heard() const {
    std::vector<Event> out;
    SseParser parser;
    parser.Feed(stream.text);
    for (auto event = parser.Next(); event && *event; event = parser.Next())
      out.push_back({std::string((*event)->type), std::string((*event)->data), (*event)->has_id});
    return out;
  }
  void Open(Handler& answering) {
    base::Spawn(legacy::ServeSseStream(stream, loop, principal, stream_record, answering, options));
    RunUntil([&] { return !Heard().empty(); });
    const std::string address = Heard()[0].data;
    query = address.substr(std::min(address.find('?') + 1, address.size()));
  }
  // Posts, and gives the exchange back; it lives as long as the test.
  FakeExchange& Message(std::string body, Handler& answering) {
    posts.emplace_back("POST", std::move(body), std::vector<base::http::Field>{kType});
    posts.back().WithQuery(query);
    records.emplace_back();
    base::Spawn(
        legacy::ServeSseMessage(posts.back(), loop, principal, records.back(), answering, options));
    return posts.back();
  }
  void Initialize(Handler& answering) {
    Message(
        R"({"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2024-11-05",)"
        R"("capabilities":{"roots":{}},"clientInfo":{"name":"old","version":"1"}}})",
        answering);
    RunUntil([&] { return Heard().size() == 2; });
  }
  void HangUp() {
    stream.HangUp();
    RunUntil([&] { return sessions.Find(query.substr(10), principal).has_error(); });
  }

  // Answers everything, and has nothing to push.
  FakeHandler serving{[](Call& call) -> base::Task<Response> {
    if (call.method == "subscriptions/listen") co_return Response::Message(Unheard(call));
    co_return call.is_request() ? Response::Message(ResultMessage(call, "{}"))
                                : Response::Accepted();
  }};
  static std::string Unheard(const Call& call) {
    CallError error;
    error.code = kMethodNotFound;
    return ErrorMessage(call.id(), error, {});
  }

  FakeExchange stream{"GET", "", {{"Accept", "text/event-stream"}}};
  Record stream_record;
  std::string query;
  std::deque<FakeExchange> posts;
  std::deque<Record> records;
};

constexpr const char* kList = R"({"jsonrpc":"2.0","id":1,"method":"tools/list"})";

TEST_F(SseEndpointTest, TheStreamBeginsWithTheAddressForMessages) {
  Open(serving);
  EXPECT_EQ(stream.Field("Content-Type"), "text/event-stream");
  EXPECT_EQ(Heard()[0].type, "endpoint");
  EXPECT_TRUE(Heard()[0].data.starts_with("messages?sessionId=")) << Heard()[0].data;
  HangUp();
}

TEST_F(SseEndpointTest, AnswersComeOnTheStream) {
  Open(serving);
  Initialize(serving);
  EXPECT_EQ(posts[0].status, 202);
  EXPECT_EQ(Member(Member(Heard()[1].data, "result"), "protocolVersion"), "\"2024-11-05\"");
  EXPECT_EQ(Message(R"({"jsonrpc":"2.0","method":"notifications/initialized"})", serving).status,
            202);
  EXPECT_EQ(Message(kList, serving).status, 202);
  RunUntil([&] { return Heard().size() == 3; });
  EXPECT_EQ(Heard()[2].type, "message");
  EXPECT_FALSE(Heard()[2].has_id);
  EXPECT_EQ(Member(Heard()[2].data, "id"), "1");
  EXPECT_EQ(serving.revisions.back(), Revision::k2024_11_05);
  EXPECT_EQ(records.back().client_name, "old");
  HangUp();
}

TEST_F(SseEndpointTest, QuestionsAndNotificationsComeOnTheStream) {
  std::string answered;
  base::CancelSignal never;
  FakeHandler asking([&](Call& call) -> base::Task<Response> {
    if (call.method == "subscriptions/listen") co_return Response::Message(Unheard(call));
    if (call.method != "tools/list") co_return Response::Message(ResultMessage(call, "{}"));
    co_await call.client.Notify(R"({"jsonrpc":"2.0","method":"n"})");
    const base::Result<std::string> answer =
        co_await call.client.Ask(R"({"jsonrpc":"2.0","id":7,"method":"roots/list"})", never);
    answered = answer ? *answer : answer.error().message;
    co_return Response::Message(ResultMessage(call, R"({"asked":true})"));
  });
  Open(asking);
  Initialize(asking);
  Message(kList, asking);
  RunUntil([&] { return Heard().size() == 4; });
  EXPECT_EQ(Heard()[2].data, R"({"jsonrpc":"2.0","method":"n"})");
  const std::string id(Member(Heard()[3].data, "id"));
  Message(R"({"jsonrpc":"2.0","id":)" + id + R"(,"result":{"roots":[]}})", asking);
  RunUntil([&] { return Heard().size() == 5; });
  EXPECT_EQ(answered, R"({"jsonrpc":"2.0","id":7,"result":{"roots":[]}})");
  EXPECT_EQ(Member(Heard()[4].data, "result"), R"({"asked":true})");
  HangUp();
}

TEST_F(SseEndpointTest, TheEndOfTheStreamEndsItsCalls) {
  bool ended = false;
  FakeHandler endless([&](Call& call) -> base::Task<Response> {
    if (call.method == "subscriptions/listen") co_return Response::Message(Unheard(call));
    if (call.method != "tools/list") co_return Response::Message(ResultMessage(call, "{}"));
    co_await loop.timers.Sleep(std::chrono::hours(1), call.cancel);
    ended = true;
    co_return Response::Gone();
  });
  Open(endless);
  Initialize(endless);
  Message(kList, endless);
  HangUp();
  RunUntil([&] { return ended; });
  EXPECT_EQ(Message(kList, endless).status, 404);
}

TEST_F(SseEndpointTest, ACallBeforeInitializeIsRefusedOnTheStream) {
  Open(serving);
  Message(kList, serving);
  RunUntil([&] { return Heard().size() == 2; });
  EXPECT_EQ(Member(Member(Heard()[1].data, "error"), "code"), "-32600");
  HangUp();
}

TEST_F(SseEndpointTest, AnotherPrincipalsStreamIsA404) {
  Open(serving);
  principal.id = "consumer/mallory";
  EXPECT_EQ(Message(kList, serving).status, 404);
  principal = {};
  HangUp();
}

TEST_F(SseEndpointTest, OnlyAStreamsSessionTakesMessagesHere) {
  query = "sessionId=" + OpenSession();
  EXPECT_EQ(Message(kList, serving).status, 404);
  query = "";
  EXPECT_EQ(Message(kList, serving).status, 404);
}

TEST_F(SseEndpointTest, AStreamsSessionIsNoSessionOfTheNewerTransport) {
  Open(serving);
  const std::string id = query.substr(10);
  FakeExchange exchange("POST", kList, {kAccept, kType, {"Mcp-Session-Id", id}});
  Serve(exchange);
  EXPECT_EQ(exchange.status, 404);
  HangUp();
}

TEST_F(SseEndpointTest, WhatIsNoMessageIsA400) {
  Open(serving);
  EXPECT_EQ(Message("{", serving).status, 400);
  HangUp();
}

}  // namespace
}  // namespace mcp
