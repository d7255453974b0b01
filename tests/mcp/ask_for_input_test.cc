#include "mcp/legacy/ask_for_input.h"

#include <gmock/gmock.h>

#include "mcp/raw_json.h"
#include "tests/support/backend_fixture.h"
#include "tests/support/fake_handler.h"

namespace mcp::legacy {
namespace {

using support::FakeHandler;
using support::TestCall;
using testing::ElementsAre;
using testing::HasSubstr;

constexpr auto kModern = Revision::k2026_07_28;
constexpr auto kOlder = Revision::k2025_11_25;

constexpr const char* kCall =
    R"({"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"book",  "n":1.0}})";
constexpr const char* kAsksTwo =
    R"({"resultType":"input_required","inputRequests":{"who":{"method":"elicitation/create","params":{"message":"Who?"}},)"
    R"("where":{"method":"roots/list"}},"requestState":"st\u0061te"})";

// A caller that answers each method with its own result or error.
class AnsweringClient final : public Client {
 public:
  base::Task<base::Result<void>> Notify(std::string_view) override {
    co_return base::Result<void>();
  }
  base::Task<base::Result<void>> Relay(Source& source) override {
    for (;;) {
      const auto piece = co_await source.Next();
      if (!piece) co_return piece.error();
      if (piece->empty()) co_return base::Result<void>();
      relayed += *piece;
    }
  }
  base::Task<base::Result<std::string>> Ask(std::string_view request,
                                            base::CancelSignal&) override {
    const std::string method = DecodeString(Member(request, "method"));
    asked.push_back(method);
    const auto found = answers.find(method);
    if (found == answers.end()) co_return base::Fail(base::Code::kDeadlineExceeded, "too late");
    co_return R"({"jsonrpc":"2.0","id":)" + std::string(Member(request, "id")) + "," +
        found->second + "}";
  }
  std::map<std::string, std::string> answers;
  std::vector<std::string> asked;
  std::string relayed;
};

class AskForInputTest : public support::BackendTest {
 protected:
  AskForInputTest() {
    client_.answers = {{"elicitation/create", R"("result":{"action":"accept"})"},
                       {"roots/list", R"("result":{"roots":[]})"}};
  }
  // The server's result for each request, in order.
  void Serve(std::vector<std::string> results) {
    server_ = std::make_shared<FakeHandler>(
        [this, results, next = 0u](Call& call) mutable -> base::Task<Response> {
          requests_.emplace_back(call.bytes);
          co_return Response::Message(support::ResultMessage(call, results.at(next++)));
        });
  }
  std::string Answer(std::string_view capabilities = R"({"elicitation":{},"roots":{}})") {
    TestCall test(kCall, kOlder, "session");
    test.client_capabilities = capabilities;
    const Call plain = test.Make();
    Call call{.bytes = plain.bytes,
              .envelope = plain.envelope,
              .revision = plain.revision,
              .principal = plain.principal,
              .client = client_,
              .cancel = plain.cancel,
              .record = plain.record,
              .method = plain.method,
              .item = plain.item,
              .session = plain.session,
              .client_capabilities = plain.client_capabilities};
    AskForInput handler(server_, [this] { return revision_; });
    return Run(handler.Handle(call)).body;
  }

  std::optional<Revision> revision_ = kModern;
  std::shared_ptr<FakeHandler> server_;
  AnsweringClient client_;
  std::vector<std::string> requests_;
};

TEST_F(AskForInputTest, WhatIsRequiredIsAskedAndTheCallSentAgain) {
  Serve({kAsksTwo, R"({"done":1})"});
  EXPECT_EQ(Answer(), R"({"jsonrpc":"2.0","id":7,"result":{"done":1}})");
  EXPECT_THAT(client_.asked, ElementsAre("elicitation/create", "roots/list"));
  ASSERT_EQ(requests_.size(), 2u);
  EXPECT_EQ(requests_[0], kCall);
  EXPECT_THAT(
      requests_[1],
      HasSubstr(R"("params":{"inputResponses":{"who":{"action":"accept"},"where":{"roots":[]}},)"
                R"("requestState":"st\u0061te","name":"book",  "n":1.0}})"));
  EXPECT_NE(Member(requests_[1], "id"), "7");
}

TEST_F(AskForInputTest, AServerMayAskSeveralTimesButNotForEver) {
  Serve({kAsksTwo, kAsksTwo, R"({"done":1})"});
  EXPECT_THAT(Answer(), HasSubstr("done"));
  EXPECT_EQ(client_.asked.size(), 4u);
  Serve(std::vector<std::string>(11, kAsksTwo));
  EXPECT_THAT(Answer(), HasSubstr("ten times in a row"));
}

TEST_F(AskForInputTest, StateAloneIsSentBackWithoutAsking) {
  Serve({R"({"resultType":"input_required","requestState":"later"})", R"({"done":1})"});
  EXPECT_THAT(Answer("{}"), HasSubstr("done"));
  EXPECT_THAT(requests_.at(1), HasSubstr(R"("params":{"requestState":"later","name")"));
  EXPECT_TRUE(client_.asked.empty());
}

TEST_F(AskForInputTest, WhoCannotBeAskedIsToldWhatTheServerWants) {
  Serve({kAsksTwo});
  const std::string told = Answer(R"({"elicitation":{}})");
  EXPECT_THAT(told, HasSubstr("-32021"));
  EXPECT_THAT(told, HasSubstr(R"("requiredCapabilities":{"roots":{}})"));
  EXPECT_THAT(told, HasSubstr("\"id\":7"));
}

TEST_F(AskForInputTest, APersonWhoDoesNotAnswerHasCancelled) {
  client_.answers["elicitation/create"] = R"("error":{"code":-1,"message":"closed"})";
  Serve({kAsksTwo, R"({"done":1})"});
  Answer();
  EXPECT_THAT(requests_.at(1), HasSubstr(R"("who":{"action":"cancel"})"));
}

TEST_F(AskForInputTest, AnErrorForWhichThereIsNoFormEndsTheCall) {
  client_.answers["roots/list"] = R"("error":{"code":-1,"message":"no roots here"})";
  Serve({kAsksTwo});
  EXPECT_THAT(Answer(), HasSubstr("no roots here"));
}

TEST_F(AskForInputTest, SilenceEndsTheCall) {
  client_.answers.clear();
  Serve({kAsksTwo});
  EXPECT_THAT(Answer(), HasSubstr("-31504"));
}

TEST_F(AskForInputTest, AnOlderServerIsNotStoodBefore) {
  revision_ = kOlder;
  Serve({kAsksTwo});
  EXPECT_THAT(Answer(), HasSubstr("input_required"));
}

// One message in one piece.
class Whole final : public Source {
 public:
  explicit Whole(std::string message) : message_(std::move(message)) {}
  Form form() const override { return Form::kJson; }
  std::uint64_t length() const override { return 0; }
  bool complete() const override { return true; }
  base::Task<base::Result<std::string_view>> Next() override {
    co_return std::exchange(given_, true) ? std::string_view() : std::string_view(message_);
  }

 private:
  const std::string message_;
  bool given_ = false;
};

TEST_F(AskForInputTest, AnAnswerThatIsRelayedIsLookedAtOnItsWay) {
  server_ = std::make_shared<FakeHandler>([this](Call& call) -> base::Task<Response> {
    requests_.emplace_back(call.bytes);
    const bool first = requests_.size() == 1;
    Whole answer(support::ResultMessage(
        call, first ? R"({"resultType":"input_required","requestState":"s"})" : R"({"done":1})"));
    if (first) {
      (void)co_await call.client.Relay(answer);
      co_return Response::Relayed();
    }
    co_return Response::Message(support::ResultMessage(call, R"({"done":1})"));
  });
  EXPECT_THAT(Answer("{}"), HasSubstr("done"));
  EXPECT_EQ(client_.relayed, "");
}

TEST_F(AskForInputTest, EveryOtherAnswerIsRelayedUntouched) {
  server_ = std::make_shared<FakeHandler>([](Call& call) -> base::Task<Response> {
    Whole answer(support::ResultMessage(call, R"({"text":"input_required"})"));
    (void)co_await call.client.Relay(answer);
    co_return Response::Relayed();
  });
  Answer("{}");
  EXPECT_EQ(client_.relayed, R"({"jsonrpc":"2.0","id":7,"result":{"text":"input_required"}})");
}

}  // namespace
}  // namespace mcp::legacy
