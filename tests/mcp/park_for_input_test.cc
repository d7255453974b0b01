#include "mcp/legacy/park_for_input.h"

#include <gmock/gmock.h>

#include "mcp/raw_json.h"
#include "tests/support/backend_fixture.h"
#include "tests/support/fake_clock.h"
#include "tests/support/fake_handler.h"

namespace mcp::legacy {
namespace {

using support::FakeHandler;
using support::TestCall;
using testing::HasSubstr;
using testing::StartsWith;

constexpr auto kModern = Revision::k2026_07_28;
constexpr auto kOlder = Revision::k2025_11_25;
constexpr const char* kAll = R"({"elicitation":{},"sampling":{},"roots":{}})";

std::string CallOf(std::string_view id, std::string_view more = {}, std::string_view token = {}) {
  std::string out = R"({"jsonrpc":"2.0","id":)";
  out.append(id).append(R"(,"method":"tools/call","params":{"name":"book","arguments":{"n":1})");
  out.append(more);
  if (!token.empty()) out.append(R"(,"_meta":{"progressToken":)").append(token).append("}");
  return out + "}}";
}
std::string RetryOf(std::string_view id, std::string_view responses, std::string_view state) {
  return CallOf(id, ",\"inputResponses\":" + std::string(responses) +
                        ",\"requestState\":" + std::string(state));
}

constexpr const char* kName =
    R"({"jsonrpc":"2.0","id":"s-1","method":"elicitation/create","params":{"message":"Name?","requestedSchema":{"type":"object"}}})";
constexpr const char* kRoots = R"({"jsonrpc":"2.0","id":5,"method":"roots/list"})";

// Asks one thing, and answers with what it was told.
base::Task<Response> AskOne(Call& call, std::string question) {
  const base::Result<std::string> answer = co_await call.client.Ask(question, call.cancel);
  const std::string told = answer ? *answer : Quote(answer.error().message);
  co_return Response::Message(support::ResultMessage(call, "{\"told\":" + told + "}"));
}

class ParkForInputTest : public support::BackendTest {
 protected:
  ParkForInputTest() {
    Serve([](Call& call) { return AskOne(call, kName); });
  }

  void TearDown() override {
    while (!parked_.EndAll(loop_) || !parked_.EndAll(other_)) Turn();
  }

  void Serve(FakeHandler::Function function) {
    server_ = std::make_shared<FakeHandler>(std::move(function));
    here_ = Make(loop_);
    there_ = Make(other_);
  }
  std::unique_ptr<ParkForInput> Make(base::Loop& loop) {
    return std::make_unique<ParkForInput>(
        server_, ParkForInput::Options{loop, parked_, "local/x", [this] { return revision_; }});
  }

  // Runs both loops until the call is answered.
  std::string Answer(Handler& handler, TestCall& test) {
    if (test.client_capabilities.empty()) test.client_capabilities = kAll;
    Call call = test.Make();
    std::optional<Response> response;
    base::Spawn([](Handler& to, Call& what, std::optional<Response>& out) -> base::Task<> {
      out.emplace(co_await to.Handle(what));
    }(handler, call, response));
    while (!response) Turn();
    return response->body;
  }
  std::string Answer(Handler& handler, const std::string& bytes) {
    TestCall test(bytes, kModern);
    return Answer(handler, test);
  }
  void Turn() {
    loop_.io.restart();
    other_.io.restart();
    loop_.io.poll();
    other_.io.poll();
  }
  static std::string StateOf(std::string_view answer) {
    return std::string(Member(Member(answer, "result"), "requestState"));
  }

  support::FakeClock clock_;
  ParkedCalls parked_{clock_};
  base::Loop other_;
  std::optional<Revision> revision_ = kOlder;
  std::shared_ptr<FakeHandler> server_;
  std::unique_ptr<ParkForInput> here_;
  std::unique_ptr<ParkForInput> there_;
};

TEST_F(ParkForInputTest, AQuestionBecomesAResultAndTheRetryItsAnswer) {
  const std::string asked = Answer(*here_, CallOf("1"));
  EXPECT_THAT(asked,
              StartsWith(R"({"jsonrpc":"2.0","id":1,"result":{"resultType":"input_required",)"
                         R"("inputRequests":{"q1":{"method":"elicitation/create","params":)"
                         R"({"message":"Name?","requestedSchema":{"type":"object"}}}},)"));
  const std::string told =
      Answer(*here_, RetryOf("\"two\"", R"({"q1":{"action":"accept"},"q9":{}})", StateOf(asked)));
  EXPECT_EQ(told, R"({"jsonrpc":"2.0","id":"two","result":{"told":)"
                  R"({"jsonrpc":"2.0","id":"s-1","result":{"action":"accept"}}}})");
  EXPECT_EQ(server_->methods.size(), 1u);
}

TEST_F(ParkForInputTest, TheRetryFindsItsCallFromAnotherWorker) {
  const std::string asked = Answer(*here_, CallOf("1"));
  const std::string told = Answer(*there_, RetryOf("2", R"({"q1":{"a":1}})", StateOf(asked)));
  EXPECT_THAT(told, HasSubstr(R"("result":{"a":1})"));
}

TEST_F(ParkForInputTest, WhatIsAskedAtATimeIsPutAtATimeAndWhatIsMissingAgain) {
  Serve([](Call& call) -> base::Task<Response> {
    std::optional<std::string> other;
    base::Spawn([](Call& of, std::optional<std::string>& out) -> base::Task<> {
      out = *co_await of.client.Ask(kRoots, of.cancel);
    }(call, other));
    const std::string first = *co_await call.client.Ask(kName, call.cancel);
    co_return Response::Message(support::ResultMessage(call, "[" + first + "," + *other + "]"));
  });
  const std::string asked = Answer(*here_, CallOf("1"));
  EXPECT_THAT(asked, HasSubstr(R"("q1":{"method":"roots/list"},"q2":{"method":"elicitation)"));
  const std::string again = Answer(*here_, RetryOf("2", R"({"q1":{"roots":[]}})", StateOf(asked)));
  EXPECT_THAT(again, HasSubstr(R"("inputRequests":{"q2":)"));
  const std::string told = Answer(*there_, RetryOf("3", R"({"q2":{"b":2}})", StateOf(again)));
  EXPECT_THAT(told, HasSubstr(R"({"b":2})"));
  EXPECT_THAT(told, HasSubstr(R"({"roots":[]})"));
}

TEST_F(ParkForInputTest, AStateThatIsNotItsOwnIsRefused) {
  const std::string state = StateOf(Answer(*here_, CallOf("1")));
  std::string flipped = state;
  flipped[flipped.size() / 2] ^= 1;
  EXPECT_THAT(Answer(*here_, RetryOf("2", "{}", flipped)), HasSubstr("-32602"));
  EXPECT_THAT(Answer(*here_, RetryOf("2", "{}", "\"theirs\"")), HasSubstr("-32602"));
  TestCall foreign(RetryOf("2", R"({"q1":{}})", state), kModern);
  foreign.principal.id = "consumer/eve";
  EXPECT_THAT(Answer(*here_, foreign), HasSubstr("-32602"));
  clock_.Advance(std::chrono::hours(1));
  EXPECT_THAT(Answer(*here_, RetryOf("2", R"({"q1":{}})", state)), HasSubstr("-32602"));
}

TEST_F(ParkForInputTest, AStateServesOnce) {
  const std::string state = StateOf(Answer(*here_, CallOf("1")));
  Answer(*here_, RetryOf("2", R"({"q1":{}})", state));
  EXPECT_THAT(Answer(*here_, RetryOf("3", R"({"q1":{}})", state)), HasSubstr("CallLost"));
}

TEST_F(ParkForInputTest, AStateOfACallThatAnotherProcessHadIsKnownForThatByTheSameKeys) {
  const std::string old_key(32, 'o'), new_key(32, 'n');
  parked_.SetKeyRing({old_key});
  const std::string state = StateOf(Answer(*here_, CallOf("1")));
  const std::string retry = RetryOf("2", R"({"q1":{}})", state);
  ParkedCalls after(clock_);
  ParkForInput restarted(server_, {loop_, after, "local/x", [] { return kOlder; }});
  EXPECT_THAT(Answer(restarted, retry), HasSubstr("RequestStateInvalid"));
  after.SetKeyRing({new_key, old_key});
  const std::string told = Answer(restarted, retry);
  EXPECT_THAT(told, HasSubstr("-31503"));
  EXPECT_THAT(told, HasSubstr("CallLost"));
}

TEST_F(ParkForInputTest, AWaitingCallOutlivesAChangeOfTheKeys) {
  const std::string old_key(32, 'o'), new_key(32, 'n');
  parked_.SetKeyRing({old_key});
  const std::string state = StateOf(Answer(*here_, CallOf("1")));
  parked_.SetKeyRing({new_key, old_key});
  EXPECT_THAT(Answer(*there_, RetryOf("2", R"({"q1":{"a":1}})", state)),
              HasSubstr(R"("result":{"a":1})"));
}

TEST_F(ParkForInputTest, ProgressGoesToTheExchangeThatWaitsUnderItsOwnToken) {
  Serve([](Call& call) -> base::Task<Response> {
    const std::string progress =
        R"({"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":"a","progress":1}})";
    (void)co_await call.client.Notify(progress);
    Response response = co_await AskOne(call, kName);
    (void)co_await call.client.Notify(progress);
    co_return response;
  });
  TestCall first(CallOf("1", {}, "\"a\""), kModern);
  const std::string state = StateOf(Answer(*here_, first));
  ASSERT_EQ(first.client.notifications.size(), 1u);
  TestCall second(CallOf("2", R"(,"inputResponses":{"q1":{}},"requestState":)" + state, "77"),
                  kModern);
  Answer(*there_, second);
  ASSERT_EQ(second.client.notifications.size(), 1u);
  EXPECT_THAT(second.client.notifications[0], HasSubstr(R"("progressToken":77,"progress":1)"));
}

TEST_F(ParkForInputTest, AServerMayAskAgainAfterAnAnswer) {
  Serve([](Call& call) -> base::Task<Response> {
    const std::string first = *co_await call.client.Ask(kRoots, call.cancel);
    co_return co_await AskOne(call, kName);
  });
  const std::string one = Answer(*here_, CallOf("1"));
  const std::string two = Answer(*here_, RetryOf("2", R"({"q1":{}})", StateOf(one)));
  EXPECT_THAT(two, HasSubstr(R"("inputRequests":{"q2":)"));
  EXPECT_THAT(Answer(*here_, RetryOf("3", R"({"q2":{"x":1}})", StateOf(two))),
              HasSubstr(R"({"x":1})"));
}

TEST_F(ParkForInputTest, WhoCannotBeAskedIsNotAndTheServerHearsSo) {
  TestCall test(CallOf("1"), kModern);
  test.client_capabilities = R"({"sampling":{}})";
  EXPECT_THAT(Answer(*here_, test), HasSubstr("the caller cannot be asked elicitation/create"));
}

TEST_F(ParkForInputTest, ACallerWithoutCapabilitiesTakesNoDetour) {
  TestCall nothing(CallOf("1"), kModern);
  nothing.client_capabilities = "{}";
  Serve([&](Call& call) -> base::Task<Response> {
    EXPECT_EQ(&call.client, &nothing.client);
    co_return Response::Message("passed");
  });
  EXPECT_EQ(Answer(*here_, nothing), "passed");
}

TEST_F(ParkForInputTest, AModernServerIsNotStoodBefore) {
  revision_ = kModern;
  const std::string bytes = RetryOf("1", "{}", "\"the server's own\"");
  Serve([&](Call& call) -> base::Task<Response> {
    EXPECT_EQ(call.bytes.data(), bytes.data());
    co_return Response::Message("passed");
  });
  TestCall test(bytes, kModern);
  test.client_capabilities = kAll;
  Call call = test.Make();
  call.bytes = bytes;
  EXPECT_EQ(Run(here_->Handle(call)).body, "passed");
}

TEST_F(ParkForInputTest, ACallerThatGoesAwayEndsTheCall) {
  bool cancelled = false;
  Serve([&](Call& call) -> base::Task<Response> {
    (void)co_await loop_.timers.Sleep(std::chrono::hours(1), call.cancel);
    cancelled = call.cancel.requested();
    co_return Response::Gone();
  });
  TestCall test(CallOf("1"), kModern);
  test.client_capabilities = kAll;
  Call call = test.Make();
  std::optional<Response> response;
  base::Spawn([](Handler& to, Call& what, std::optional<Response>& out) -> base::Task<> {
    out.emplace(co_await to.Handle(what));
  }(*there_, call, response));
  Turn();
  test.cancel.Request();
  while (!response) Turn();
  EXPECT_TRUE(cancelled);
  EXPECT_EQ(response->kind, Response::Kind::kGone);
}

TEST_F(ParkForInputTest, ALoopThatEndsEndsWhatIsParkedThere) {
  const std::string state = StateOf(Answer(*here_, CallOf("1")));
  while (!parked_.EndAll(loop_)) Turn();
  EXPECT_THAT(Answer(*there_, RetryOf("2", R"({"q1":{}})", state)), HasSubstr("CallLost"));
}

TEST_F(ParkForInputTest, ParkedCallsAreBounded) {
  ParkedCalls small(clock_, {.total = 10, .per_principal = 1});
  ParkForInput handler(
      server_, ParkForInput::Options{loop_, small, "local/x", [this] { return revision_; }});
  EXPECT_THAT(Answer(handler, CallOf("1")), HasSubstr("input_required"));
  EXPECT_THAT(Answer(handler, CallOf("2")), HasSubstr("too many calls wait"));
  while (!small.EndAll(loop_)) Turn();
}

}  // namespace
}  // namespace mcp::legacy
