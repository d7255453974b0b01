// A ToolServer is an MCP server of our own: a list of tools, each a function. The discovery tools
// and portolan-demo are ToolServers.
//
// Answers server/discover, tools/list, tools/call and ping; knows nothing of HTTP, and is right in
// both eras (what a modern result needs is harmless to an older client). One thread, like every
// Handler.
#pragma once

#include <cstdint>
#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/task.h"
#include "mcp/handler.h"

namespace mcp {

// What a tool answers.
struct ToolResult {
  std::string text;
  // A raw JSON value for structuredContent; when `text` is empty it is also shown as the text.
  std::string structured_json;
  bool is_error = false;
  // Not empty: the whole result as a raw JSON object, instead of all the above (content of other
  // kinds, input_required).
  std::string raw_result_json;

  static ToolResult Text(std::string text);
  static ToolResult Structured(std::string structured_json);
  // The model reads the sentence and may try again.
  static ToolResult Error(std::string sentence);
};

// One tools/call on its way through a tool.
class ToolCall {
 public:
  explicit ToolCall(Call& call) : call_(call) {}

  Call& call() const { return call_; }
  // Raw JSON object; `{}` when the caller gave none.
  std::string_view raw_arguments() const;
  // The same as a tree. An object; the endpoint refused anything else.
  nlohmann::json arguments() const;
  // notifications/progress, when the caller asked for it with a progressToken; otherwise nothing
  // happens. `total` 0: unknown.
  base::Task<base::Result<void>> Progress(double progress, double total, std::string_view message);

 private:
  Call& call_;
};

struct Tool {
  std::string name;
  std::string title;
  std::string description;
  // Raw JSON objects; `output_schema` and `annotations` may be empty.
  std::string input_schema = R"({"type":"object"})";
  std::string output_schema;
  std::string annotations;
  // Called with the caller's call, may suspend. An Error it returns becomes a JSON-RPC error
  // (kInvalidArgument: -32602).
  std::function<base::Task<base::Result<ToolResult>>(ToolCall& call)> run;
  // Answered, but not listed: an accepted old name.
  bool unlisted = false;
  // When set, makes the description for this caller.
  std::function<std::string(const Call& call)> describe;
};

struct ToolServerOptions {
  std::string name;
  std::string title;
  std::string version = "0.1.0";
  std::string instructions;
  // Lists and discovery: how long they may be kept, and whether every caller gets the same.
  std::int64_t ttl_ms = 60'000;
  bool same_for_all = false;
};

class ToolServer final : public Handler {
 public:
  // REQUIRES: names differ, schemas are valid JSON.
  ToolServer(ToolServerOptions options, std::vector<Tool> tools);

  base::Task<Response> Handle(Call& call) override;

  // The raw `tools` array as this caller sees it.
  std::string ListTools(const Call& call) const;

 private:
  std::string Discover() const;
  base::Task<Response> CallTool(Call& call);
  // {"jsonrpc":"2.0","id":ID,"result":RESULT}
  Response Result(const Call& call, std::string_view result) const;

  // Constant after construction
  const ToolServerOptions options_;
  const std::vector<Tool> tools_;
};

}  // namespace mcp
