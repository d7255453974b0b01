#include "mcp/http_caller.h"

#include "mcp/error.h"
#include "tests/mcp/endpoint_fixture.h"

namespace mcp {
namespace {

using support::FakeExchange;
using support::FakeHandler;
using support::ResultMessage;

// A Source of given pieces; an empty optional at the end fails.
class Pieces final : public Source {
 public:
  Pieces(Form form, std::vector<std::string> pieces, std::uint64_t length = 0, bool breaks = false)
      : form_(form), pieces_(std::move(pieces)), length_(length), breaks_(breaks) {}
  Form form() const override { return form_; }
  std::uint64_t length() const override { return length_; }
  base::Task<base::Result<std::string_view>> Next() override {
    if (next_ < pieces_.size()) co_return std::string_view(pieces_[next_++]);
    if (breaks_) co_return base::Fail(base::Code::kUnavailable, "the server broke off");
    co_return std::string_view();
  }
  bool complete() const override { return knows_its_end && next_ == pieces_.size(); }
  bool knows_its_end = false;

 private:
  Form form_;
  std::vector<std::string> pieces_;
  std::uint64_t length_;
  bool breaks_;
  std::size_t next_ = 0;
};

class HttpCallerTest : public EndpointTest {
 protected:
  // Serves a modern call that relays `source`, as a backend does.
  void Relay(FakeExchange& exchange, Source& source, bool notify_first = false) {
    FakeHandler relaying([&](Call& call) -> base::Task<Response> {
      if (notify_first) co_await call.client.Notify(R"({"jsonrpc":"2.0","method":"n"})");
      const base::Result<void> relayed = co_await call.client.Relay(source);
      if (relayed) co_return Response::Relayed();
      CallError error = ToCallError(relayed.error());
      co_return Response::Message(ErrorMessage(call.id(), error, {}));
    });
    Serve(exchange, relaying);
  }
  static FakeExchange Call41() { return ModernPost(ModernCall(), "tools/call", "add"); }
  static constexpr const char* kAnswer = R"({"jsonrpc":"2.0","id":41,"result":{"isError":true}})";
};

TEST_F(HttpCallerTest, AWholeJsonPieceIsOneAnswer) {
  FakeExchange exchange = Call41();
  Pieces source(Source::Form::kJson, {kAnswer}, std::string_view(kAnswer).size());
  Relay(exchange, source);
  EXPECT_FALSE(exchange.streamed);
  EXPECT_EQ(exchange.text, kAnswer);
  EXPECT_EQ(exchange.Field("Content-Type"), "application/json");
  EXPECT_EQ(record.outcome, Outcome::kToolError);
  EXPECT_EQ(record.http_status, 200);
}

TEST_F(HttpCallerTest, JsonInPiecesIsStreamedWithItsLength) {
  FakeExchange exchange = Call41();
  Pieces source(Source::Form::kJson, {R"({"jsonrpc":"2.0",)", R"("id":41,"result":{)", "}}"}, 37);
  Relay(exchange, source);
  EXPECT_TRUE(exchange.streamed);
  EXPECT_EQ(exchange.announced_length, 37u);
  EXPECT_EQ(exchange.text, R"({"jsonrpc":"2.0","id":41,"result":{}})");
  EXPECT_TRUE(exchange.finished);
  EXPECT_EQ(record.outcome, Outcome::kOk);
}

TEST_F(HttpCallerTest, JsonAfterANotificationBecomesAnEvent) {
  FakeExchange exchange = Call41();
  Pieces source(Source::Form::kJson, {"{\"jsonrpc\":\"2.0\",\n", "\"id\":41,\r\n\"result\":{}}"},
                0);
  Relay(exchange, source, true);
  EXPECT_EQ(exchange.text,
            "event: message\ndata: {\"jsonrpc\":\"2.0\",\"method\":\"n\"}\n\n"
            "event: message\ndata: {\"jsonrpc\":\"2.0\", \"id\":41,  \"result\":{}}\n\n");
  EXPECT_TRUE(exchange.finished);
}

TEST_F(HttpCallerTest, EventsPassUntouched) {
  const std::string stream =
      "id: 7\r\nretry: 10\r\ndata:{\"jsonrpc\":\"2.0\",\"method\":\"n\"}\r\n\r\n: x\r\n\r\n"
      "data: {\"jsonrpc\":\"2.0\",\"id\":41,\"error\":{\"code\":-5,\"message\":\"m\"}}\r\n\r\n";
  for (std::size_t i = 1; i < stream.size(); i += 7) {
    FakeExchange exchange = Call41();
    Pieces source(Source::Form::kEventStream, {stream.substr(0, i), stream.substr(i)});
    Relay(exchange, source);
    EXPECT_EQ(exchange.text, stream);
    EXPECT_TRUE(exchange.finished);
    EXPECT_EQ(exchange.Field("Content-Type"), "text/event-stream");
    EXPECT_EQ(record.outcome, Outcome::kRpcError);
    EXPECT_EQ(record.error_code, -5);
  }
}

TEST_F(HttpCallerTest, AStreamThatCameAtOnceGoesOutAtOnce) {
  const std::string stream =
      "data: {\"jsonrpc\":\"2.0\",\"id\":41,\"result\":{\"isError\":true}}\n\n";
  FakeExchange exchange = Call41();
  Pieces source(Source::Form::kEventStream, {stream});
  source.knows_its_end = true;
  Relay(exchange, source);
  EXPECT_FALSE(exchange.streamed);
  EXPECT_EQ(exchange.text, stream);
  EXPECT_EQ(exchange.Field("Content-Type"), "text/event-stream");
  EXPECT_EQ(record.outcome, Outcome::kToolError);
}

TEST_F(HttpCallerTest, JsonOfUnknownLengthThatCameAtOnceGoesOutAtOnce) {
  FakeExchange exchange = Call41();
  Pieces source(Source::Form::kJson, {kAnswer});
  source.knows_its_end = true;
  Relay(exchange, source);
  EXPECT_FALSE(exchange.streamed);
  EXPECT_EQ(exchange.text, kAnswer);
}

TEST_F(HttpCallerTest, AnEmptyAnswerIsAFailureOfTheServer) {
  for (const Source::Form form : {Source::Form::kJson, Source::Form::kEventStream}) {
    FakeExchange exchange = Call41();
    Pieces source(form, {});
    source.knows_its_end = true;
    Relay(exchange, source);
    EXPECT_EQ(ErrorCode(exchange), -31502) << exchange.text;
  }
}

TEST_F(HttpCallerTest, AStreamThatBreaksOffEndsWithAnError) {
  FakeExchange exchange = Call41();
  Pieces source(Source::Form::kEventStream,
                {"data: {\"jsonrpc\":\"2.0\",\"method\":\"n\"}\n\n", "data: {\"js"}, 0, true);
  Relay(exchange, source);
  EXPECT_TRUE(exchange.text.ends_with("}}\n\n")) << exchange.text;
  EXPECT_NE(exchange.text.find("data: {\"js\n\nevent: message\ndata: "
                               "{\"jsonrpc\":\"2.0\",\"id\":41,\"error\":{\"code\":-31502"),
            std::string::npos)
      << exchange.text;
  EXPECT_TRUE(exchange.finished);
}

TEST_F(HttpCallerTest, AStreamWithoutAnAnswerEndsWithAnError) {
  FakeExchange exchange = Call41();
  Pieces source(Source::Form::kEventStream, {"data: {\"jsonrpc\":\"2.0\",\"method\":\"n\"}\n\n"});
  Relay(exchange, source);
  EXPECT_NE(exchange.text.find("-31502"), std::string::npos) << exchange.text;
  EXPECT_EQ(record.outcome, Outcome::kRpcError);
}

TEST_F(HttpCallerTest, JsonThatBreaksOffIsNotFinished) {
  FakeExchange exchange = Call41();
  Pieces source(Source::Form::kJson, {R"({"jsonrpc":"2.0",)"}, 100, true);
  Relay(exchange, source);
  EXPECT_EQ(exchange.text, R"({"jsonrpc":"2.0",)");
  EXPECT_FALSE(exchange.finished);
}

TEST_F(HttpCallerTest, AQuietCallIsKeptAlive) {
  options.keep_alive = std::chrono::milliseconds(1);
  FakeExchange exchange = Call41();
  base::CancelSignal never;
  FakeHandler slow([&](Call& call) -> base::Task<Response> {
    while (exchange.writes.size() < 2)
      co_await loop.timers.Sleep(std::chrono::milliseconds(1), never);
    co_return Response::Message(ResultMessage(call, "{}"));
  });
  Serve(exchange, slow);
  while (!exchange.finished) loop.io.run_one();
  EXPECT_TRUE(exchange.text.starts_with(": keep-alive\n\n: keep-alive\n\n")) << exchange.text;
  EXPECT_TRUE(exchange.text.ends_with(
      "event: message\ndata: {\"jsonrpc\":\"2.0\",\"id\":41,\"result\":{}}\n\n"));
  EXPECT_EQ(exchange.Field("Content-Type"), "text/event-stream");
}

TEST(OutcomeTest, ReadsSmallAnswersExactly) {
  EXPECT_EQ(OutcomeOf(R"({"jsonrpc":"2.0","id":1,"result":{"isError":true}})").outcome,
            Outcome::kToolError);
  EXPECT_EQ(OutcomeOf(R"({"jsonrpc":"2.0","id":1,"result":{"structuredContent":{"isError":true}}})")
                .outcome,
            Outcome::kOk);
  EXPECT_EQ(OutcomeOf(R"({"jsonrpc":"2.0","id":1,"error":{"code":-7,"message":""}})").error_code,
            -7);
}

TEST(OutcomeTest, ReadsTheEndsOfLongAnswers) {
  const std::string text = "\"" + std::string(10'000, 'x') + "\"";
  EXPECT_EQ(
      OutcomeOf(R"({"jsonrpc":"2.0","id":1,"result":{"content":[)" + text + R"(],"isError":true}})")
          .outcome,
      Outcome::kToolError);
  EXPECT_EQ(OutcomeOf(R"({"jsonrpc":"2.0","id":1,"result":{"content":[)" + text +
                      R"(,"\"isError\":true"]}})")
                .outcome,
            Outcome::kOk);
  EXPECT_EQ(
      OutcomeOf(R"({"jsonrpc":"2.0","id":1,"error":{"code":-7,"message":)" + text + "}}").outcome,
      Outcome::kRpcError);
}

// Keys are compared decoded everywhere else, too.
TEST(OutcomeOfTest, ReadsKeysThatAreSpeltWithEscapes) {
  for (const std::string_view key : {"error", "\\u0065rror", "err\\u006fr", "erro\\u0072",
                                     "\\u0065\\u0072\\u0072\\u006f\\u0072", "e\\u0072ror"}) {
    const std::string answer =
        R"({"jsonrpc":"2.0","id":1,")" + std::string(key) + R"(":{"code":-7,"message":""}})";
    EXPECT_EQ(OutcomeOf(answer).outcome, Outcome::kRpcError) << answer;
    EXPECT_EQ(OutcomeOf(answer).error_code, -7) << answer;
  }
  EXPECT_EQ(OutcomeOf(R"({"jsonrpc":"2.0","id":1,"result":{"isErr\u006fr":true}})").outcome,
            Outcome::kToolError);
}

// Where the words lie must not matter to a search of sixteen bytes at a time.
TEST(OutcomeOfTest, FindsAnErrorAtAnyDistance) {
  for (std::size_t size = 0; size < 40; ++size) {
    const std::string padding(size, 'x');
    for (const std::string_view key : {"isError", "isErr\\u006fr"}) {
      const std::string answer = R"({"jsonrpc":"2.0","id":1,"result":{"a":")" + padding + R"(",")" +
                                 std::string(key) + R"(":true}})";
      EXPECT_EQ(OutcomeOf(answer).outcome, Outcome::kToolError) << answer;
    }
    const std::string fine =
        R"({"jsonrpc":"2.0","id":1,"result":{"a":"an error, \\u, )" + padding + R"("}})";
    EXPECT_EQ(OutcomeOf(fine).outcome, Outcome::kOk) << fine;
  }
}

TEST(OutcomeWatchTest, FindsTheAnswerInALongStream) {
  OutcomeWatch watch;
  for (int i = 0; i < 1000; ++i) watch.Feed("data: {\"jsonrpc\":\"2.0\",\"method\":\"n\"}\n\n");
  EXPECT_FALSE(watch.has_answer());
  watch.Feed("data: {\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{\"isError\":true}}\n\n");
  EXPECT_TRUE(watch.has_answer());
  EXPECT_EQ(watch.Finish().outcome, Outcome::kToolError);
}

TEST(OutcomeWatchTest, FindsTheAnswerBeforeACommentAndWithAnyLineEnd) {
  for (const std::string_view end : {"\n", "\r\n", "\r"}) {
    const std::string line_end(end);
    OutcomeWatch watch;
    for (const std::string_view event :
         {R"(data: {"jsonrpc":"2.0","method":"n"})",
          R"(data: {"jsonrpc":"2.0","id":1,"error":{"code":-7,"message":""}})", ": bye"})
      watch.Feed(std::string(event) + line_end + line_end);
    EXPECT_TRUE(watch.has_answer());
    EXPECT_EQ(watch.Finish().error_code, -7);
  }
}

TEST(OutcomeWatchTest, TakesALongLastEventForTheAnswer) {
  OutcomeWatch watch;
  watch.Feed("data: {\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{\"x\":\"" + std::string(9000, 'x') +
             "\"}}\n\n");
  EXPECT_TRUE(watch.has_answer());
}

}  // namespace
}  // namespace mcp
