#include <gmock/gmock.h>

#include "base/process.h"
#include "mcp/raw_json.h"
#include "tests/gateway/backends/stdio_fixture.h"

namespace gateway {
namespace {

using mcp::Revision;
using support::TestCall;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::StartsWith;

// A program with resources, lists and a log. Tools: `touch` says that a resource changed, `lists`
// that its tools changed, `log` says two things a moment after its answer, `ask` asks for roots
// after its answer, `known` answers what it was subscribed to and its level, `die` ends it.
constexpr const char* kProgram = R"PY(
import json, os, sys
def send(m):
    sys.stdout.write(json.dumps(m) + "\n"); sys.stdout.flush()
def notify(method, p): send({"jsonrpc": "2.0", "method": "notifications/" + method, "params": p})
def result(i, r): send({"jsonrpc": "2.0", "id": i, "result": r})
def text(i, t): result(i, {"content": [{"type": "text", "text": t}]})
uris, level, told, listens = [], None, None, []
for line in sys.stdin:
    m = json.loads(line)
    method, i, p = m.get("method"), m.get("id"), m.get("params", {})
    if method == "initialize":
        result(i, {"protocolVersion": "2025-11-25", "serverInfo": {"name": "py", "version": "1"}, "capabilities":
            {"tools": {"listChanged": True}, "resources": {"subscribe": True}, "logging": {}}})
    elif method == "server/discover" and sys.argv[1] == "modern":
        result(i, {"resultType": "complete", "supportedVersions": ["2026-07-28"], "capabilities": {"tools": {"listChanged": True}}})
    elif method == "subscriptions/listen": listens.append(i)
    elif method == "resources/subscribe":
        if p["uri"] == "no://": send({"jsonrpc": "2.0", "id": i, "error": {"code": -32602, "message": "no"}})
        else: uris.append(p["uri"]); result(i, {})
    elif method == "resources/unsubscribe": uris.remove(p["uri"]); result(i, {})
    elif method == "logging/setLevel": level = p["level"]; result(i, {})
    elif method == "tools/call":
        name = p["name"]
        if name == "touch": [notify("resources/updated", {"uri": u}) for u in uris]; text(i, "touched")
        elif name == "lists" and sys.argv[1] == "modern":
            text(i, "changed")
            for l in listens: notify("tools/list_changed", {"_meta": {"io.modelcontextprotocol/subscriptionId": l}})
        elif name == "lists": notify("tools/list_changed", {}); text(i, "changed")
        elif name == "log":
            text(i, "logged")
            notify("message", {"level": "info", "data": "quiet"}); notify("message", {"level": "error", "data": "loud"})
        elif name == "ask": text(i, "asks"); send({"jsonrpc": "2.0", "id": "q", "method": "roots/list"})
        elif name == "known": text(i, json.dumps([sorted(uris), level, told]))
        elif name == "die": os._exit(0)
    elif method is None: told = m.get("result")
    elif i is not None: send({"jsonrpc": "2.0", "id": i, "error": {"code": -32601, "message": "no " + method}})
)PY";

constexpr auto kModern = Revision::k2026_07_28;
constexpr auto kOlder = Revision::k2025_11_25;

std::string ListenTo(std::string_view wanted) {
  return R"({"jsonrpc":"2.0","id":"l","method":"subscriptions/listen","params":{"notifications":)" +
         std::string(wanted) + "}}";
}

class StdioListenTest : public StdioTest {
 protected:
  StdioListenTest() : StdioTest(kProgram) {}

  // A caller that listens until it is destroyed.
  struct Listener {
    Listener(StdioListenTest& test, std::string_view wanted, std::string session = {})
        : test_(test), call(ListenTo(wanted), kModern, std::move(session)) {}
    void Start() {
      Begin();
      Await(1);
    }
    void Begin() {
      made.emplace(call.Make());
      base::Spawn(Run(*this));
    }
    ~Listener() {
      if (!made) return;
      made->cancel.Request();
      test_.RunUntil([this] { return ended; });
    }
    static base::Task<> Run(Listener& self) {
      self.response = co_await self.test_.backend_->Handle(*self.made);
      self.ended = true;
    }
    const std::vector<std::string>& heard() const { return call.client.notifications; }
    void Await(std::size_t count) {
      test_.RunUntil([&] { return ended || heard().size() >= count; });
    }

    StdioListenTest& test_;
    TestCall call;
    std::optional<mcp::Call> made;
    mcp::Response response;
    bool ended = false;
  };

  std::string Tool(std::string_view name) { return AskAs("", OlderCall(name)); }
};

TEST_F(StdioListenTest, AListenerIsToldFirstWhatItWillHearOf) {
  Tool("known");
  Listener listener(*this, R"({"toolsListChanged":true,"promptsListChanged":true})");
  listener.Start();
  ASSERT_EQ(listener.heard().size(), 1u);
  EXPECT_EQ(mcp::Member(listener.heard()[0], "params"),
            R"({"_meta":{"io.modelcontextprotocol/subscriptionId":"l"},)"
            R"("notifications":{"toolsListChanged":true}})");
}

TEST_F(StdioListenTest, ListsThatChangeAreHeardUnderTheCallersId) {
  Tool("known");
  Listener listener(*this, R"({"toolsListChanged":true})");
  listener.Start();
  Tool("lists");
  listener.Await(2);
  EXPECT_THAT(listener.heard()[1], HasSubstr("tools/list_changed"));
  EXPECT_THAT(listener.heard()[1], HasSubstr(R"(subscriptionId":"l")"));
}

TEST_F(StdioListenTest, AModernProgramThatNobodyListensToIsHeardAllTheSame) {
  int changed = 0;
  servers_.OnListChanged([&changed](const std::string&) { ++changed; });
  UseEra("modern");
  AskAs("", ModernCall("lists"), kModern);
  RunUntil([&changed] { return changed == 1; });
}

TEST_F(StdioListenTest, WhoDidNotAskForListsHearsNothingOfThem) {
  Tool("known");
  Listener listener(*this, "{}");
  listener.Start();
  Tool("lists");
  EXPECT_EQ(listener.heard().size(), 1u);
}

TEST_F(StdioListenTest, NoProgramIsStartedOnlyToHearOfItsLists) {
  Tool("die");
  Listener listener(*this, R"({"toolsListChanged":true})");
  listener.Start();
  EXPECT_EQ(listener.heard().size(), 1u);
  RunUntil([&] { return base::Descendants(guard_->pid()).empty(); });
}

TEST_F(StdioListenTest, ResourcesAreSubscribedToAndUnsubscribedFromAtTheEnd) {
  {
    Listener listener(*this, R"({"resourceSubscriptions":["a://x","no://"]})");
    listener.Start();
    EXPECT_THAT(listener.heard()[0], HasSubstr(R"("resourceSubscriptions":["a://x"])"));
    EXPECT_THAT(Tool("known"), HasSubstr("a://x"));
    Tool("touch");
    listener.Await(2);
    EXPECT_THAT(listener.heard()[1], HasSubstr("a://x"));
  }
  EXPECT_THAT(Tool("known"), Not(HasSubstr("a://x")));
}

TEST_F(StdioListenTest, AResourceThatTwoWantIsHeardByBothAndLeftByTheLast) {
  Listener first(*this, R"({"resourceSubscriptions":["a://x"]})");
  first.Start();
  {
    Listener second(*this, R"({"resourceSubscriptions":["a://x"]})");
    second.Start();
    Tool("touch");
    first.Await(2);
    second.Await(2);
  }
  EXPECT_THAT(Tool("known"), HasSubstr("a://x"));
}

TEST_F(StdioListenTest, WhatTheProgramRefusesIsPromisedToNoneOfTwoWhoAskAtATime) {
  Tool("known");
  Listener first(*this, R"({"resourceSubscriptions":["no://"]})");
  Listener second(*this, R"({"resourceSubscriptions":["no://"]})");
  first.Begin();
  second.Begin();
  first.Await(1);
  second.Await(1);
  EXPECT_THAT(first.heard()[0], Not(HasSubstr("no://")));
  EXPECT_THAT(second.heard()[0], Not(HasSubstr("no://")));
}

TEST_F(StdioListenTest, TheNextProgramIsSubscribedToAgain) {
  Listener listener(*this, R"({"resourceSubscriptions":["a://x"]})");
  listener.Start();
  Tool("die");
  EXPECT_THAT(Tool("known"), HasSubstr("a://x"));
  Tool("touch");
  listener.Await(2);
}

TEST_F(StdioListenTest, ASessionHearsOfWhatItSubscribedToItself) {
  Tool("known");
  Listener listener(*this, "{}", "session");
  listener.Start();
  AskAs("", R"({"jsonrpc":"2.0","id":1,"method":"resources/subscribe","params":{"uri":"b://y"}})");
  Tool("touch");
  listener.Await(2);
  EXPECT_THAT(listener.heard()[1], HasSubstr("b://y"));
}

TEST_F(StdioListenTest, AnotherSessionDoesNotHearOfIt) {
  Tool("known");
  Listener listener(*this, "{}", "another");
  listener.Start();
  AskAs("", R"({"jsonrpc":"2.0","id":1,"method":"resources/subscribe","params":{"uri":"b://y"}})");
  Tool("touch");
  EXPECT_EQ(listener.heard().size(), 1u);
}

TEST_F(StdioListenTest, ASessionHearsTheLogOutsideOfCalls) {
  Tool("known");
  Listener session(*this, "{}", "session");
  session.Start();
  Listener modern(*this, "{}");
  modern.Start();
  Tool("log");
  session.Await(3);
  EXPECT_THAT(session.heard()[2], HasSubstr("loud"));
  EXPECT_EQ(modern.heard().size(), 1u);
}

TEST_F(StdioListenTest, ASessionHearsFromItsLevelOn) {
  Tool("known");
  Listener session(*this, "{}", "session");
  session.call.log_level = R"("error")";
  session.Start();
  Tool("log");
  session.Await(2);
  EXPECT_THAT(session.heard()[1], HasSubstr("loud"));
}

TEST_F(StdioListenTest, NobodyHearsTheLogOfAProgramThatAllShare) {
  spec_.set_sessions(portolan::v1::Sessions::SHARED);
  Make();
  Tool("known");
  Listener session(*this, "{}", "session");
  session.Start();
  Tool("log");
  Tool("known");
  EXPECT_EQ(session.heard().size(), 1u);
}

TEST_F(StdioListenTest, AQuestionOutsideOfCallsIsPutToASessionThatListens) {
  TestCall call(OlderCall("ask"), kOlder, "session");
  call.client_capabilities = R"({"roots":{}})";
  Listener session(*this, "{}", "session");
  session.call.client_capabilities = R"({"roots":{}})";
  session.call.client.answer_asked = [](const std::string&) {
    return std::string(R"({"jsonrpc":"2.0","id":"q","result":{"roots":["here"]}})");
  };
  session.Start();
  Ask(*backend_, call);
  RunUntil([&] { return session.call.client.asked.size() == 1; });
  TestCall known(OlderCall("known"), kOlder, "session");
  known.client_capabilities = R"({"roots":{}})";
  EXPECT_THAT(Ask(*backend_, known).body, HasSubstr("here"));
}

TEST_F(StdioListenTest, AProgramLogsWhatAModernCallerWantsToHear) {
  TestCall call(ModernCall("known"), kModern);
  call.log_level = R"("warning")";
  EXPECT_THAT(Ask(*backend_, call).body, HasSubstr("warning"));
}

TEST_F(StdioListenTest, AFilterThatIsNoneIsRefused) {
  TestCall call(R"({"jsonrpc":"2.0","id":1,"method":"subscriptions/listen","params":{}})", kModern);
  EXPECT_THAT(Ask(*backend_, call).body, HasSubstr("-32602"));
  EXPECT_THAT(base::Descendants(guard_->pid()), IsEmpty());
}

}  // namespace
}  // namespace gateway
