// A function that asks its caller is written once, and right in both eras.
#include "mcp/server/tool_server.h"
#include "tests/mcp/server/server_fixture.h"

namespace mcp {
namespace {

constexpr std::string_view kForm = R"({"type":"object"})";

base::Task<base::Result<ToolResult>> AskTwice(ServedCall& call) {
  const base::Result<std::string> name = co_await call.Ask(Elicit("name", "Who?", kForm));
  if (!name) co_return name.error();
  const base::Result<std::string> roots = co_await call.Ask(ListRoots("roots"));
  if (!roots) co_return roots.error();
  co_return ToolResult::Text(DecodeString(Member(Member(*name, "content"), "name")) + " " +
                             std::string(Member(*roots, "roots")));
}

base::Task<base::Result<ToolResult>> AskBoth(ServedCall& call) {
  std::vector<Question> questions = {Elicit("name", "Who?", kForm), ListRoots("roots")};
  const base::Result<Answers> answers = co_await call.AskAll(std::move(questions));
  if (!answers) co_return answers.error();
  co_return ToolResult::Text(std::to_string(answers->size()));
}

class AskingTest : public ServerFixture {
 protected:
  static ToolServer MakeServer() {
    std::vector<Tool> tools(2);
    tools[0].name = "twice";
    tools[0].run = AskTwice;
    tools[1].name = "both";
    tools[1].run = AskBoth;
    ServerOptions about;
    about.name = "asking";
    return ToolServer(about, std::move(tools));
  }
  void Ask(TestCall& test, std::string_view tool, std::string_view more = {}) {
    test.capabilities = R"({"elicitation":{},"roots":{}})";
    Fill(test, "tools/call", R"("name":")" + std::string(tool) + "\"" + std::string(more));
    Begin(server, test);
    EXPECT_TRUE(test.answered);
  }
  static std::string Text(const TestCall& test) {
    Elements content(Member(test.result(), "content"));
    return content.Next() ? DecodeString(Member(content.value(), "text")) : "";
  }
  // `,"inputResponses":{...},"requestState":...` as a retry has it.
  static std::string Retry(const TestCall& before, std::string_view responses) {
    return R"(,"inputResponses":)" + std::string(responses) + R"(,"requestState":)" +
           std::string(Member(before.result(), "requestState"));
  }
  static std::string_view Type(const TestCall& test) { return Member(test.result(), "resultType"); }

  ToolServer server = MakeServer();
};

constexpr std::string_view kName = R"({"name":{"action":"accept","content":{"name":"Ada"}}})";
constexpr std::string_view kRoots = R"({"roots":{"roots":[]}})";

TEST_F(AskingTest, AnOlderCallerIsAskedWhileTheCallRuns) {
  TestCall call;
  call.revision = kLatestLegacy;
  call.client.answer = [](std::string_view request) {
    return Member(request, "method") == R"("roots/list")"
               ? R"("result":{"roots":[1]})"
               : R"("result":{"action":"accept","content":{"name":"Ada"}})";
  };
  Ask(call, "twice");
  EXPECT_EQ(call.client.asked.size(), 2u);
  EXPECT_EQ(Text(call), "Ada [1]");
}

TEST_F(AskingTest, AModernCallerIsAskedRoundByRound) {
  TestCall first;
  Ask(first, "twice");
  EXPECT_EQ(Type(first), R"("input_required")");
  EXPECT_EQ(
      Member(first.result(), "inputRequests"),
      R"({"name":{"method":"elicitation/create","params":{"message":"Who?","requestedSchema":{"type":"object"}}}})");
  TestCall second;
  Ask(second, "twice", Retry(first, kName));
  EXPECT_EQ(Member(second.result(), "inputRequests"),
            R"({"roots":{"method":"roots/list","params":{}}})");
  // Only the state still knows what was answered first.
  TestCall third;
  Ask(third, "twice", Retry(second, kRoots));
  EXPECT_EQ(Type(third), R"("complete")");
  EXPECT_EQ(Text(third), "Ada []");
  EXPECT_TRUE(third.client.asked.empty());
}

TEST_F(AskingTest, WhatIsMissingIsAskedAgain) {
  TestCall first;
  Ask(first, "both");
  TestCall second;
  Ask(second, "both", Retry(first, kName));
  EXPECT_EQ(Member(Member(second.result(), "inputRequests"), "name"), "");
  EXPECT_NE(Member(Member(second.result(), "inputRequests"), "roots"), "");
}

TEST_F(AskingTest, AChangedStateIsRefused) {
  TestCall first;
  Ask(first, "twice");
  TestCall second;
  std::string retry = Retry(first, kName);
  retry.insert(retry.size() - 2, "x");
  Ask(second, "twice", retry);
  EXPECT_EQ(second.code(), kInvalidParams);
}

TEST_F(AskingTest, AStateIsOfOneToolAndOneCaller) {
  TestCall first;
  Ask(first, "twice");
  TestCall other_tool;
  Ask(other_tool, "both", Retry(first, kName));
  EXPECT_EQ(other_tool.code(), kInvalidParams);
  principal.id = "consumer/else";
  TestCall other_caller;
  Ask(other_caller, "twice", Retry(first, kName));
  EXPECT_EQ(other_caller.code(), kInvalidParams);
}

TEST_F(AskingTest, AnAnswerOfAnotherKindIsRefused) {
  for (const std::string_view responses :
       {R"({"name":12345})", R"({"name":{"roots":[]}})", "null", "[]"}) {
    TestCall call;
    Ask(call, "twice", R"(,"inputResponses":)" + std::string(responses));
    EXPECT_EQ(call.code(), kInvalidParams) << responses;
  }
}

TEST_F(AskingTest, ACallerThatDeclaredNothingIsNotAsked) {
  for (const Revision revision : {kLatest, kLatestLegacy}) {
    TestCall call;
    call.revision = revision;
    Fill(call, "tools/call", R"("name":"twice")");
    Begin(server, call);
    EXPECT_TRUE(call.client.asked.empty());
    EXPECT_EQ(call.code(), IsModern(revision) ? kMissingCapability : kInvalidParams);
  }
}

TEST_F(AskingTest, WhatACallerRefusesToAnswerFailsTheCall) {
  TestCall call;
  call.revision = kLatestLegacy;
  call.client.answer = [](std::string_view) {
    return std::string(R"("error":{"code":-1,"message":"not now"})");
  };
  Ask(call, "both");
  EXPECT_EQ(call.code(), kInvalidParams);
  EXPECT_NE(call.error().find("not now"), std::string_view::npos);
}

}  // namespace
}  // namespace mcp
