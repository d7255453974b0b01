#include "mcp/server/tasks.h"

#include "mcp/server/tools.h"
#include "tests/mcp/server/server_fixture.h"
#include "tests/support/fake_clock.h"

namespace mcp {
namespace {

constexpr std::string_view kKnowsTasks =
    R"({"elicitation":{},"extensions":{"io.modelcontextprotocol/tasks":{}}})";

base::Task<base::Result<ToolResult>> AskAsTask(ServedCall& call) {
  call.ContinueAsTask();
  const base::Result<std::string> answer = co_await call.Ask(Elicit("ok", "Go on?", "{}"));
  if (!answer) co_return answer.error();
  co_return ToolResult::Text(DecodeString(Member(*answer, "action")));
}

base::Task<base::Result<ToolResult>> AskFirst(ServedCall& call) {
  const base::Result<std::string> answer = co_await call.Ask(Elicit("ok", "Go on?", "{}"));
  if (!answer) co_return answer.error();
  call.ContinueAsTask();
  co_return ToolResult::Text(DecodeString(Member(*answer, "action")));
}

base::Task<base::Result<ToolResult>> AtOnce(ServedCall&) { co_return ToolResult::Text("done"); }

base::Task<base::Result<ToolResult>> BreakDown(ServedCall& call) {
  call.ContinueAsTask();
  co_return base::Fail(base::Code::kUnavailable, "broken");
}

class TasksTest : public ServerFixture {
 protected:
  static std::vector<Tool> MakeTools() {
    std::vector<Tool> made(4);
    const std::pair<const char*, base::Task<base::Result<ToolResult>> (*)(ServedCall&)> all[] = {
        {"asks", AskAsTask}, {"first", AskFirst}, {"now", AtOnce}, {"breaks", BreakDown}};
    for (std::size_t i = 0; i < made.size(); ++i) {
      made[i].name = all[i].first;
      made[i].run = all[i].second;
      made[i].as_task = Tool::AsTask::kOptional;
    }
    made[3].as_task = Tool::AsTask::kRequired;
    return made;
  }
  void Ask(TestCall& test, std::string_view method, std::string_view params) {
    test.capabilities = kKnowsTasks;
    Fill(test, method, params);
    Begin(server, test);
    Settle();
    EXPECT_TRUE(test.answered);
  }
  std::string Start(std::string_view tool) {
    TestCall test;
    Ask(test, "tools/call", R"("name":")" + std::string(tool) + "\"");
    EXPECT_EQ(Member(test.result(), "resultType"), R"("task")") << test.response.body;
    return R"("taskId":)" + std::string(Member(test.result(), "taskId"));
  }
  std::string Get(const std::string& task, std::string_view member) {
    TestCall test;
    Ask(test, "tasks/get", task);
    return std::string(Member(test.result(), member));
  }

  support::FakeClock clock;
  Tasks tasks{loop, clock};
  Tools tools{MakeTools(), {}, {nullptr, &tasks}};
  Server server{{}, {&tools, &tasks}};
};

TEST_F(TasksTest, AskItsCallerAndComplete) {
  const std::string task = Start("asks");
  EXPECT_EQ(Get(task, "status"), R"("input_required")");
  EXPECT_EQ(
      Get(task, "inputRequests"),
      R"({"ok":{"method":"elicitation/create","params":{"message":"Go on?","requestedSchema":{}}}})");
  TestCall update;
  Ask(update, "tasks/update", task + R"(,"inputResponses":{"ok":{"action":"accept"},"no":1})");
  EXPECT_EQ(update.result(), R"({"resultType":"complete"})");
  EXPECT_EQ(Get(task, "status"), R"("completed")");
  EXPECT_EQ(Get(task, "inputRequests"), "");
  EXPECT_NE(Get(task, "result").find("accept"), std::string::npos);
}

TEST_F(TasksTest, AreCancelledOnce) {
  const std::string task = Start("asks");
  for (int i = 0; i < 2; ++i) {
    TestCall cancel;
    Ask(cancel, "tasks/cancel", task);
    EXPECT_EQ(cancel.result(), R"({"resultType":"complete"})");
  }
  EXPECT_EQ(Get(task, "status"), R"("cancelled")");
  EXPECT_EQ(Get(task, "result"), "");
}

TEST_F(TasksTest, FailWithTheErrorOfTheirFunction) {
  const std::string task = Start("breaks");
  EXPECT_EQ(Get(task, "status"), R"("failed")");
  EXPECT_EQ(Member(Get(task, "error"), "code"), "-31502");
}

TEST_F(TasksTest, WhatIsReadyAtOnceNeedsNoTask) {
  TestCall test;
  Ask(test, "tools/call", R"("name":"now")");
  EXPECT_EQ(Member(test.result(), "resultType"), R"("complete")");
}

TEST_F(TasksTest, ATaskMayBeginAfterItsQuestion) {
  TestCall first;
  Ask(first, "tools/call", R"("name":"first")");
  EXPECT_EQ(Member(first.result(), "resultType"), R"("input_required")");
  EXPECT_EQ(Member(first.result(), "taskId"), "");
  TestCall second;
  Ask(second, "tools/call",
      R"("name":"first","inputResponses":{"ok":{"action":"accept"}},"requestState":)" +
          std::string(Member(first.result(), "requestState")));
  EXPECT_EQ(Member(second.result(), "resultType"), R"("task")");
  EXPECT_EQ(Member(second.result(), "requestState"), "");
}

TEST_F(TasksTest, BelongToWhoStartedThem) {
  const std::string task = Start("asks");
  principal.id = "consumer/else";
  TestCall other;
  Ask(other, "tasks/get", task);
  EXPECT_EQ(other.code(), kInvalidParams);
  principal.id = "anonymous";
  TestCall cancel;
  Ask(cancel, "tasks/cancel", task);
}

TEST_F(TasksTest, AreForgottenWhenTheirTimeIsOver) {
  const std::string task = Start("asks");
  clock.Advance(std::chrono::milliseconds(Tasks::kTtlMs));
  TestCall late;
  Ask(late, "tasks/get", task);
  EXPECT_EQ(late.code(), kInvalidParams);
  Settle();
}

TEST_F(TasksTest, ACallerThatKnowsNoTasksIsAnsweredAsEver) {
  TestCall now, breaks, get;
  Fill(now, "tools/call", R"("name":"now")");
  Begin(server, now);
  EXPECT_NE(now.result(), "");
  Fill(breaks, "tools/call", R"("name":"breaks")");
  Begin(server, breaks);
  EXPECT_EQ(breaks.code(), kMissingCapability);
  EXPECT_EQ(Member(Member(breaks.error(), "data"), "requiredCapabilities"),
            R"({"extensions":{"io.modelcontextprotocol/tasks":{}}})");
  Fill(get, "tasks/get", R"("taskId":"x")");
  Begin(server, get);
  EXPECT_EQ(get.code(), kMissingCapability);
}

}  // namespace
}  // namespace mcp
