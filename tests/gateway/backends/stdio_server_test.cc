#include <gmock/gmock.h>
#include <sys/wait.h>

#include <thread>

#include "base/process.h"
#include "tests/gateway/backends/stdio_fixture.h"

namespace gateway {
namespace {

using mcp::Revision;
using support::TestCall;
using testing::HasSubstr;
using testing::Not;

constexpr auto kModern = Revision::k2026_07_28;
constexpr auto kOlder = Revision::k2025_11_25;

// A small server of either era (its first argument). Tools: echo answers its arguments and its
// process; slow answers after notifications/cancelled or a second call; die ends the process.
constexpr const char* kProgram = R"PY(
import json, os, sys, time
era = sys.argv[1]
def send(m):
    sys.stdout.write(json.dumps(m) + "\n"); sys.stdout.flush()
def result(i, r): send({"jsonrpc": "2.0", "id": i, "result": r})
def text(i, t): result(i, {"content": [{"type": "text", "text": t}]})
print("hello, this is no JSON", flush=True)
print("started", file=sys.stderr, flush=True)
waiting = []
for line in sys.stdin:
    m = json.loads(line)
    method, i, p = m.get("method"), m.get("id"), m.get("params", {})
    if era == "mute": continue
    if method == "initialize" and era == "older":
        result(i, {"protocolVersion": "2025-11-25", "capabilities": {"tools": {}}, "serverInfo": {"name": "py", "version": "1"}})
    elif method == "server/discover" and era == "modern":
        result(i, {"supportedVersions": ["2026-07-28"], "capabilities": {"tools": {}}, "resultType": "complete"})
    elif method == "notifications/cancelled":
        for w in waiting: text(w, "cancelled %s" % p["requestId"])
    elif method == "subscriptions/listen":
        tag = {"io.modelcontextprotocol/subscriptionId": i}
        for n in ["subscriptions/acknowledged", "tools/list_changed"]:
            send({"jsonrpc": "2.0", "method": "notifications/" + n, "params": {"_meta": tag}})
        result(i, {"resultType": "complete", "_meta": tag})
    elif method == "tools/call":
        name, token = p["name"], p.get("_meta", {}).get("progressToken")
        if name == "echo":
            if token is not None:
                send({"jsonrpc": "2.0", "method": "notifications/progress", "params": {"progressToken": token, "progress": 1}})
            text(i, json.dumps({"pid": os.getpid(), "id": i, "params": p, "env": sorted(os.environ)}))
        elif name == "slow": waiting.append(i)
        elif name == "sleep": time.sleep(60)
        elif name == "noise":
            while True: print("noise " * 100)
        elif name == "chatter":
            for n in range(3000): print("chatter " * 100, file=sys.stderr)
            text(i, "said")
        elif name == "die": print("out of luck", file=sys.stderr, flush=True); os._exit(3)
        elif name == "ask":
            send({"jsonrpc": "2.0", "id": "q", "method": "roots/list"})
            text(i, sys.stdin.readline())
        elif name == "flood": sys.stdout.write("x" * (1 << 21)); sys.stdout.flush()
    elif i is not None:
        send({"jsonrpc": "2.0", "id": i, "error": {"code": -32601, "message": "no " + method}})
)PY";

class StdioServerTest : public StdioTest {
 protected:
  StdioServerTest() : StdioTest(kProgram) {}
};

TEST_F(StdioServerTest, AnOlderProgramAnswersAnOlderCallerWithItsOwnId) {
  const std::string body = AskAs("", OlderCall("echo"));
  EXPECT_THAT(body, testing::StartsWith(R"({"jsonrpc": "2.0", "id": 7, "result")"));
}

TEST_F(StdioServerTest, AnOlderProgramAnswersAModernCaller) {
  const std::string body = AskAs("", ModernCall("echo"), kModern);
  EXPECT_THAT(body, HasSubstr(R"("id": "a")"));
  EXPECT_THAT(body, HasSubstr(R"("resultType":"complete")"));
  EXPECT_THAT(body, Not(HasSubstr("protocolVersion")));
}

TEST_F(StdioServerTest, AModernProgramAnswersBothEras) {
  UseEra("modern");
  EXPECT_THAT(AskAs("", ModernCall("echo"), kModern), HasSubstr("protocolVersion"));
  EXPECT_THAT(AskAs("", OlderCall("echo")), HasSubstr("protocolVersion"));
}

TEST_F(StdioServerTest, AProgramSeesAListedEnvironmentOnly) {
  ::setenv("PORTOLAN_SECRET", "x", 1);
  portolan::v1::NameValue& token = *spec_.mutable_endpoint()->mutable_stdio()->add_env();
  token.set_name("TOKEN");
  token.set_value("mine");
  Make();
  const std::string body = AskAs("", OlderCall("echo"));
  EXPECT_THAT(body, HasSubstr("TOKEN"));
  EXPECT_THAT(body, Not(HasSubstr("PORTOLAN_SECRET")));
}

TEST_F(StdioServerTest, EachPrincipalHasAProgramAndAnonymousCallersShareOne) {
  const std::string anonymous = PidIn(AskAs("", OlderCall("echo")));
  EXPECT_EQ(PidIn(AskAs("", OlderCall("echo"))), anonymous);
  const std::string alice = PidIn(AskAs("consumer/alice", OlderCall("echo")));
  EXPECT_NE(alice, anonymous);
  EXPECT_EQ(PidIn(AskAs("consumer/alice", OlderCall("echo"))), alice);
}

TEST_F(StdioServerTest, ASharedServerHasOneProgram) {
  spec_.set_sessions(portolan::v1::Sessions::SHARED);
  Make();
  EXPECT_EQ(PidIn(AskAs("", OlderCall("echo"))), PidIn(AskAs("consumer/alice", OlderCall("echo"))));
}

TEST_F(StdioServerTest, TheProgramUsedLongestAgoMakesRoomForAnother) {
  limits_.max_stdio_children = 2;
  const std::string first = PidIn(AskAs("consumer/a", OlderCall("echo")));
  AskAs("consumer/b", OlderCall("echo"));
  AskAs("consumer/c", OlderCall("echo"));
  EXPECT_NE(PidIn(AskAs("consumer/a", OlderCall("echo"))), first);
}

TEST_F(StdioServerTest, ProgressComesBackUnderTheCallersToken) {
  TestCall call(OlderCall("echo", "\"mine\""), kOlder, "session");
  const mcp::Response response = Ask(*backend_, call);
  ASSERT_EQ(call.client.notifications.size(), 1u);
  EXPECT_THAT(call.client.notifications[0], HasSubstr(R"("progressToken": "mine")"));
  EXPECT_THAT(response.body, Not(HasSubstr("mine")));
}

TEST_F(StdioServerTest, ASubscriptionHearsItsNotificationsUnderTheCallersId) {
  UseEra("modern");
  TestCall call(
      R"({"jsonrpc":"2.0","id":"mine","method":"subscriptions/listen","params":{"notifications":{}}})",
      kModern);
  const mcp::Response response = Ask(*backend_, call);
  ASSERT_EQ(call.client.notifications.size(), 2u);
  EXPECT_THAT(call.client.notifications[0], HasSubstr("subscriptions/acknowledged"));
  EXPECT_THAT(call.client.notifications[1], HasSubstr(R"(subscriptionId": "mine")"));
  EXPECT_THAT(response.body, HasSubstr(R"(subscriptionId": "mine")"));
  EXPECT_THAT(response.body, HasSubstr(R"("id": "mine")"));
}

TEST_F(StdioServerTest, CallsOfTheSameIdAtOnceAreToldApart) {
  std::vector<std::unique_ptr<TestCall>> tests;
  std::vector<mcp::Call> calls;
  std::vector<std::string> bodies;
  calls.reserve(16);
  for (int i = 0; i < 16; ++i) {
    tests.push_back(std::make_unique<TestCall>(OlderCall("echo"), kOlder, "session"));
    calls.push_back(tests.back()->Make());
    base::Spawn(
        [](mcp::Handler& backend, mcp::Call& call, std::vector<std::string>& out) -> base::Task<> {
          const mcp::Response response = co_await backend.Handle(call);
          out.push_back(response.body);
        }(*backend_, calls.back(), bodies));
  }
  RunUntil([&] { return bodies.size() == 16; });
  std::sort(bodies.begin(), bodies.end());
  EXPECT_EQ(std::unique(bodies.begin(), bodies.end()), bodies.end());
}

TEST_F(StdioServerTest, AProgramThatDiesTakesTheCallWithItAndTheNextOneWorks) {
  TestCall call(OlderCall("die"), kOlder, "session");
  const mcp::Response response = Ask(*backend_, call);
  EXPECT_THAT(response.body, HasSubstr(R"("id":7,"error":{"code":-31502)"));
  EXPECT_THAT(response.body, HasSubstr("exited with code 3."));
  EXPECT_THAT(response.body, Not(HasSubstr("out of luck")));
  EXPECT_THAT(call.record.message, HasSubstr("exited with code 3: out of luck"));
  EXPECT_THAT(AskAs("", OlderCall("echo")), HasSubstr("\"result\""));
}

TEST_F(StdioServerTest, ACancelledCallIsToldToTheProgram) {
  TestCall call(OlderCall("slow"), kOlder, "session");
  mcp::Call made = call.Make();
  bool done = false;
  base::Spawn([](mcp::Handler& backend, mcp::Call& slow, bool& out) -> base::Task<> {
    const mcp::Response response = co_await backend.Handle(slow);
    EXPECT_EQ(response.kind, mcp::Response::Kind::kGone);
    out = true;
  }(*backend_, made, done));
  AskAs("", OlderCall("echo"));
  TestCall cancel(
      R"({"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":7}})", kOlder,
      "session");
  Ask(*backend_, cancel);
  RunUntil([&] { return done; });
  EXPECT_THAT(AskAs("", OlderCall("echo")), HasSubstr("\"result\""));
}

TEST_F(StdioServerTest, WhatTheProgramAsksIsAnsweredSoThatItDoesNotWait) {
  EXPECT_THAT(AskAs("", OlderCall("ask")), HasSubstr("-32601"));
}

TEST_F(StdioServerTest, AMessageOverTheBoundEndsTheProgramAndItsCallerIsToldWhatRaisesIt) {
  TestCall call(OlderCall("flood"), kOlder, "session");
  const std::string told = Ask(*backend_, call).body;
  EXPECT_THAT(told, HasSubstr("-31502"));
  EXPECT_THAT(told, HasSubstr("longer than 1048576 bytes"));
  EXPECT_THAT(told, HasSubstr("limits.max_event_bytes"));
  EXPECT_THAT(call.record.message, HasSubstr("longer than 1048576 bytes"));
}

TEST_F(StdioServerTest, AProgramThatCannotStartSaysWhyAndIsLeftAloneAfterAWhile) {
  spec_.mutable_endpoint()->mutable_stdio()->set_command("no-such-program");
  Make();
  TestCall call(OlderCall("echo"), kOlder, "session");
  EXPECT_THAT(Ask(*backend_, call).body, HasSubstr("-31502"));
  EXPECT_EQ(call.record.message, "start: no-such-program: not found in PATH");
  AskAs("", OlderCall("echo"));
  AskAs("", OlderCall("echo"));
  TestCall refused(OlderCall("echo"), kOlder, "session");
  const mcp::Response response = Ask(*backend_, refused);
  EXPECT_THAT(response.body, HasSubstr("-31503"));
  EXPECT_EQ(response.headers.at(0).first, "Retry-After");
}

TEST_F(StdioServerTest, WhoWaitsForAProgramThatNeverSpeaksMayLeave) {
  UseEra("mute");
  std::vector<std::unique_ptr<TestCall>> tests;
  std::vector<mcp::Call> calls;
  calls.reserve(2);
  int left = 0;
  for (int i = 0; i < 2; ++i) {
    tests.push_back(std::make_unique<TestCall>(OlderCall("echo"), kOlder, "session"));
    calls.push_back(tests.back()->Make());
    base::Spawn([](mcp::Handler& backend, mcp::Call& call, int& out) -> base::Task<> {
      EXPECT_EQ((co_await backend.Handle(call)).kind, mcp::Response::Kind::kGone);
      ++out;
    }(*backend_, calls.back(), left));
  }
  RunUntil([&] { return !base::Descendants(guard_->pid()).empty(); });
  for (mcp::Call& call : calls) call.cancel.Request();
  RunUntil([&] { return left == 2; });
}

TEST_F(StdioServerTest, AProgramThatNeverSpeaksIsEndedInTime) {
  UseEra("mute");
  limits_.total = std::chrono::milliseconds(200);
  EXPECT_THAT(AskAs("", OlderCall("echo")), HasSubstr("-31504"));
  RunUntil([&] { return base::Descendants(guard_->pid()).empty(); });
}

TEST_F(StdioServerTest, AProgramThatStoppedAnsweringIsEndedAndTheNextCallWorks) {
  AskAs("", OlderCall("echo"));
  limits_.total = std::chrono::milliseconds(300);
  EXPECT_THAT(AskAs("", OlderCall("sleep")), HasSubstr("-31504"));
  limits_.total = std::chrono::milliseconds(60'000);
  EXPECT_THAT(AskAs("", OlderCall("echo")), HasSubstr("\"result\""));
}

TEST_F(StdioServerTest, AProgramThatFloodsItsOutputWithNoiseIsEnded) {
  TestCall call(OlderCall("noise"), kOlder, "session");
  EXPECT_THAT(Ask(*backend_, call).body, HasSubstr("-31502"));
  EXPECT_THAT(call.record.message, HasSubstr("floods its output"));
  EXPECT_THAT(AskAs("", OlderCall("echo")), HasSubstr("\"result\""));
}

TEST_F(StdioServerTest, AProgramThatFloodsItsLogAnswersAllTheSame) {
  EXPECT_THAT(AskAs("", OlderCall("chatter")), HasSubstr("said"));
}

TEST_F(StdioServerTest, AnIdleProgramIsEnded) {
  limits_.stdio_idle = std::chrono::milliseconds(100);
  AskAs("", OlderCall("echo"));
  RunUntil([&] { return base::Descendants(guard_->pid()).empty(); });
}

TEST_F(StdioServerTest, ProgramsEndWithTheLastHandlerOfTheirServer) {
  AskAs("", OlderCall("echo"));
  EXPECT_FALSE(base::Descendants(guard_->pid()).empty());
  backend_.reset();
  RunUntil([&] { return base::Descendants(guard_->pid()).empty(); });
}

TEST_F(StdioServerTest, CallsFromAnotherWorkersLoopComeAndGo) {
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work(
      loop_.io.get_executor());
  std::thread home([&] { loop_.io.run(); });
  {
    base::Loop own;
    const auto far =
        servers_.Get("local/x", spec_, upstreams_.Find(BackendKey("local/x", spec_)), own);
    TestCall call(OlderCall("echo", "5"), kOlder, "session");
    mcp::Call made = call.Make();
    std::optional<mcp::Response> response;
    base::Spawn([](mcp::Handler& handler, mcp::Call& asked,
                   std::optional<mcp::Response>& out) -> base::Task<> {
      out.emplace(co_await handler.Handle(asked));
    }(*far, made, response));
    boost::asio::executor_work_guard<boost::asio::io_context::executor_type> own_work(
        own.io.get_executor());
    while (!response) own.io.run_one();
    EXPECT_THAT(response->body, HasSubstr("\"id\": 7"));
    EXPECT_EQ(call.client.notifications.size(), 1u);
    EXPECT_GT(call.record.server_time.count(), 0);
  }
  backend_.reset();
  work.reset();
  loop_.Post([&] { loop_.io.stop(); });
  home.join();
  loop_.io.restart();
}

}  // namespace
}  // namespace gateway
