#include "mcp/legacy/older_exchange.h"

#include "mcp/error.h"
#include "mcp/sse.h"
#include "tests/mcp/endpoint_fixture.h"

namespace mcp {
namespace {

using support::FakeExchange;
using support::FakeHandler;
using support::ResultMessage;

class OlderExchangeTest : public EndpointTest {
 protected:
  static FakeExchange InSession(std::string body, std::string_view session) {
    return {"POST", std::move(body), {kAccept, kType, {"Mcp-Session-Id", session}}};
  }
  static std::string ToolCall(std::string_view id) {
    return R"({"jsonrpc":"2.0","id":)" + std::string(id) +
           R"(,"method":"tools/call","params":{"name":"ask"}})";
  }
  static std::string Cancel(std::string_view id) {
    return R"({"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":)" +
           std::string(id) + "}}";
  }
  // Runs what is due, as long as there is something and `done` is false.
  template <class Done>
  void RunUntil(Done done) {
    for (int i = 0; i < 1000 && !done(); ++i) loop.io.run_one_for(std::chrono::milliseconds(100));
    EXPECT_TRUE(done());
  }
  int Status(std::string body, std::string_view session) {
    FakeExchange exchange = InSession(std::move(body), session);
    Serve(exchange);
    EXPECT_EQ(exchange.text, "");
    return exchange.status;
  }
  // The messages of the events written so far.
  static std::vector<std::string> Messages(const FakeExchange& exchange) {
    std::vector<std::string> out;
    SseParser parser;
    parser.Feed(exchange.text);
    for (;;) {
      const auto event = parser.Next();
      if (!event || !*event) return out;
      if (!(*event)->data.empty()) out.emplace_back((*event)->data);
    }
  }

  // Asks the caller once, and answers with what it said.
  FakeHandler asking{[this](Call& call) -> base::Task<Response> {
    constexpr std::string_view kQuestion =
        R"({"jsonrpc":"2.0","id":"theirs","method":"roots/list"})";
    base::Result<std::string> answer = co_await call.client.Ask(kQuestion, withdraw);
    answered = answer ? *answer : answer.error().message;
    if (!answer) code = answer.error().code;
    co_return Response::Message(ResultMessage(call, "{}"));
  }};
  base::CancelSignal withdraw;
  std::string answered;
  base::Code code = base::Code::kOk;
};

TEST_F(OlderExchangeTest, AQuestionGoesOutOnTheCallsStreamAndItsAnswerComesByAnotherPost) {
  const std::string session = OpenSession();
  FakeExchange exchange = InSession(ToolCall("1"), session);
  Serve(exchange, asking);
  ASSERT_EQ(Messages(exchange).size(), 1u);
  const std::string question = Messages(exchange)[0];
  EXPECT_EQ(Member(question, "method"), "\"roots/list\"");
  const std::string id(Member(question, "id"));
  EXPECT_NE(id, "\"theirs\"");
  EXPECT_FALSE(exchange.finished);

  EXPECT_EQ(Status(R"({"jsonrpc":"2.0","id":)" + id + R"(,"result":{"roots":[]}})", session), 202);
  RunUntil([&] { return exchange.finished; });
  EXPECT_EQ(answered, R"({"jsonrpc":"2.0","id":"theirs","result":{"roots":[]}})");
  EXPECT_EQ(Messages(exchange)[1], R"({"jsonrpc":"2.0","id":1,"result":{}})");
}

TEST_F(OlderExchangeTest, AnErrorOfTheCallerIsItsAnswer) {
  const std::string session = OpenSession();
  FakeExchange exchange = InSession(ToolCall("1"), session);
  Serve(exchange, asking);
  const std::string id(Member(Messages(exchange).at(0), "id"));
  Status(R"({"jsonrpc":"2.0","id":)" + id + R"(,"error":{"code":-1,"message":"no"}})", session);
  RunUntil([&] { return exchange.finished; });
  EXPECT_EQ(Member(Member(answered, "error"), "code"), "-1");
  EXPECT_EQ(Member(answered, "id"), "\"theirs\"");
}

TEST_F(OlderExchangeTest, AnAnswerToNothingIsDropped) {
  const std::string session = OpenSession();
  FakeExchange exchange = InSession(ToolCall("1"), session);
  Serve(exchange, asking);
  EXPECT_EQ(Status(R"({"jsonrpc":"2.0","id":1,"result":{}})", session), 202);
  EXPECT_EQ(Status(R"({"jsonrpc":"2.0","id":"x","result":{}})", session), 202);
  EXPECT_FALSE(exchange.finished);
  withdraw.Request();
  RunUntil([&] { return exchange.finished; });
}

TEST_F(OlderExchangeTest, AnAnswerFromAnotherSessionIsDropped) {
  const std::string session = OpenSession();
  const std::string other = OpenSession();
  FakeExchange exchange = InSession(ToolCall("1"), session);
  Serve(exchange, asking);
  const std::string id(Member(Messages(exchange).at(0), "id"));
  EXPECT_EQ(Status(R"({"jsonrpc":"2.0","id":)" + id + R"(,"result":{}})", other), 202);
  loop.io.poll();
  EXPECT_FALSE(exchange.finished);
  withdraw.Request();
  RunUntil([&] { return exchange.finished; });
}

TEST_F(OlderExchangeTest, AWithdrawnQuestionIsCancelledTowardTheCaller) {
  const std::string session = OpenSession();
  FakeExchange exchange = InSession(ToolCall("1"), session);
  Serve(exchange, asking);
  const std::string id(Member(Messages(exchange).at(0), "id"));
  withdraw.Request();
  RunUntil([&] { return exchange.finished; });
  EXPECT_EQ(code, base::Code::kCancelled);
  const std::string cancelled = Messages(exchange).at(1);
  EXPECT_EQ(Member(cancelled, "method"), "\"notifications/cancelled\"");
  EXPECT_EQ(Member(Member(cancelled, "params"), "requestId"), id);
}

TEST_F(OlderExchangeTest, SeveralQuestionsWaitAtATime) {
  const std::string session = OpenSession();
  std::vector<std::string> answers;
  const auto ask = [](Call& call, std::string question, base::CancelSignal& never,
                      std::vector<std::string>& into) -> base::Task<void> {
    const base::Result<std::string> answer = co_await call.client.Ask(question, never);
    into.push_back(answer ? std::string(Member(*answer, "result")) : answer.error().message);
  };
  FakeHandler twice([&](Call& call) -> base::Task<Response> {
    std::string first = R"({"jsonrpc":"2.0","id":1,"method":"roots/list"})";
    std::string second = R"({"jsonrpc":"2.0","id":2,"method":"roots/list"})";
    base::Spawn(ask(call, std::move(first), withdraw, answers));
    co_await ask(call, std::move(second), withdraw, answers);
    while (answers.size() < 2) co_await loop.timers.Sleep(std::chrono::milliseconds(1), withdraw);
    co_return Response::Message(ResultMessage(call, "{}"));
  });
  FakeExchange exchange = InSession(ToolCall("1"), session);
  Serve(exchange, twice);
  const auto asked = Messages(exchange);
  ASSERT_EQ(asked.size(), 2u);
  for (int i : {1, 0}) {
    Status(R"({"jsonrpc":"2.0","id":)" + std::string(Member(asked[i], "id")) +
               R"(,"result":{"n":)" + std::to_string(i) + "}}",
           session);
  }
  RunUntil([&] { return exchange.finished; });
  EXPECT_EQ(answers, (std::vector<std::string>{R"({"n":1})", R"({"n":0})"}));
}

TEST_F(OlderExchangeTest, QuestionsAreBounded) {
  const std::string session = OpenSession();
  FakeHandler endless([&](Call& call) -> base::Task<Response> {
    const legacy::SessionPointer found = *sessions.Find(session, principal);
    std::vector<std::unique_ptr<legacy::CallerSession::Question>> posed;
    for (std::size_t i = 0; i < legacy::CallerSession::kMaxQuestions; ++i) {
      posed.push_back(std::make_unique<legacy::CallerSession::Question>(*found, loop));
      EXPECT_TRUE(legacy::CallerSession::Question::Pose(*posed.back()));
    }
    const auto one_more = co_await call.client.Ask(
        R"({"jsonrpc":"2.0","id":"theirs","method":"roots/list"})", withdraw);
    EXPECT_FALSE(one_more);
    code = one_more.error().code;
    co_return Response::Message(ResultMessage(call, "{}"));
  });
  FakeExchange exchange = InSession(ToolCall("1"), session);
  Serve(exchange, endless);
  EXPECT_EQ(code, base::Code::kResourceExhausted);
}

TEST_F(OlderExchangeTest, TheEndOfTheSessionEndsItsQuestionsAndCalls) {
  const std::string session = OpenSession();
  FakeExchange exchange = InSession(ToolCall("1"), session);
  Serve(exchange, asking);
  FakeExchange gone("DELETE", "", {{"Mcp-Session-Id", session}});
  Serve(gone);
  EXPECT_EQ(gone.status, 200);
  RunUntil([&] { return exchange.finished; });
  EXPECT_EQ(code, base::Code::kCancelled);
}

TEST_F(OlderExchangeTest, ACancelledCallIsCancelledAndGetsNoAnswer) {
  const std::string session = OpenSession();
  FakeHandler patient([&](Call& call) -> base::Task<Response> {
    co_await loop.timers.Sleep(std::chrono::seconds(100), call.cancel);
    co_return Response::Message(ResultMessage(call, "{}"));
  });
  FakeExchange other = InSession(ToolCall("\"8\""), session);
  FakeExchange exchange = InSession(ToolCall("8"), session);
  Serve(other, patient);
  Serve(exchange, patient);
  EXPECT_EQ(Status(Cancel("8"), session), 202);
  RunUntil([&] { return exchange.finished; });
  EXPECT_EQ(exchange.status, 200);
  EXPECT_EQ(exchange.Field("Content-Type"), "text/event-stream");
  EXPECT_EQ(exchange.text, "");
  EXPECT_FALSE(other.finished);
  Status(Cancel("\"8\""), session);
  RunUntil([&] { return other.finished; });
}

TEST_F(OlderExchangeTest, CancellingWhatIsOverDoesNothing) {
  const std::string session = OpenSession();
  EXPECT_EQ(Status(Cancel("8"), session), 202);
  EXPECT_EQ(Status(R"({"jsonrpc":"2.0","method":"notifications/cancelled"})", session), 202);
}

TEST_F(OlderExchangeTest, WhatTheCallerAnnouncesReachesTheHandler) {
  const std::string session = OpenSession();
  EXPECT_EQ(Status(R"({"jsonrpc":"2.0","method":"notifications/roots/list_changed"})", session),
            202);
  EXPECT_EQ(handler.methods.back(), "notifications/roots/list_changed");
  EXPECT_EQ(handler.sessions.back().size(), 16u);
}

TEST_F(OlderExchangeTest, HandlersKnowTheCallerAndItsLogLevel) {
  const std::string session = OpenSession();
  std::string level, info, capabilities;
  FakeHandler looking([&](Call& call) -> base::Task<Response> {
    level = call.log_level;
    info = call.client_info;
    capabilities = call.client_capabilities;
    co_return Response::Message(ResultMessage(call, "{}"));
  });
  FakeExchange set = InSession(
      R"({"jsonrpc":"2.0","id":1,"method":"logging/setLevel","params":{"level":"debug"}})",
      session);
  Serve(set, looking);
  EXPECT_EQ(level, "");
  FakeExchange exchange = InSession(ToolCall("1"), session);
  Serve(exchange, looking);
  EXPECT_EQ(level, "\"debug\"");
  EXPECT_EQ(info, R"({"name":"probe","version":"9"})");
  EXPECT_EQ(capabilities, "{}");
}

TEST_F(OlderExchangeTest, ALevelThatTheServerRefusedIsNotKept) {
  const std::string session = OpenSession();
  FakeHandler refusing([&](Call& call) -> base::Task<Response> {
    CallError error;
    error.code = kInvalidParams;
    co_return Response::Message(ErrorMessage(call.id(), error, {}));
  });
  FakeExchange set = InSession(
      R"({"jsonrpc":"2.0","id":1,"method":"logging/setLevel","params":{"level":"debug"}})",
      session);
  Serve(set, refusing);
  const legacy::SessionPointer found = *sessions.Find(session, principal);
  base::CancelSignal cancel;
  EXPECT_EQ(legacy::CallerSession::Running(*found, "1", loop, cancel).log_level(), "");
}

TEST_F(OlderExchangeTest, EventsBearIdsAndTheFirstOneIsEmpty) {
  FakeHandler talking([&](Call& call) -> base::Task<Response> {
    co_await call.client.Notify(R"({"jsonrpc":"2.0","method":"n"})");
    co_return Response::Message(ResultMessage(call, "{}"));
  });
  const std::string session = OpenSession();
  FakeExchange exchange = InSession(ToolCall("1"), session);
  Serve(exchange, talking);
  std::vector<std::string> ids;
  SseParser parser;
  parser.Feed(exchange.text);
  for (auto event = parser.Next(); event && *event; event = parser.Next())
    ids.emplace_back((*event)->id);
  EXPECT_EQ(ids.size(), 3u);
  for (const std::string& id : ids) EXPECT_TRUE(legacy::EventId::Parse(id)) << id;
  EXPECT_TRUE(exchange.text.find("retry: ") < exchange.text.find("data: \n\n")) << exchange.text;
  EXPECT_TRUE(exchange.finished);
}

TEST_F(OlderExchangeTest, OlderRevisionsGetNoEmptyFirstEvent) {
  FakeHandler talking([&](Call& call) -> base::Task<Response> {
    co_await call.client.Notify(R"({"jsonrpc":"2.0","method":"n"})");
    co_return Response::Message(ResultMessage(call, "{}"));
  });
  const std::string session = OpenSession("2025-06-18");
  FakeExchange exchange = InSession(ToolCall("1"), session);
  Serve(exchange, talking);
  EXPECT_EQ(exchange.text.find("data: \n"), std::string::npos);
  EXPECT_NE(exchange.text.find("id: "), std::string::npos);
}

TEST_F(OlderExchangeTest, AnErrorAtTheEndOfAStreamBearsNoId) {
  FakeHandler failing([&](Call& call) -> base::Task<Response> {
    co_await call.client.Notify(R"({"jsonrpc":"2.0","method":"n"})");
    CallError error;
    error.code = kUpstreamFailed;
    co_return Response::Message(ErrorMessage(call.id(), error, {}));
  });
  const std::string session = OpenSession("2025-06-18");
  FakeExchange exchange = InSession(ToolCall("1"), session);
  Serve(exchange, failing);
  EXPECT_NE(exchange.text.find("event: message\ndata: {\"jsonrpc\":\"2.0\",\"id\":1,\"error\""),
            std::string::npos)
      << exchange.text;
}

TEST_F(OlderExchangeTest, APlainAnswerIsPlainJson) {
  const std::string session = OpenSession();
  FakeExchange exchange = InSession(ToolCall("1"), session);
  Serve(exchange);
  EXPECT_FALSE(exchange.streamed);
  EXPECT_EQ(exchange.Field("Content-Type"), "application/json");
}

}  // namespace
}  // namespace mcp
