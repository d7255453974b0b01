#include "gateway/filters/answer_tap.h"

#include <gtest/gtest.h>

#include "tests/support/backend_fixture.h"

namespace gateway {
namespace {

// An answer in pieces; may break off.
class Pieces final : public mcp::Source {
 public:
  Pieces(Form form, std::vector<std::string> pieces, bool breaks_off = false)
      : form_(form), pieces_(std::move(pieces)), breaks_off_(breaks_off) {}

  Form form() const override { return form_; }
  std::uint64_t length() const override { return 0; }
  base::Task<base::Result<std::string_view>> Next() override {
    if (next_ < pieces_.size()) co_return std::string_view(pieces_[next_++]);
    if (breaks_off_) co_return base::Fail(base::Code::kUnavailable, "the server is gone");
    co_return std::string_view();
  }

 private:
  const Form form_;
  const std::vector<std::string> pieces_;
  const bool breaks_off_;
  std::size_t next_ = 0;
};

constexpr const char* kAnswer = R"({"jsonrpc":"2.0","id":1,"result":{"content":[]}})";
using Form = mcp::Source::Form;

class AnswerTapTest : public testing::Test {
 protected:
  // What the tap has of an answer that was relayed.
  std::optional<std::string> Relayed(Pieces pieces, std::size_t max_bytes = 1000) {
    AnswerTap tap(caller_, max_bytes);
    base::Result<void> relayed = base::Fail(base::Code::kInternal, "never ran");
    base::Spawn(Run(tap, pieces, relayed));
    return tap.TakeAnswer(relayed ? mcp::Response::Relayed() : mcp::Response::Gone());
  }
  static base::Task<> Run(AnswerTap& tap, Pieces& pieces, base::Result<void>& relayed) {
    relayed = co_await tap.Relay(pieces);
  }

  support::RecordingClient caller_;
};

TEST_F(AnswerTapTest, AnAnswerInPiecesPassesAsItIsAndIsKept) {
  const std::string answer = kAnswer;
  EXPECT_EQ(Relayed({Form::kJson, {answer.substr(0, 10), answer.substr(10)}}), answer);
  EXPECT_EQ(caller_.relayed, answer);
}

TEST_F(AnswerTapTest, OfAStreamTheAnswerIsKept) {
  const std::string events =
      std::string(": hello\n\ndata: {\"jsonrpc\":\"2.0\",\"method\":\"n\"}\n\n") +
      "data: " + kAnswer + "\n\n";
  EXPECT_EQ(Relayed({Form::kEventStream, {events.substr(0, 20), events.substr(20)}}), kAnswer);
  EXPECT_EQ(caller_.relayed, events);
  EXPECT_EQ(Relayed({Form::kEventStream, {"data: {\"jsonrpc\":\"2.0\",\"method\":\"n\"}\n\n"}}),
            std::nullopt);
}

TEST_F(AnswerTapTest, WhatIsTooLongPassesAndIsNotKept) {
  EXPECT_EQ(Relayed({Form::kJson, {kAnswer}}, 20), std::nullopt);
  EXPECT_EQ(caller_.relayed, kAnswer);
  const std::string event = std::string("data: ") + kAnswer + "\n\n";
  EXPECT_EQ(Relayed({Form::kEventStream, {event}}, 20), std::nullopt);
  EXPECT_EQ(caller_.relayed, kAnswer + event);
}

TEST_F(AnswerTapTest, WhatBreaksOffIsNotKept) {
  EXPECT_EQ(Relayed({Form::kJson, {kAnswer}, true}), std::nullopt);
  EXPECT_EQ(Relayed({Form::kEventStream, {std::string("data: ") + kAnswer + "\n\n"}, true}),
            std::nullopt);
}

TEST_F(AnswerTapTest, RefusalsAreNoAnswersOfAServer) {
  AnswerTap tap(caller_, 1000);
  EXPECT_EQ(tap.TakeAnswer(mcp::Response::Message(kAnswer)), kAnswer);
  mcp::Response refused = mcp::Response::Message(kAnswer);
  refused.kind = mcp::Response::Kind::kRefused;
  EXPECT_EQ(tap.TakeAnswer(refused), std::nullopt);
}

TEST_F(AnswerTapTest, ItTellsWhetherTheCallerWasAsked) {
  caller_.answer_asked = [](const std::string&) { return "{}"; };
  AnswerTap tap(caller_, 1000);
  EXPECT_FALSE(tap.asked());
  base::CancelSignal cancel;
  const auto ask = [&]() -> base::Task<> { (void)co_await tap.Ask("{}", cancel); };
  base::Spawn(ask());
  EXPECT_TRUE(tap.asked());
  EXPECT_EQ(caller_.asked.size(), 1u);
}

}  // namespace
}  // namespace gateway
