// Programs as servers: what they leave behind, and what they do to others when they misbehave; and
// the gateway itself as a program.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>

#include "base/process.h"
#include "tests/support/installation.h"

namespace {

namespace fs = std::filesystem;
using support::Installation;
using ::testing::HasSubstr;

constexpr std::chrono::seconds kSoon{20};

// Tools: ok answers; flood prints noise without end; swell prints an answer without end; hang never
// answers; die ends the program; hog takes memory.
constexpr const char* kMisbehaving = R"PY(
import json, os, sys
def send(m): sys.stdout.write(json.dumps(m) + "\n"); sys.stdout.flush()
tools = [{"name": n, "inputSchema": {"type": "object"}} for n in ["ok", "flood", "swell", "hang", "die", "hog"]]
kept = []
for line in sys.stdin:
    m = json.loads(line)
    method, i, p = m.get("method"), m.get("id"), m.get("params", {})
    if method == "initialize":
        send({"jsonrpc": "2.0", "id": i, "result": {"protocolVersion": "2025-11-25", "capabilities": {"tools": {}}, "serverInfo": {"name": "bad", "version": "1"}}})
    elif method == "tools/list": send({"jsonrpc": "2.0", "id": i, "result": {"tools": tools}})
    elif method == "tools/call":
        name = p["name"]
        if name == "ok": send({"jsonrpc": "2.0", "id": i, "result": {"content": [{"type": "text", "text": "well"}]}})
        elif name == "flood":
            while True: print("noise " * 1000)
        elif name == "swell":
            while True: sys.stdout.write("x" * 65536)
        elif name == "die": print("out of luck", file=sys.stderr, flush=True); os._exit(3)
        elif name == "hog":
            while True: kept.append(bytearray(os.urandom(1 << 20)) * 64)
    elif i is not None: send({"jsonrpc": "2.0", "id": i, "error": {"code": -32601, "message": "no"}})
)PY";

int CountIn(const std::string& folder) {
  int count = 0;
  std::error_code ignored;
  for ([[maybe_unused]] const auto& entry : fs::directory_iterator(folder, ignored)) ++count;
  return count;
}

// What a process holds.
struct Holdings {
  explicit Holdings(pid_t pid)
      : descriptors(CountIn("/proc/" + std::to_string(pid) + "/fd")),
        threads(CountIn("/proc/" + std::to_string(pid) + "/task")),
        processes(static_cast<int>(base::Descendants(pid).size())) {}
  // What each worker opens with its first such call is no leak; a leak is one a round.
  static constexpr int kFirstTimes = 3;
  bool IsAtMost(const Holdings& other) const {
    return descriptors <= other.descriptors + kFirstTimes && threads <= other.threads &&
           processes <= other.processes;
  }
  int descriptors, threads, processes;
};
std::ostream& operator<<(std::ostream& out, const Holdings& held) {
  return out << held.descriptors << " descriptors, " << held.threads << " threads, "
             << held.processes << " processes below";
}

std::vector<std::string> AddDemo(const std::string& name) {
  return {"add", name, "--", support::BinaryFolder() + "/portolan-demo", "--stdio"};
}

// PORTOLAN_STDIO_ROUNDS says how many; each is add, call, remove by the command line.
TEST(StdioProgramsTest, RoundsOfAddCallAndRemoveLeaveNothingBehind) {
  const char* wanted = std::getenv("PORTOLAN_STDIO_ROUNDS");
  const int rounds = wanted ? std::atoi(wanted) : 8;
  Installation portolan;
  const auto round = [&] {
    portolan.CliOk(AddDemo("demo"));
    ASSERT_EQ(portolan.CliOk({"call", "demo.echo", "message=ahoy"}), "ahoy\n");
    portolan.CliOk({"rm", "demo"});
  };
  // Until connections and threads that stay are there.
  for (int i = 0; i < 3; ++i) round();
  const pid_t gateway = portolan.Pid("gateway");
  ASSERT_TRUE(support::Becomes(kSoon, [&] { return base::Descendants(gateway).size() == 1; }));
  const Holdings before(gateway);
  for (int i = 0; i < rounds && !::testing::Test::HasFailure(); ++i) round();
  EXPECT_TRUE(support::Becomes(kSoon, [&] { return Holdings(gateway).IsAtMost(before); }));
  std::cout << rounds << " rounds; before: " << before << "; after: " << Holdings(gateway) << "\n";
}

class MisbehavingTest : public ::testing::Test {
 protected:
  MisbehavingTest() {
    const std::string program = folder_.path() + "/bad.py";
    std::ofstream(program) << kMisbehaving;
    portolan.CliOk({"add", "bad", "--", "python3", program});
    portolan.CliOk(AddDemo("good"));
  }
  bool GoodAnswers() { return portolan.Call("good", "echo", R"({"message":"x"})").status == 200; }

  support::TemporaryFolder folder_;
  Installation portolan;
};

TEST_F(MisbehavingTest, AFloodOfNoiseEndsTheProgramAndTheNextCallStartsAnother) {
  EXPECT_THAT(portolan.Call("bad", "flood").body, HasSubstr("-31502"));
  EXPECT_TRUE(GoodAnswers());
  EXPECT_THAT(portolan.Call("bad", "ok").body, HasSubstr("well"));
}

TEST_F(MisbehavingTest, AnAnswerWithoutEndIsCutOffAtTheBound) {
  EXPECT_THAT(portolan.Call("bad", "swell").body, HasSubstr("-31502"));
  EXPECT_TRUE(GoodAnswers());
  EXPECT_THAT(portolan.Call("bad", "ok").body, HasSubstr("well"));
}

TEST_F(MisbehavingTest, AProgramThatDiesInMidCallCostsThatCallOnly) {
  EXPECT_THAT(portolan.Call("bad", "die").body, HasSubstr("-31502"));
  EXPECT_TRUE(GoodAnswers());
  EXPECT_THAT(portolan.Call("bad", "ok").body, HasSubstr("well"));
}

TEST_F(MisbehavingTest, ACallThatIsNeverAnsweredHoldsUpNoOther) {
  support::RawConnection caller(portolan.gateway());
  caller.Send(support::PostBytes("/bad/mcp", support::ModernCall("1", "hang"),
                                 support::ModernHead("tools/call", "hang")));
  EXPECT_TRUE(GoodAnswers());
  EXPECT_THAT(portolan.Call("bad", "ok").body, HasSubstr("well"));
}

// `portolan stdio`: MCP on stdin and stdout.
TEST(PortolanStdioTest, AnOlderClientSpeaksToAServerThroughIt) {
  Installation portolan;
  portolan.CliOk(AddDemo("demo"));
  const support::Finished bridge = portolan.Cli(
      {"stdio", "demo"},
      R"({"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-06-18","capabilities":{},"clientInfo":{"name":"t","version":"1"}}})"
      "\n"
      R"({"jsonrpc":"2.0","method":"notifications/initialized"})"
      "\n"
      R"({"jsonrpc":"2.0","id":"a","method":"tools/call","params":{"name":"echo","arguments":{"message":"ahoy"}}})"
      "\n");
  EXPECT_EQ(bridge.exit_code, 0) << bridge.err;
  EXPECT_THAT(bridge.out, HasSubstr(R"("protocolVersion":"2025-06-18")"));
  EXPECT_THAT(bridge.out, HasSubstr("ahoy"));
  EXPECT_EQ(std::count(bridge.out.begin(), bridge.out.end(), '\n'), 2) << bridge.out;
}

TEST(PortolanStdioTest, AModernClientSpeaksToAServerThroughIt) {
  Installation portolan;
  portolan.CliOk(AddDemo("demo"));
  const support::Finished bridge = portolan.Cli(
      {"stdio", "demo"},
      R"({"jsonrpc":"2.0","id":0,"method":"tools/call","params":{"name":"echo","arguments":{"message":"ahoy"},"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}}}})"
      "\n");
  EXPECT_EQ(bridge.exit_code, 0) << bridge.err;
  EXPECT_THAT(bridge.out, HasSubstr("ahoy"));
  EXPECT_THAT(bridge.out, HasSubstr("resultType"));
}

TEST(PortolanStdioTest, WithoutAServerItIsTheToolsThatFindTheOthers) {
  Installation portolan;
  const support::Finished bridge = portolan.Cli(
      {"stdio"},
      R"({"jsonrpc":"2.0","id":1,"method":"tools/list","params":{"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}}}})"
      "\n");
  EXPECT_EQ(bridge.exit_code, 0) << bridge.err;
  EXPECT_THAT(bridge.out, HasSubstr("find_tools"));
}

TEST(PortolanStdioTest, WhatIsNoMessageIsAnsweredWithAnError) {
  Installation portolan;
  portolan.CliOk(AddDemo("demo"));
  const support::Finished bridge = portolan.Cli({"stdio", "demo"}, "hello\n");
  EXPECT_EQ(bridge.exit_code, 0);
  EXPECT_THAT(bridge.out, HasSubstr("-32700"));
}

TEST(PortolanStdioTest, AServerThatIsNotThereIsSaidSoWithoutAWordOnStdout) {
  Installation portolan;
  const support::Finished bridge = portolan.Cli({"stdio", "nobody"});
  EXPECT_EQ(bridge.exit_code, 3);
  EXPECT_EQ(bridge.out, "");
}

}  // namespace
