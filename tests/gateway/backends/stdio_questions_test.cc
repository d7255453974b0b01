#include <gmock/gmock.h>

#include <thread>

#include "mcp/raw_json.h"
#include "tests/gateway/backends/stdio_fixture.h"

namespace gateway {
namespace {

using mcp::Revision;
using support::TestCall;
using testing::ElementsAre;
using testing::HasSubstr;

// A program that asks back. Tools: `ask` asks for roots and answers what it was told; `late` asks
// and answers at once; `withdraw` asks, takes it back, and answers; `declared` answers what its
// client can do; `plain` answers "plain"; `heard` answers the last notification it got.
constexpr const char* kProgram = R"PY(
import json, sys
def send(m):
    sys.stdout.write(json.dumps(m) + "\n"); sys.stdout.flush()
def result(i, r): send({"jsonrpc": "2.0", "id": i, "result": r})
def text(i, t): result(i, {"content": [{"type": "text", "text": t}]})
waiting, declared, heard, asked = {}, None, None, 0
def ask(method):
    global asked
    asked += 1
    send({"jsonrpc": "2.0", "id": "q%d" % asked, "method": method, "params": {}})
    return "q%d" % asked
for line in sys.stdin:
    m = json.loads(line)
    method, i, p = m.get("method"), m.get("id"), m.get("params", {})
    if method == "initialize":
        declared = p["capabilities"]
        result(i, {"protocolVersion": "2025-11-25", "capabilities": {"tools": {}}, "serverInfo": {"name": "py", "version": "1"}})
    elif method == "tools/call":
        name = p["name"]
        if name == "ask": waiting[ask("roots/list")] = i
        elif name == "sample": waiting[ask("sampling/createMessage")] = i
        elif name == "late": ask("roots/list"); text(i, "did not wait")
        elif name == "withdraw":
            q = ask("roots/list")
            send({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": q}})
            text(i, "withdrawn")
        elif name == "declared": text(i, json.dumps(declared))
        elif name == "heard": text(i, heard)
        elif name == "plain": text(i, "plain")
    elif method is None and i in waiting: text(waiting.pop(i), line)
    elif method and i is None: heard = method
    elif method: send({"jsonrpc": "2.0", "id": i, "error": {"code": -32601, "message": "no " + method}})
)PY";

constexpr auto kOlder = Revision::k2025_11_25;

class StdioQuestionsTest : public StdioTest {
 protected:
  StdioQuestionsTest() : StdioTest(kProgram) {}

  // Runs `call` beside others.
  static base::Task<> Begin(mcp::Handler& backend, mcp::Call& call, std::string& out) {
    out = (co_await backend.Handle(call)).body;
  }
};

// A caller with a session that can list its roots.
struct Asked : TestCall {
  explicit Asked(std::string_view tool, std::string capabilities = R"({"roots":{}})")
      : TestCall(OlderCall(tool), kOlder, "session") {
    client_capabilities = std::move(capabilities);
    client.answer_asked = [](std::string_view request) {
      return R"({"jsonrpc":"2.0","id":)" + std::string(mcp::Member(request, "id")) +
             R"(,"result":{"roots":["here"]}})";
    };
  }
};

TEST_F(StdioQuestionsTest, AProgramAsksTheCallerOfTheCallInFlight) {
  Asked call("ask");
  const std::string body = Ask(*backend_, call).body;
  EXPECT_THAT(body, HasSubstr("here"));
  EXPECT_THAT(body, HasSubstr("q1"));
  ASSERT_EQ(call.client.asked.size(), 1u);
  EXPECT_THAT(call.client.asked[0], HasSubstr("roots/list"));
}

TEST_F(StdioQuestionsTest, AProgramIsToldWhatItsCallerCanBeAsked) {
  Asked call("declared", R"({"roots":{"listChanged":true}})");
  EXPECT_THAT(Ask(*backend_, call).body, HasSubstr("listChanged"));
}

TEST_F(StdioQuestionsTest, CallersThatCanBeAskedOtherThingsHaveOtherPrograms) {
  Asked roots("declared");
  Asked sampling("declared", R"({"sampling":{}})");
  EXPECT_THAT(Ask(*backend_, roots).body, HasSubstr("roots"));
  EXPECT_THAT(Ask(*backend_, sampling).body, HasSubstr("sampling"));
}

TEST_F(StdioQuestionsTest, TheOrderOfCapabilitiesMakesNoOtherProgram) {
  limits_.max_stdio_children = 1;
  Asked one("declared", R"({"roots":{},"sampling":{}})");
  const std::string first = Ask(*backend_, one).body;
  Asked other("declared", R"({"sampling":{}, "roots":{}})");
  EXPECT_EQ(Ask(*backend_, other).body, first);
}

TEST_F(StdioQuestionsTest, AProgramThatAllShareAsksNobody) {
  spec_.set_sessions(portolan::v1::Sessions::SHARED);
  Make();
  Asked declared("declared");
  EXPECT_THAT(Ask(*backend_, declared).body, HasSubstr(R"("text": "{}")"));
  Asked call("ask");
  EXPECT_THAT(Ask(*backend_, call).body, HasSubstr("-32601"));
}

TEST_F(StdioQuestionsTest, AQuestionThatTheCallerDidNotDeclareIsRefused) {
  Asked call("sample");
  EXPECT_THAT(Ask(*backend_, call).body, HasSubstr("-32601"));
  EXPECT_THAT(call.client.asked, ElementsAre());
}

TEST_F(StdioQuestionsTest, TheNewestCallIsAsked) {
  Asked first("ask");
  first.client.answer_asked = nullptr;  // nobody answers there
  mcp::Call made = first.Make();
  std::string first_body;
  base::Spawn(Begin(*backend_, made, first_body));
  RunUntil([&] { return first.client.asked.size() == 1; });
  Asked second("ask");
  EXPECT_THAT(Ask(*backend_, second).body, HasSubstr("q2"));
  EXPECT_EQ(second.client.asked.size(), 1u);
  made.cancel.Request();
  RunUntil([&] { return first.client.withdrawn == 1; });
}

TEST_F(StdioQuestionsTest, AQuestionThatIsOpenWhenTheAnswerComesIsWithdrawn) {
  Asked call("late");
  call.client.answer_asked = nullptr;
  EXPECT_THAT(Ask(*backend_, call).body, HasSubstr("did not wait"));
  EXPECT_EQ(call.client.withdrawn, 1);
}

TEST_F(StdioQuestionsTest, AProgramCanTakeItsQuestionBack) {
  Asked call("withdraw");
  call.client.answer_asked = nullptr;
  EXPECT_THAT(Ask(*backend_, call).body, HasSubstr("withdrawn"));
  EXPECT_EQ(call.client.withdrawn, 1);
}

TEST_F(StdioQuestionsTest, WhatACallerAnnouncesReachesItsProgram) {
  Asked first("plain");
  Ask(*backend_, first);
  Asked announcement("plain");
  announcement.bytes = R"({"jsonrpc":"2.0","method":"notifications/roots/list_changed"})";
  announcement.envelope = *mcp::Scan(announcement.bytes);
  announcement.method = "notifications/roots/list_changed";
  Ask(*backend_, announcement);
  Asked heard("heard");
  EXPECT_THAT(Ask(*backend_, heard).body, HasSubstr("roots/list_changed"));
}

TEST_F(StdioQuestionsTest, QuestionsAndTheirWithdrawalsTravelBetweenLoops) {
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work(
      loop_.io.get_executor());
  std::thread home([&] { loop_.io.run(); });
  {
    base::Loop own;
    boost::asio::executor_work_guard<boost::asio::io_context::executor_type> own_work(
        own.io.get_executor());
    const auto far =
        servers_.Get("local/x", spec_, upstreams_.Find(BackendKey("local/x", spec_)), own);
    for (const std::string_view tool : {"ask", "late"}) {
      Asked call(tool);
      if (tool == "late") call.client.answer_asked = nullptr;
      mcp::Call made = call.Make();
      std::string body;
      base::Spawn(Begin(*far, made, body));
      while (body.empty()) own.io.run_one();
      EXPECT_THAT(body, HasSubstr(tool == "late" ? "did not wait" : "here"));
      EXPECT_EQ(call.client.asked.size(), 1u);
    }
  }
  backend_.reset();
  work.reset();
  loop_.Post([&] { loop_.io.stop(); });
  home.join();
  loop_.io.restart();
}

}  // namespace
}  // namespace gateway
