#include "mcp/legacy/own_stream.h"

#include "mcp/error.h"
#include "mcp/legacy/listening.h"
#include "mcp/sse.h"
#include "tests/mcp/endpoint_fixture.h"

namespace mcp {
namespace {

using support::FakeExchange;
using support::FakeHandler;
using support::ResultMessage;

constexpr const char* kAcknowledged =
    R"({"jsonrpc":"2.0","method":"notifications/subscriptions/acknowledged"})";

class OwnStreamTest : public EndpointTest {
 protected:
  static FakeExchange Get(std::string_view session) {
    return {"GET", "", {{"Accept", "text/event-stream"}, {"Mcp-Session-Id", session}}};
  }
  static FakeExchange Get(std::string_view session, std::string_view last_event) {
    return {"GET",
            "",
            {{"Accept", "text/event-stream"},
             {"Mcp-Session-Id", session},
             {"Last-Event-ID", last_event}}};
  }
  static FakeExchange InSession(std::string body, std::string_view session) {
    return {"POST", std::move(body), {kAccept, kType, {"Mcp-Session-Id", session}}};
  }
  static std::string Request(std::string_view id, std::string_view method,
                             std::string_view params = "{}") {
    return R"({"jsonrpc":"2.0","id":)" + std::string(id) + R"(,"method":")" + std::string(method) +
           R"(","params":)" + std::string(params) + "}";
  }
  template <class Done>
  void RunUntil(Done done) {
    for (int i = 0; i < 1000 && !done(); ++i) loop.io.run_one_for(std::chrono::milliseconds(100));
    EXPECT_TRUE(done());
    loop.io.poll();  // what has ended lets go
  }
  void Close(std::string_view session) {
    FakeExchange exchange("DELETE", "", {{"Mcp-Session-Id", session}});
    Serve(exchange);
  }
  struct Heard {
    std::vector<std::string> messages;
    std::vector<std::string> ids;  // of all events
  };
  static Heard Hear(const FakeExchange& exchange) {
    Heard heard;
    SseParser parser;
    parser.Feed(exchange.text);
    for (auto event = parser.Next(); event && *event; event = parser.Next()) {
      if (!(*event)->data.empty()) heard.messages.emplace_back((*event)->data);
      heard.ids.emplace_back((*event)->has_id ? (*event)->id : std::string_view());
    }
    return heard;
  }

  // Listens like a server that can push: one listener, which Push tells.
  FakeHandler pushing{[this](Call& call) -> base::Task<Response> {
    if (call.method != "subscriptions/listen")
      co_return Response::Message(ResultMessage(call, "{}"));
    ++listeners;
    wanted.emplace_back(Member(call.envelope.params.of(call.bytes), "notifications"));
    client = &call.client;
    co_await call.client.Notify(acknowledgement);
    co_await loop.timers.Sleep(std::chrono::hours(1), call.cancel);
    --listeners;
    co_return Response::Gone();
  }};
  void Push(std::string_view message) {
    const auto push = [](Client& to, std::string text) -> base::Task<void> {
      co_await to.Notify(text);
    };
    base::Spawn(push(*client, std::string(message)));
  }
  std::string acknowledgement = kAcknowledged;
  int listeners = 0;
  std::vector<std::string> wanted;
  Client* client = nullptr;
};

constexpr const char* kChanged = R"({"jsonrpc":"2.0","method":"notifications/tools/list_changed"})";

TEST_F(OwnStreamTest, AGetHearsWhatTheServerPushes) {
  const std::string session = OpenSession();
  FakeExchange stream = Get(session);
  Serve(stream, pushing);
  RunUntil([&] { return stream.status != 0; });
  EXPECT_EQ(stream.status, 200);
  EXPECT_EQ(stream.Field("Content-Type"), "text/event-stream");
  EXPECT_EQ(stream.Field("X-Accel-Buffering"), "no");
  EXPECT_EQ(
      wanted.at(0),
      R"({"toolsListChanged":true,"promptsListChanged":true,"resourcesListChanged":true,"resourceSubscriptions":[]})");
  Push(kChanged);
  RunUntil([&] { return Hear(stream).messages.size() == 1; });
  EXPECT_EQ(Hear(stream).messages[0], kChanged);
  EXPECT_FALSE(stream.finished);
  Close(session);
  RunUntil([&] { return stream.finished && listeners == 0; });
}

TEST_F(OwnStreamTest, AGetIsA405WhenNothingWillBePushed) {
  FakeHandler deaf([](Call& call) -> base::Task<Response> {
    CallError error;
    error.code = kMethodNotFound;
    co_return Response::Message(ErrorMessage(call.id(), error, {}));
  });
  const std::string session = OpenSession();
  FakeExchange stream = Get(session);
  Serve(stream, deaf);
  RunUntil([&] { return stream.status != 0; });
  EXPECT_EQ(stream.status, 405);
  EXPECT_EQ(stream.Field("Allow"), "POST, DELETE");
}

TEST_F(OwnStreamTest, AGetWithoutASessionIsA405) {
  FakeExchange stream("GET", "", {{"Accept", "text/event-stream"}});
  Serve(stream, pushing);
  EXPECT_EQ(stream.status, 405);
}

TEST_F(OwnStreamTest, AGetInAnUnknownSessionIsA404) {
  FakeExchange stream = Get("nonsense");
  Serve(stream, pushing);
  EXPECT_EQ(stream.status, 404);
}

TEST_F(OwnStreamTest, AGetThatDoesNotAcceptEventsIsA406) {
  const std::string session = OpenSession();
  FakeExchange stream("GET", "", {{"Accept", "application/json"}, {"Mcp-Session-Id", session}});
  Serve(stream, pushing);
  EXPECT_EQ(stream.status, 406);
}

TEST_F(OwnStreamTest, AModernGetIsA405) {
  FakeExchange stream = Get("x");
  stream.With("MCP-Protocol-Version", "2026-07-28");
  Serve(stream, pushing);
  EXPECT_EQ(stream.status, 405);
  EXPECT_EQ(stream.Field("Allow"), "POST");
}

TEST_F(OwnStreamTest, AQuietStreamIsKeptAlive) {
  options.keep_alive = std::chrono::milliseconds(1);
  const std::string session = OpenSession();
  FakeExchange stream = Get(session);
  Serve(stream, pushing);
  RunUntil([&] { return stream.text.find(kKeepAliveComment) != std::string::npos; });
  Close(session);
  RunUntil([&] { return stream.finished && listeners == 0; });
}

TEST_F(OwnStreamTest, ASubscriptionIsListenedToWhenItsAnswerComes) {
  const std::string session = OpenSession();
  FakeExchange stream = Get(session);
  Serve(stream, pushing);
  RunUntil([&] { return stream.status != 0; });
  FakeExchange subscribe =
      InSession(Request("1", "resources/subscribe", R"({"uri":"a:b"})"), session);
  Serve(subscribe, pushing);
  RunUntil([&] { return subscribe.finished; });
  EXPECT_EQ(Member(wanted.back(), "resourceSubscriptions"), R"(["a:b"])");
  RunUntil([&] { return listeners == 1; });
  Push(R"({"jsonrpc":"2.0","method":"notifications/resources/updated","params":{"uri":"a:b"}})");
  RunUntil([&] { return Hear(stream).messages.size() == 1; });

  FakeExchange unsubscribe =
      InSession(Request("2", "resources/unsubscribe", R"({"uri":"a:b"})"), session);
  Serve(unsubscribe, pushing);
  RunUntil([&] { return unsubscribe.finished; });
  EXPECT_EQ(Member(wanted.back(), "resourceSubscriptions"), "[]");
  Close(session);
  RunUntil([&] { return stream.finished && listeners == 0; });
}

TEST_F(OwnStreamTest, WhatIsHeardInTheSessionAnywayNeedsNoOtherListen) {
  acknowledgement =
      R"({"jsonrpc":"2.0","method":"notifications/subscriptions/acknowledged","params":{"_meta":{"portolan/hearsSession":true}}})";
  const std::string session = OpenSession();
  FakeExchange stream = Get(session);
  Serve(stream, pushing);
  RunUntil([&] { return stream.status != 0; });
  FakeExchange subscribe =
      InSession(Request("1", "resources/subscribe", R"({"uri":"a:b"})"), session);
  Serve(subscribe, pushing);
  RunUntil([&] { return subscribe.finished; });
  EXPECT_EQ(wanted.size(), 1U);
  EXPECT_EQ(listeners, 1);
  Push(R"({"jsonrpc":"2.0","method":"notifications/resources/updated","params":{"uri":"a:b"}})");
  RunUntil([&] { return Hear(stream).messages.size() == 1; });
  Close(session);
  RunUntil([&] { return stream.finished && listeners == 0; });
}

TEST_F(OwnStreamTest, ASecondGetTakesThePlaceOfTheFirst) {
  const std::string session = OpenSession();
  FakeExchange first = Get(session);
  Serve(first, pushing);
  RunUntil([&] { return first.status != 0; });
  FakeExchange second = Get(session);
  Serve(second, pushing);
  RunUntil([&] { return second.status != 0 && first.finished && listeners == 1; });
  Push(kChanged);
  RunUntil([&] { return Hear(second).messages.size() == 1; });
  EXPECT_TRUE(Hear(first).messages.empty());
  Close(session);
  RunUntil([&] { return second.finished && listeners == 0; });
}

TEST_F(OwnStreamTest, WhatWasMissedIsReplayed) {
  const std::string session = OpenSession();
  FakeExchange first = Get(session);
  Serve(first, pushing);
  RunUntil([&] { return first.status != 0; });
  Push(kChanged);
  RunUntil([&] { return Hear(first).messages.size() == 1; });
  const std::string last = Hear(first).ids.back();
  first.HangUp();
  Push(R"({"jsonrpc":"2.0","method":"missed"})");
  loop.io.poll();
  FakeExchange second = Get(session, last);
  Serve(second, pushing);
  RunUntil([&] { return Hear(second).messages.size() == 1; });
  EXPECT_EQ(Hear(second).messages[0], R"({"jsonrpc":"2.0","method":"missed"})");
  Close(session);
  RunUntil([&] { return second.finished && listeners == 0; });
}

TEST_F(OwnStreamTest, AStreamOfAnEarlierLifeBeginsAnew) {
  const std::string session = OpenSession();
  FakeExchange stream = Get(session, "g1.0.17");
  Serve(stream, pushing);
  RunUntil([&] { return stream.status != 0; });
  EXPECT_EQ(stream.status, 200);
  EXPECT_FALSE(stream.finished);
  Close(session);
  RunUntil([&] { return stream.finished && listeners == 0; });
}

TEST_F(OwnStreamTest, AServerMayAskOnTheStream) {
  const std::string session = OpenSession();
  FakeExchange stream = Get(session);
  Serve(stream, pushing);
  RunUntil([&] { return stream.status != 0; });
  std::string answered;
  base::CancelSignal never;
  const auto ask = [](Client& to, base::CancelSignal& cancel,
                      std::string& into) -> base::Task<void> {
    const base::Result<std::string> answer =
        co_await to.Ask(R"({"jsonrpc":"2.0","id":7,"method":"roots/list"})", cancel);
    into = answer ? *answer : answer.error().message;
  };
  base::Spawn(ask(*client, never, answered));
  RunUntil([&] { return Hear(stream).messages.size() == 1; });
  const std::string id(Member(Hear(stream).messages[0], "id"));
  FakeExchange answer = InSession(R"({"jsonrpc":"2.0","id":)" + id + R"(,"result":{}})", session);
  Serve(answer, pushing);
  EXPECT_EQ(answer.status, 202);
  RunUntil([&] { return !answered.empty(); });
  EXPECT_EQ(answered, R"({"jsonrpc":"2.0","id":7,"result":{}})");
  Close(session);
  RunUntil([&] { return stream.finished && listeners == 0; });
}

TEST_F(OwnStreamTest, ADrainEndsTheStreamInGoodOrder) {
  base::CancelSignal ending;
  options.ending = &ending;
  const std::string session = OpenSession();
  FakeExchange stream = Get(session);
  Serve(stream, pushing);
  RunUntil([&] { return stream.status != 0; });
  ending.Request();
  RunUntil([&] { return stream.finished && listeners == 0; });
}

TEST_F(OwnStreamTest, TheSubscriptionsIdIsTakenOut) {
  const auto without = [](std::string_view message) {
    return legacy::WithoutSubscription(message, *Scan(message));
  };
  EXPECT_EQ(
      without(
          R"({"jsonrpc":"2.0","method":"n","params":{"_meta":{"io.modelcontextprotocol/subscriptionId":"x","a":1},"b":2}})"),
      R"({"jsonrpc":"2.0","method":"n","params":{"_meta":{"a":1},"b":2}})");
  EXPECT_EQ(without(kChanged), kChanged);
}

// ---- The streams of calls

class ResumptionTest : public OwnStreamTest {
 protected:
  // Says one thing, waits to be let go, and answers.
  FakeHandler slow{[this](Call& call) -> base::Task<Response> {
    co_await call.client.Notify(R"({"jsonrpc":"2.0","method":"one"})");
    while (!go && !call.cancel.requested())
      co_await loop.timers.Sleep(std::chrono::milliseconds(1), call.cancel);
    if (break_off) co_await call.client.BreakOff();
    co_await call.client.Notify(R"({"jsonrpc":"2.0","method":"two"})");
    if (!fail) co_return Response::Message(ResultMessage(call, "{}"));
    CallError error;
    error.code = kUpstreamFailed;
    co_return Response::Message(ErrorMessage(call.id(), error, {}));
  }};
  bool go = false;
  bool fail = false;
  bool break_off = false;
};

TEST_F(ResumptionTest, ACallsStreamGoesOnWhereItsCallerLeftIt) {
  const std::string session = OpenSession();
  FakeExchange exchange = InSession(Request("5", "x/y"), session);
  Serve(exchange, slow);
  const std::string last = Hear(exchange).ids.back();
  exchange.HangUp();
  FakeExchange rest = Get(session, last);
  Serve(rest, slow);
  EXPECT_EQ(rest.status, 200);
  go = true;
  RunUntil([&] { return rest.finished; });
  const Heard heard = Hear(rest);
  ASSERT_EQ(heard.messages.size(), 2u);
  EXPECT_EQ(heard.messages[0], R"({"jsonrpc":"2.0","method":"two"})");
  EXPECT_EQ(heard.messages[1], R"({"jsonrpc":"2.0","id":5,"result":{}})");

  FakeExchange again = Get(session, heard.ids.back());
  Serve(again, slow);
  EXPECT_EQ(again.status, 405);
}

TEST_F(ResumptionTest, AFloodIsWholeWhenItsCallerComesBackInTheMiddle) {
  constexpr int kAll = 10'000;
  const std::string padding(1024, 'x');
  FakeHandler flood([&](Call& call) -> base::Task<Response> {
    for (int i = 0; i < kAll; ++i) {
      while (i == kAll / 2 && !go)
        co_await loop.timers.Sleep(std::chrono::milliseconds(1), call.cancel);
      const std::string message = R"({"jsonrpc":"2.0","method":"n","params":{"n":)" +
                                  std::to_string(i) + ",\"x\":\"" + padding + "\"}}";
      co_await call.client.Notify(message);
    }
    co_return Response::Message(ResultMessage(call, "{}"));
  });
  const std::string session = OpenSession();
  FakeExchange exchange = InSession(Request("5", "x/y"), session);
  Serve(exchange, flood);
  const Heard first = Hear(exchange);
  ASSERT_EQ(first.messages.size(), kAll / 2u);
  const std::string last = first.ids[kAll / 2 - 100];  // the empty first event is one more
  exchange.HangUp();
  FakeExchange rest = Get(session, last);
  Serve(rest, flood);
  go = true;
  RunUntil([&] { return rest.finished; });
  const Heard heard = Hear(rest);
  ASSERT_EQ(heard.messages.size(), kAll / 2u + 101u);
  EXPECT_EQ(Member(Member(heard.messages[0], "params"), "n"), "4900");
  EXPECT_EQ(Member(heard.messages.back(), "id"), "5");
}

TEST_F(ResumptionTest, AFloodWaitsForACallerThatIsGone) {
  constexpr int kAll = 3'000;
  int told = 0;
  FakeExchange* caller = nullptr;
  FakeHandler flood([&](Call& call) -> base::Task<Response> {
    const std::string padding(1024, 'x');
    for (; told < kAll; ++told) {
      if (told == kAll / 2) caller->HangUp();
      const std::string message =
          R"({"jsonrpc":"2.0","method":"n","params":{"x":")" + padding + "\"}}";
      co_await call.client.Notify(message);
    }
    co_return Response::Message(ResultMessage(call, "{}"));
  });
  const std::string session = OpenSession();
  FakeExchange exchange = InSession(Request("5", "x/y"), session);
  caller = &exchange;
  Serve(exchange, flood);
  EXPECT_LT(told, kAll / 2 + 200);
  const Heard first = Hear(exchange);
  const std::string last = first.ids.back();
  FakeExchange rest = Get(session, last);
  Serve(rest, flood);
  RunUntil([&] { return rest.finished; });
  EXPECT_EQ(first.messages.size() + Hear(rest).messages.size(), kAll + 1u);
}

TEST_F(ResumptionTest, AnAnswerWaitsForItsCaller) {
  const std::string session = OpenSession();
  FakeExchange exchange = InSession(Request("5", "x/y"), session);
  Serve(exchange, slow);
  const std::string last = Hear(exchange).ids.back();
  exchange.HangUp();
  go = true;
  RunUntil([&] { return record.outcome == Outcome::kOk; });
  FakeExchange rest = Get(session, last);
  Serve(rest, slow);
  EXPECT_EQ(Hear(rest).messages.size(), 2u);
  EXPECT_TRUE(rest.finished);
}

TEST_F(ResumptionTest, AnErrorIsHeardOnce) {
  fail = true;
  const std::string session = OpenSession();
  FakeExchange exchange = InSession(Request("5", "x/y"), session);
  Serve(exchange, slow);
  go = true;
  RunUntil([&] { return exchange.finished; });
  const Heard heard = Hear(exchange);
  ASSERT_EQ(heard.messages.size(), 3u);
  EXPECT_EQ(heard.ids.back(), "");
  // A client that resumes after an error would do so for ever.
  FakeExchange again = Get(session, heard.ids[heard.ids.size() - 2]);
  Serve(again, slow);
  EXPECT_EQ(again.status, 405);
}

TEST_F(ResumptionTest, AnErrorThatNobodyHeardWaits) {
  fail = true;
  const std::string session = OpenSession();
  FakeExchange exchange = InSession(Request("5", "x/y"), session);
  Serve(exchange, slow);
  const std::string last = Hear(exchange).ids.back();
  exchange.HangUp();
  go = true;
  RunUntil([&] { return record.outcome == Outcome::kRpcError; });
  FakeExchange rest = Get(session, last);
  Serve(rest, slow);
  EXPECT_EQ(Hear(rest).messages.size(), 2u);
  FakeExchange again = Get(session, last);
  Serve(again, slow);
  EXPECT_EQ(Hear(again).messages.size(), 1u);  // without the error
}

TEST_F(ResumptionTest, AServerMayBreakItsStreamOff) {
  go = break_off = true;
  const std::string session = OpenSession();
  FakeExchange exchange = InSession(Request("5", "x/y"), session);
  Serve(exchange, slow);
  EXPECT_TRUE(exchange.finished);
  EXPECT_EQ(Hear(exchange).messages.size(), 1u);
  const std::string last = Hear(exchange).ids.back();
  FakeExchange rest = Get(session, last);
  Serve(rest, slow);
  EXPECT_EQ(Hear(rest).messages.size(), 2u);
  EXPECT_TRUE(rest.finished);
}

TEST_F(ResumptionTest, ACallOfAnEarlierLifeIsAnsweredWithAnErrorOnce) {
  const std::string session = OpenSession();
  legacy::EventId id;
  id.of_call = true;
  id.epoch = 1;
  id.request = "\"five\"";
  const std::string last = id.ToString();
  FakeExchange rest = Get(session, last);
  Serve(rest, slow);
  const Heard heard = Hear(rest);
  ASSERT_EQ(heard.messages.size(), 1u);
  EXPECT_EQ(Member(heard.messages[0], "id"), "\"five\"");
  EXPECT_EQ(Member(Member(heard.messages[0], "error"), "code"), "-31503");
  FakeExchange again = Get(session, heard.ids.back());
  Serve(again, slow);
  EXPECT_EQ(again.status, 405);
}

TEST_F(ResumptionTest, AnEventOfACallThatNobodyKnowsIsA405) {
  const std::string session = OpenSession();
  for (const char* id : {"p1.2.3", "p1.2.3."}) {
    FakeExchange rest = Get(session, id);
    Serve(rest, slow);
    EXPECT_EQ(rest.status, 405) << id;
  }
}

TEST(EventIdTest, ReadsWhatItWrites) {
  legacy::EventId id;
  id.of_call = true;
  id.epoch = 0xdeadbeef;
  id.stream = 3;
  id.number = 99;
  id.request = "\"a b\"";
  const auto read = legacy::EventId::Parse(id.ToString());
  ASSERT_TRUE(read);
  EXPECT_EQ(read->ToString(), id.ToString());
  EXPECT_EQ(read->request, "\"a b\"");
}

TEST(EventIdTest, RefusesWhatIsNone) {
  for (const char* text : {"", "p", "x1.2.3", "p1.2", "p1.2.", "pg.1.1", "p1.1.1.!!", "p1.1.1x",
                           "p-1.1.1", "p123456789.1.1"}) {
    EXPECT_FALSE(legacy::EventId::Parse(text)) << text;
  }
}

}  // namespace
}  // namespace mcp
