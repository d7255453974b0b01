#include "mcp/tools.h"

#include <nlohmann/json.hpp>

#include "mcp/error.h"
#include "mcp/message.h"
#include "mcp/raw_json.h"
#include "mcp/revision.h"

namespace mcp {
namespace {

// Appends `,"key":raw` when there is something to say.
void AppendMember(std::string& out, std::string_view key, std::string_view raw) {
  if (raw.empty()) return;
  out += ",\"";
  out += key;
  out += "\":";
  out += raw;
}

std::string QuoteUnlessEmpty(std::string_view text) {
  return text.empty() ? std::string() : Quote(text);
}

void AppendFreshness(std::string& out, const ToolServerOptions& options) {
  AppendMember(out, "resultType", "\"complete\"");
  AppendMember(out, "ttlMs", std::to_string(options.ttl_ms));
  AppendMember(out, "cacheScope", options.same_for_all ? "\"public\"" : "\"private\"");
}

std::string ServerInfo(const ToolServerOptions& options) {
  std::string out = "{\"name\":" + Quote(options.name);
  AppendMember(out, "title", QuoteUnlessEmpty(options.title));
  AppendMember(out, "version", Quote(options.version));
  return out + "}";
}

std::string Describe(const Tool& tool, const Call& call) {
  std::string out = "{\"name\":" + Quote(tool.name);
  AppendMember(out, "title", QuoteUnlessEmpty(tool.title));
  AppendMember(out, "description", Quote(tool.describe ? tool.describe(call) : tool.description));
  AppendMember(out, "inputSchema", tool.input_schema);
  AppendMember(out, "outputSchema", tool.output_schema);
  AppendMember(out, "annotations", tool.annotations);
  return out + "}";
}

std::string ResultJson(const ToolResult& result) {
  if (!result.raw_result_json.empty()) return result.raw_result_json;
  const bool has_text = !result.text.empty() || result.structured_json.empty();
  std::string out = R"({"content":[{"type":"text","text":)";
  out += Quote(has_text ? result.text : result.structured_json);
  out += "}]";
  AppendMember(out, "structuredContent", result.structured_json);
  if (result.is_error) AppendMember(out, "isError", "true");
  AppendMember(out, "resultType", "\"complete\"");
  return out + "}";
}

Response Refusal(const Call& call, int code, std::string sentence) {
  CallError error;
  error.code = code;
  error.message = std::move(sentence);
  return Response::Message(ErrorMessage(call.id(), error, {}));
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

ToolResult ToolResult::Error(std::string sentence) {
  ToolResult result = Text(std::move(sentence));
  result.is_error = true;
  return result;
}

std::string_view ToolCall::raw_arguments() const {
  const Span arguments = call_.envelope.arguments;
  return arguments.empty() ? std::string_view("{}") : arguments.of(call_.bytes);
}

nlohmann::json ToolCall::arguments() const {
  auto tree = nlohmann::json::parse(raw_arguments(), nullptr, /*allow_exceptions=*/false);
  return tree.is_object() ? tree : nlohmann::json::object();
}

base::Task<base::Result<void>> ToolCall::Progress(double progress, double total,
                                                  std::string_view message) {
  const Span token = call_.envelope.progress_token;
  if (token.empty()) co_return base::Result<void>();
  std::string out =
      R"({"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":)";
  out += token.of(call_.bytes);
  AppendMember(out, "progress", nlohmann::json(progress).dump());
  if (total > 0) AppendMember(out, "total", nlohmann::json(total).dump());
  if (!message.empty()) AppendMember(out, "message", Quote(message));
  out += "}}";
  co_return co_await call_.client.Notify(out);
}

ToolServer::ToolServer(ToolServerOptions options, std::vector<Tool> tools)
    : options_(std::move(options)), tools_(std::move(tools)) {}

Response ToolServer::Result(const Call& call, std::string_view result) const {
  std::string out;
  out.reserve(result.size() + call.id().size() + 40);
  out += R"({"jsonrpc":"2.0","id":)";
  out += call.id();
  out += ",\"result\":";
  out += result;
  out += '}';
  return Response::Message(std::move(out));
}

std::string ToolServer::Discover() const {
  std::string versions = "[";
  for (const Revision revision : SupportedRevisions()) {
    if (versions.size() > 1) versions += ',';
    versions += Quote(ToString(revision));
  }
  std::string out = "{\"supportedVersions\":" + versions + "]";
  AppendMember(out, "capabilities", R"({"tools":{}})");
  AppendMember(out, "instructions", QuoteUnlessEmpty(options_.instructions));
  AppendFreshness(out, options_);
  AppendMember(out, "_meta",
               R"({"io.modelcontextprotocol/serverInfo":)" + ServerInfo(options_) + "}");
  return out + "}";
}

std::string ToolServer::ListTools(const Call& call) const {
  std::string out = "[";
  for (const Tool& tool : tools_) {
    if (tool.unlisted) continue;
    if (out.size() > 1) out += ',';
    out += Describe(tool, call);
  }
  return out + "]";
}

base::Task<Response> ToolServer::CallTool(Call& call) {
  const Span arguments = call.envelope.arguments;
  if (!arguments.empty() && !IsObject(arguments.of(call.bytes))) {
    co_return Refusal(call, kInvalidParams, "'arguments' must be an object.");
  }
  for (const Tool& tool : tools_) {
    if (tool.name != call.item) continue;
    ToolCall tool_call(call);
    const base::Result<ToolResult> result = co_await tool.run(tool_call);
    if (result) co_return Result(call, ResultJson(*result));
    if (result.error().code == base::Code::kCancelled) co_return Response::Gone();
    const CallError error = ToCallError(result.error());
    co_return Response::Message(ErrorMessage(call.id(), error, call.record.request_id));
  }
  co_return Refusal(call, kInvalidParams, "Unknown tool: " + std::string(call.item));
}

base::Task<Response> ToolServer::Handle(Call& call) {
  if (!call.is_request()) co_return Response::Accepted();
  if (call.method == "tools/call") co_return co_await CallTool(call);
  if (call.method == "tools/list") {
    std::string out = "{\"tools\":" + ListTools(call);
    AppendFreshness(out, options_);
    co_return Result(call, out + "}");
  }
  if (call.method == "server/discover") co_return Result(call, Discover());
  if (call.method == "ping" && !IsModern(call.revision)) co_return Result(call, "{}");
  co_return Refusal(call, kMethodNotFound, "Method not found: " + std::string(call.method));
}

}  // namespace mcp
