#include <algorithm>
#include <nlohmann/json.hpp>

#include "mcp/raw_json.h"
#include "tests/e2e/conformance/fixtures.h"

namespace conformance {
namespace {

using base::Result;
using base::Task;
using mcp::Elicit;
using mcp::ServedCall;
using mcp::Tool;
using mcp::ToolResult;

constexpr std::string_view kConfirmForm =
    R"({"type":"object","properties":{"confirm":{"type":"boolean"}},"required":["confirm"]})";
constexpr std::string_view kNameForm =
    R"({"type":"object","properties":{"name":{"type":"string"}},"required":["name"]})";

Task<Result<ToolResult>> Compute(World& world, ServedCall& call) {
  const nlohmann::json arguments = call.arguments();
  const double seconds = std::clamp(arguments.value("seconds", 1.0), 0.0, 600.0);
  if (seconds > 0) {
    call.ContinueAsTask();
    const bool slept = co_await Pause(world, call, static_cast<int>(seconds * 1000));
    if (!slept) co_return Cancelled();
  }
  co_return ToolResult::Text("Computed " + TextArgument(call, "label") + ".");
}

Task<Result<ToolResult>> FailLater(World& world, ServedCall& call) {
  call.ContinueAsTask();
  const bool slept = co_await Pause(world, call, 1000);
  if (!slept) co_return Cancelled();
  co_return ToolResult::Error("The job failed, as it must.");
}

Task<Result<ToolResult>> BreakLater(World& world, ServedCall& call) {
  call.ContinueAsTask();
  const bool slept = co_await Pause(world, call, 100);
  if (!slept) co_return Cancelled();
  co_return base::Fail(base::Code::kInternal, "the job broke down, as it must");
}

Task<Result<ToolResult>> ConfirmDelete(World&, ServedCall& call) {
  call.ContinueAsTask();
  const std::string file = TextArgument(call, "filename");
  const Result<std::string> answer =
      co_await call.Ask(Elicit("confirm", "Delete " + file + "?", kConfirmForm));
  if (!answer) co_return answer.error();
  const bool yes = mcp::Member(mcp::Member(*answer, "content"), "confirm") == "true";
  co_return ToolResult::Text((yes ? "Deleted " : "Kept ") + file + ".");
}

Task<Result<ToolResult>> AskTwo(World&, ServedCall& call) {
  call.ContinueAsTask();
  std::vector<mcp::Question> questions = {Elicit("name", "What is your name?", kNameForm),
                                          Elicit("confirm", "Go on?", kConfirmForm)};
  const Result<mcp::Answers> answers = co_await call.AskAll(std::move(questions));
  if (!answers) co_return answers.error();
  co_return ToolResult::Text("Both were answered.");
}

// Asks while the request lasts, and goes on as a task.
Task<Result<ToolResult>> AskThenContinue(World& world, ServedCall& call) {
  const Result<std::string> answer =
      co_await call.Ask(Elicit("user_name", "What is your name?", kNameForm));
  if (!answer) co_return answer.error();
  call.ContinueAsTask();
  const bool slept = co_await Pause(world, call, 100);
  if (!slept) co_return Cancelled();
  co_return ToolResult::Text(
      "Done for " + mcp::DecodeString(mcp::Member(mcp::Member(*answer, "content"), "name")) + ".");
}

using Function = Task<Result<ToolResult>> (*)(World&, ServedCall&);

Tool Make(World& world, std::string name, std::string description, Tool::AsTask as_task,
          Function function) {
  Tool tool = MakeTool(std::move(name), std::move(description));
  tool.as_task = as_task;
  tool.run = [&world, function](ServedCall& call) { return function(world, call); };
  return tool;
}

}  // namespace

std::vector<Tool> TaskTools(World& world) {
  using enum Tool::AsTask;
  std::vector<Tool> tools = {
      Make(world, "slow_compute", "Takes some seconds.", kOptional, Compute),
      Make(world, "failing_job", "Fails after a second.", kRequired, FailLater),
      Make(world, "protocol_error_job", "Breaks down.", kRequired, BreakLater),
      Make(world, "confirm_delete", "Asks before it deletes.", kRequired, ConfirmDelete),
      Make(world, "multi_input", "Asks two things at once.", kRequired, AskTwo),
      Make(world, "test_tool_with_task", "Asks first, then takes its time.", kRequired,
           AskThenContinue)};
  tools[0].input_schema =
      R"({"type":"object","properties":{"seconds":{"type":"number"},"label":{"type":"string"}}})";
  tools[3].input_schema = SchemaOf("filename", "string");
  return tools;
}

}  // namespace conformance
