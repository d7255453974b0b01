// Tools is the Feature that lists and calls tools, each a function.
//
// Tools may be added and removed while callers are served; with Subscriptions, listeners hear of
// it. One thread.
#pragma once

#include <functional>
#include <list>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/task.h"
#include "mcp/call.h"
#include "mcp/param_headers.h"
#include "mcp/server/feature.h"
#include "mcp/server/served_call.h"

namespace mcp {

class Subscriptions;
class Tasks;

// What a tool answers.
struct ToolResult {
  std::string text;
  // A raw JSON value for structuredContent; when `text` is empty it is also shown as the text.
  std::string structured_json;
  // Content blocks (content.h) instead of `text`.
  std::vector<std::string> content;
  bool is_error = false;

  static ToolResult Text(std::string text);
  static ToolResult Structured(std::string structured_json);
  static ToolResult Content(std::vector<std::string> content);
  // The model reads the sentence and may try again.
  static ToolResult Error(std::string sentence);
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
  std::function<base::Task<base::Result<ToolResult>>(ServedCall& call)> run;
  // Answered, but not listed: an accepted old name.
  bool unlisted = false;
  // When set, makes the description for this caller.
  std::function<std::string(const Call& call)> describe;
  // May it run on when its caller leaves (ServedCall::ContinueAsTask)? kRequired: callers that know
  // no tasks cannot call it.
  enum class AsTask { kNever, kOptional, kRequired };
  AsTask as_task = AsTask::kNever;
};

// What tools may lean on. Missing: nobody hears of changes, nothing runs as a task.
struct ToolLinks {
  Subscriptions* subscriptions = nullptr;
  Tasks* tasks = nullptr;
};

class Tools final : public Feature {
 public:
  // REQUIRES: names differ, schemas are valid JSON, their x-mcp-header annotations are valid.
  Tools(std::vector<Tool> tools, ListFreshness freshness, ToolLinks links = {});

  // REQUIRES: as above.
  void Add(Tool tool);
  // False when there is none of that name.
  bool Remove(std::string_view name);

  void Declare(ObjectWriter& capabilities) const override;
  bool Serves(std::string_view method) const override;
  base::Task<Reply> Serve(ServedCall& call) override;

  // The raw `tools` array as this caller sees it.
  std::string List(const Call& call) const;

 private:
  struct Listed {
    Tool tool;
    ParamHeaders headers;
  };
  void Insert(Tool tool);
  base::Task<Reply> CallTool(ServedCall& call);

  const ListFreshness freshness_;
  const ToolLinks links_;
  // Shared with the calls that run: a tool may remove itself.
  std::list<std::shared_ptr<const Listed>> tools_;
};

}  // namespace mcp
