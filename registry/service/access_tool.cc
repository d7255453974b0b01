#include "registry/service/access_tool.h"

#include <nlohmann/json.hpp>
#include <string>

#include "registry/service/tool_arguments.h"

namespace registry {
namespace {

using mcp::ToolResult;

constexpr char kSchema[] =
    R"({"type":"object","properties":{)"
    R"("id":{"type":"string","description":"The server's name or base path, or a tool's id"},)"
    R"("reason":{"type":"string","description":"What for, in a sentence; the approver reads it"}},)"
    R"("required":["id","reason"],"additionalProperties":false})";

base::Task<base::Result<ToolResult>> Ask(Catalog& catalog, WorkerPool& pool, base::Loop& loop,
                                         mcp::ServedCall& served) {
  ToolArguments arguments(served.arguments());
  v1::RequestAccessRequest request;
  request.set_server(arguments.RequiredText("id"));
  request.set_reason(arguments.RequiredText("reason"));
  if (auto problem = arguments.Problem()) co_return ToolResult::Error(*problem);
  const mcp::Call& call = served.call();
  const auto ask = [&] {
    const Writer writer{call.principal, call.record.peer_address, "mcp", request.reason()};
    return catalog.RequestAccess(writer, request);
  };
  OnPool asking(pool, loop, ask);
  const base::Result<std::string> name = co_await asking;
  if (name.has_error()) co_return ToolResult::Error(name.error().message);
  const nlohmann::json answer = {
      {"request", *name},
      {"says",
       "If there is such a server, an approver of its namespace decides. It is found and "
       "can be called as soon as it is granted."}};
  co_return ToolResult::Structured(answer.dump());
}

}  // namespace

mcp::Tool RequestAccessTool(Catalog& catalog, WorkerPool& pool, base::Loop& loop) {
  mcp::Tool tool;
  tool.name = "request_access";
  tool.title = "Ask for access";
  tool.description =
      "Asks an approver for a server or tool that you know of but cannot find or call. Say what it "
      "is for. Asking twice for the same is one request.";
  tool.input_schema = kSchema;
  tool.annotations = R"({"readOnlyHint":false,"idempotentHint":true,"openWorldHint":false})";
  tool.run = [&catalog, &pool, &loop](mcp::ServedCall& call) {
    return Ask(catalog, pool, loop, call);
  };
  return tool;
}

}  // namespace registry
