#include "mcp/server/tools.h"

#include <algorithm>
#include <cassert>

#include "mcp/error.h"
#include "mcp/message.h"
#include "mcp/raw_json.h"
#include "mcp/revision.h"
#include "mcp/server/content.h"
#include "mcp/server/subscriptions.h"
#include "mcp/server/tasks.h"

namespace mcp {
namespace {

std::string Describe(const Tool& tool, const Call& call) {
  ObjectWriter out;
  out.Text("name", tool.name).TextUnlessEmpty("title", tool.title);
  out.Text("description", tool.describe ? tool.describe(call) : tool.description);
  out.Raw("inputSchema", tool.input_schema).Raw("outputSchema", tool.output_schema);
  out.Raw("annotations", tool.annotations);
  return std::move(out).Take();
}

std::string ResultJson(const ToolResult& result, const ServedCall& call) {
  std::string content;
  for (const std::string& block : result.content) content += (content.empty() ? "" : ",") + block;
  if (content.empty()) {
    const bool has_text = !result.text.empty() || result.structured_json.empty();
    content = TextContent(has_text ? result.text : result.structured_json);
  }
  ObjectWriter out;
  out.Raw("content", "[" + content + "]").Raw("structuredContent", result.structured_json);
  if (result.is_error) out.Raw("isError", "true");
  Complete(out, call);
  return std::move(out).Take();
}

base::Task<Reply> Run(const Tool& tool, ServedCall& call) {
  const base::Result<ToolResult> result = co_await tool.run(call);
  if (!result) co_return call.Failure(result.error());
  co_return ResultJson(*result, call);
}

}  // namespace

ToolResult ToolResult::Text(std::string text) {
  ToolResult result;
  result.text = std::move(text);
  return result;
}

ToolResult ToolResult::Structured(std::string structured_json) {
  ToolResult result;
  result.structured_json = std::move(structured_json);
  return result;
}

ToolResult ToolResult::Content(std::vector<std::string> content) {
  ToolResult result;
  result.content = std::move(content);
  return result;
}

ToolResult ToolResult::Error(std::string sentence) {
  ToolResult result = Text(std::move(sentence));
  result.is_error = true;
  return result;
}

Tools::Tools(std::vector<Tool> tools, ListFreshness freshness, ToolLinks links)
    : freshness_(freshness), links_(links) {
  for (Tool& tool : tools) Insert(std::move(tool));
}

void Tools::Insert(Tool tool) {
  base::Result<ParamHeaders> headers = ReadParamHeaders(tool.input_schema);
  assert(headers);
  tools_.push_back(std::make_shared<const Listed>(Listed{std::move(tool), std::move(*headers)}));
}

void Tools::Add(Tool tool) {
  Insert(std::move(tool));
  if (links_.subscriptions) links_.subscriptions->AnnounceTools();
}

bool Tools::Remove(std::string_view name) {
  const auto removed = std::erase_if(tools_, [&](const auto& l) { return l->tool.name == name; });
  if (removed && links_.subscriptions) links_.subscriptions->AnnounceTools();
  return removed > 0;
}

void Tools::Declare(ObjectWriter& capabilities) const {
  capabilities.Raw("tools", links_.subscriptions ? R"({"listChanged":true})" : "{}");
}

bool Tools::Serves(std::string_view method) const {
  return method == "tools/list" || method == "tools/call";
}

std::string Tools::List(const Call& call) const {
  std::string out = "[";
  for (const auto& listed : tools_) {
    if (listed->tool.unlisted) continue;
    if (out.size() > 1) out += ',';
    out += Describe(listed->tool, call);
  }
  return out + "]";
}

base::Task<Reply> Tools::Serve(ServedCall& call) {
  if (call.call().method == "tools/call") co_return co_await CallTool(call);
  ObjectWriter out;
  out.Raw("tools", List(call.call()));
  Complete(out, call, freshness_);
  co_return std::move(out).Take();
}

base::Task<Reply> Tools::CallTool(ServedCall& served) {
  const Call& call = served.call();
  if (!IsObject(served.raw_arguments())) co_return InvalidParams("'arguments' must be an object.");
  const auto found = std::find_if(tools_.begin(), tools_.end(),
                                  [&](const auto& l) { return l->tool.name == call.item; });
  if (found == tools_.end()) co_return InvalidParams("Unknown tool: " + std::string(call.item));
  const std::shared_ptr<const Listed> listed = *found;
  if (call.fields && IsModern(call.revision)) {
    const std::optional<CallError> wrong =
        CheckParamHeaders(listed->headers, *call.fields, served.raw_arguments());
    if (wrong) co_return *wrong;
  }
  const Tool& tool = listed->tool;
  const bool may_be_task =
      links_.tasks && IsModern(call.revision) && served.DeclaredExtension(Tasks::kExtension);
  if (tool.as_task != Tool::AsTask::kNever && may_be_task) {
    const auto run = [listed](ServedCall& task) { return Run(listed->tool, task); };
    co_return co_await links_.tasks->Start(served, run);
  }
  if (tool.as_task == Tool::AsTask::kRequired) co_return Tasks::Missing();
  co_return co_await Run(tool, served);
}

}  // namespace mcp
