#include <nlohmann/json.hpp>

#include "tests/e2e/conformance/fixtures.h"

namespace conformance {

base::Task<bool> Pause(World& world, mcp::ServedCall& call, int milliseconds) {
  const std::chrono::milliseconds time(milliseconds);
  co_return co_await world.loop.timers.Sleep(time, call.call().cancel);
}

base::Error Cancelled() { return base::Fail(base::Code::kCancelled, "cancelled"); }

namespace {

using base::Result;
using base::Task;
using mcp::ServedCall;
using mcp::Tool;
using mcp::ToolResult;

Task<Result<ToolResult>> Progress(World& world, ServedCall& call) {
  for (const int percent : {0, 50, 100}) {
    if (percent > 0) {
      const bool slept = co_await Pause(world, call, 50);
      if (!slept) co_return Cancelled();
    }
    const Result<void> told = co_await call.Progress(percent, 100, "");
    if (!told) co_return told.error();
  }
  co_return ToolResult::Text("All of it was told.");
}

Task<Result<ToolResult>> Logs(World& world, ServedCall& call) {
  for (const std::string_view text : {R"("Tool execution started")", R"("Tool processing data")",
                                      R"("Tool execution completed")"}) {
    const Result<void> told = co_await call.Log(mcp::LogLevel::kInfo, text);
    if (!told) co_return told.error();
    const bool slept = co_await Pause(world, call, 50);
    if (!slept) co_return Cancelled();
  }
  co_return ToolResult::Text("Three messages were logged.");
}

// Closes its stream in mid-call; the client comes back for the rest (SEP-1699).
Task<Result<ToolResult>> Reconnect(World& world, ServedCall& call) {
  const Result<void> broken = co_await call.call().client.BreakOff();
  if (!broken && broken.error().code != base::Code::kUnimplemented) co_return broken.error();
  const bool slept = co_await Pause(world, call, 100);
  if (!slept) co_return Cancelled();
  co_return ToolResult::Text("The stream was closed before this answer.");
}

// Answers never: its caller must call it off.
Task<Result<ToolResult>> WaitForCancel(World& world, ServedCall& call) {
  const std::string key = TextArgument(call, "key");
  const Result<void> told = co_await call.Progress(0, 0, "waiting");
  if (!told) co_return told.error();
  const bool slept = co_await Pause(world, call, 600'000);
  if (slept) co_return ToolResult::Error("Nobody cancelled this call.");
  world.cancelled.insert(key);
  co_return Cancelled();
}

Task<Result<ToolResult>> WasCancelled(World& world, ServedCall& call) {
  const std::string key = TextArgument(call, "key");
  for (int tries = 0; tries < 200; ++tries) {
    if (world.cancelled.contains(key)) co_return ToolResult::Text("cancelled");
    const bool slept = co_await Pause(world, call, 50);
    if (!slept) co_return Cancelled();
  }
  co_return ToolResult::Error("The call was not cancelled within ten seconds.");
}

Task<Result<ToolResult>> ChangeTools(World& world, ServedCall&) {
  constexpr std::string_view kName = "test_dynamic_tool";
  if (world.tools->Remove(kName)) co_return ToolResult::Text("removed");
  Tool fresh = MakeTool(std::string(kName), "Is there, or is not.");
  fresh.run = [](ServedCall&) -> Task<Result<ToolResult>> { co_return ToolResult::Text("here"); };
  world.tools->Add(std::move(fresh));
  co_return ToolResult::Text("added");
}

Task<Result<ToolResult>> ChangePrompts(World& world, ServedCall&) {
  constexpr std::string_view kName = "test_dynamic_prompt";
  if (world.prompts->Remove(kName)) co_return ToolResult::Text("removed");
  mcp::Prompt fresh;
  fresh.name = kName;
  fresh.description = "Is there, or is not.";
  fresh.fill = [](ServedCall&) -> Task<Result<std::vector<mcp::PromptMessage>>> {
    co_return std::vector<mcp::PromptMessage>();
  };
  world.prompts->Add(std::move(fresh));
  co_return ToolResult::Text("added");
}

Task<Result<ToolResult>> TouchResource(World& world, ServedCall& call) {
  const std::string uri = TextArgument(call, "uri");
  world.subscriptions.AnnounceResource(uri);
  co_return ToolResult::Text("touched " + uri);
}

using Function = Task<Result<ToolResult>> (*)(World&, ServedCall&);

Tool Make(World& world, std::string name, std::string description, Function function) {
  Tool tool = MakeTool(std::move(name), std::move(description));
  tool.run = [&world, function](ServedCall& call) { return function(world, call); };
  return tool;
}

}  // namespace

std::vector<Tool> StreamTools(World& world) {
  std::vector<Tool> tools = {
      Make(world, "test_tool_with_progress", "Reports progress: 0, 50, 100.", Progress),
      Make(world, "test_tool_with_logging", "Logs three messages.", Logs),
      Make(world, "test_logging_tool", "Logs three messages, to who wants them.", Logs),
      Make(world, "test_reconnection", "Closes its stream before it answers.", Reconnect),
      Make(world, "test_wait_for_cancel", "Waits until it is cancelled.", WaitForCancel),
      Make(world, "test_was_cancelled", "Tells when the call with that key was cancelled.",
           WasCancelled),
      Make(world, "test_trigger_tool_change", "Adds a tool, or removes it again.", ChangeTools),
      Make(world, "test_trigger_prompt_change", "Adds a prompt, or removes it again.",
           ChangePrompts),
      Make(world, "test_touch_resource", "Says that a resource has changed.", TouchResource)};
  for (Tool& tool : tools) {
    if (tool.name == "test_touch_resource") tool.input_schema = SchemaOf("uri", "string");
    if (tool.name.ends_with("_for_cancel") || tool.name.ends_with("_was_cancelled"))
      tool.input_schema = SchemaOf("key", "string");
  }
  return tools;
}

}  // namespace conformance
