#include "mcp/legacy/batch.h"

#include <algorithm>

#include "mcp/error.h"
#include "mcp/sse.h"
#include "tests/mcp/endpoint_fixture.h"

namespace mcp {
namespace {

using support::FakeExchange;
using support::FakeHandler;
using support::ResultMessage;

class BatchTest : public EndpointTest, public PartSink {
 protected:
  BatchTest() { options.parts = this; }
  void Keep(Record& part) override { parts.push_back(part); }
  static FakeExchange InSession(std::string body, std::string_view session) {
    return {"POST", std::move(body), {kAccept, kType, {"Mcp-Session-Id", session}}};
  }
  static std::string Call(int id, std::string_view method = "x/y") {
    return R"({"jsonrpc":"2.0","id":)" + std::to_string(id) + R"(,"method":")" +
           std::string(method) + "\"}";
  }
  template <class Done>
  void RunUntil(Done done) {
    for (int i = 0; i < 1000 && !done(); ++i) loop.io.run_one_for(std::chrono::milliseconds(100));
    EXPECT_TRUE(done());
  }
  std::vector<Record> parts;
};

TEST_F(BatchTest, EachMessageIsACallAndTheAnswersComeInOneArray) {
  const std::string session = OpenSession("2025-03-26");
  FakeExchange exchange = InSession(
      "[" + Call(1) + ", " + Call(2, "ping") + R"(,{"jsonrpc":"2.0","method":"notifications/x"}])",
      session);
  Serve(exchange);
  RunUntil([&] { return exchange.finished; });
  EXPECT_EQ(exchange.status, 200);
  Elements answers(exchange.text);
  std::vector<std::string> ids;
  while (answers.Next()) ids.emplace_back(Member(answers.value(), "id"));
  EXPECT_EQ(ids, (std::vector<std::string>{"1", "2"}));
  EXPECT_EQ(handler.methods.back(), "notifications/x");
  ASSERT_EQ(parts.size(), 3u);
  EXPECT_EQ(parts[0].method, "x/y");
  EXPECT_EQ(parts[0].outcome, Outcome::kOk);
}

TEST_F(BatchTest, OnlyNotificationsAreAccepted) {
  const std::string session = OpenSession("2025-03-26");
  FakeExchange exchange = InSession(R"([{"jsonrpc":"2.0","method":"notifications/x"}])", session);
  Serve(exchange);
  RunUntil([&] { return exchange.finished; });
  EXPECT_EQ(exchange.status, 202);
  EXPECT_EQ(exchange.text, "");
}

TEST_F(BatchTest, WhatIsToldBeforeMakesTheAnswersEvents) {
  FakeHandler talking([](mcp::Call& call) -> base::Task<Response> {
    if (call.id() == "1") co_await call.client.Notify(R"({"jsonrpc":"2.0","method":"n"})");
    co_return Response::Message(ResultMessage(call, "{}"));
  });
  const std::string session = OpenSession("2025-03-26");
  FakeExchange exchange = InSession("[" + Call(1) + "," + Call(2) + "]", session);
  Serve(exchange, talking);
  RunUntil([&] { return exchange.finished; });
  std::vector<std::string> messages;
  SseParser parser;
  parser.Feed(exchange.text);
  for (auto event = parser.Next(); event && *event; event = parser.Next())
    messages.emplace_back((*event)->data);
  EXPECT_EQ(messages.size(), 3u) << exchange.text;
}

TEST_F(BatchTest, AnswersThatWereThereBeforeTheStreamBeganAreSentOnIt) {
  FakeHandler talking([](mcp::Call& call) -> base::Task<Response> {
    if (call.id() == "2") co_await call.client.Notify(R"({"jsonrpc":"2.0","method":"n"})");
    co_return Response::Message(ResultMessage(call, "{}"));
  });
  const std::string session = OpenSession("2025-03-26");
  FakeExchange exchange = InSession("[" + Call(1, "ping") + "," + Call(2) + "]", session);
  Serve(exchange, talking);
  RunUntil([&] { return exchange.finished; });
  std::vector<std::string> ids;
  SseParser parser;
  parser.Feed(exchange.text);
  for (auto event = parser.Next(); event && *event; event = parser.Next())
    ids.emplace_back(Member((*event)->data, "id"));
  std::sort(ids.begin(), ids.end());
  EXPECT_EQ(ids, (std::vector<std::string>{"", "1", "2"})) << exchange.text;
}

TEST_F(BatchTest, ARefusalOfOneIsItsAnswer) {
  const std::string session = OpenSession("2025-03-26");
  FakeExchange exchange =
      InSession("[" + Call(1, "initialize") + R"(,{"jsonrpc":"1.0"},)" + Call(2) + "]", session);
  Serve(exchange);
  RunUntil([&] { return exchange.finished; });
  std::vector<std::string> codes;
  Elements answers(exchange.text);
  while (answers.Next()) codes.emplace_back(Member(Member(answers.value(), "error"), "code"));
  EXPECT_EQ(codes, (std::vector<std::string>{"-32600", "-32600", ""}));
}

TEST_F(BatchTest, OtherRevisionsHaveNone) {
  for (const char* version : {"2025-06-18", "2025-11-25"}) {
    const std::string session = OpenSession(version);
    FakeExchange exchange = InSession("[" + Call(1) + "]", session);
    Serve(exchange);
    EXPECT_EQ(exchange.status, 400);
    EXPECT_EQ(ErrorCode(exchange), -32600);
    EXPECT_EQ(Id(exchange), "null");
  }
}

TEST_F(BatchTest, IsBoundedAndNotEmpty) {
  const std::string session = OpenSession("2025-03-26");
  std::string many = "[" + Call(0);
  for (int i = 1; i <= 50; ++i) many += "," + Call(i);
  for (const std::string& body :
       {many + "]", std::string("[]"), std::string("[1"), "[" + many + "]"}) {
    FakeExchange exchange = InSession(body, session);
    Serve(exchange);
    RunUntil([&] { return exchange.finished; });
    EXPECT_TRUE(exchange.status == 400 || exchange.text.find("-32600") != std::string::npos);
  }
}

}  // namespace
}  // namespace mcp
