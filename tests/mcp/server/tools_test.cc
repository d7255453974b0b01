#include "mcp/server/tool_server.h"

#include <nlohmann/json.hpp>

#include "tests/mcp/endpoint_fixture.h"

namespace mcp {
namespace {

using support::FakeExchange;

base::Task<base::Result<ToolResult>> Add(ServedCall& call) {
  const nlohmann::json arguments = call.arguments();
  if (!arguments.contains("a")) co_return ToolResult::Error("'a' is missing.");
  co_await call.Progress(1, 2, "half");
  co_return ToolResult::Structured("{\"sum\":" + std::to_string(arguments["a"].get<int>() + 1) +
                                   "}");
}

base::Task<base::Result<ToolResult>> Fail(ServedCall&) {
  co_return base::Fail(base::Code::kUnavailable, "the index is not there");
}

class ToolServerTest : public EndpointTest {
 protected:
  static ToolServer MakeServer() {
    ServerOptions server_options;
    server_options.name = "demo";
    server_options.instructions = "Add.";
    server_options.freshness.same_for_all = true;
    Tool add;
    add.name = "add";
    add.description = "Adds \"one\".";
    add.output_schema = R"({"type":"object"})";
    add.annotations = R"({"readOnlyHint":true})";
    add.run = Add;
    Tool old = add;
    old.name = "old_add";
    old.unlisted = true;
    Tool failing;
    failing.name = "fail";
    failing.describe = [](const Call& call) { return "for " + call.principal.id; };
    failing.run = Fail;
    std::vector<Tool> tools;
    tools.push_back(std::move(add));
    tools.push_back(std::move(old));
    tools.push_back(std::move(failing));
    return ToolServer(std::move(server_options), std::move(tools));
  }
  // The whole answer to a modern request.
  std::string Ask(std::string_view method, std::string_view params = {},
                  std::string_view name = {}) {
    const std::string body = R"({"jsonrpc":"2.0","id":1,"method":")" + std::string(method) +
                             R"(","params":{)" + std::string(params) + Meta() + "}}";
    FakeExchange exchange = ModernPost(body, method, name);
    Serve(exchange, server);
    return exchange.text;
  }
  ToolServer server = MakeServer();
};

TEST_F(ToolServerTest, DescribesItself) {
  EXPECT_EQ(
      Ask("server/discover"),
      R"({"jsonrpc":"2.0","id":1,"result":{"supportedVersions":["2026-07-28","2025-11-25","2025-06-18","2025-03-26"],)"
      R"("capabilities":{"tools":{}},"instructions":"Add.","resultType":"complete","ttlMs":60000,"cacheScope":"public",)"
      R"("_meta":{"io.modelcontextprotocol/serverInfo":{"name":"demo","version":"0.1.0"}}}})");
}

TEST_F(ToolServerTest, ListsItsTools) {
  EXPECT_EQ(
      Ask("tools/list"),
      R"({"jsonrpc":"2.0","id":1,"result":{"tools":[{"name":"add","description":"Adds \"one\".",)"
      R"("inputSchema":{"type":"object"},"outputSchema":{"type":"object"},"annotations":{"readOnlyHint":true}},)"
      R"({"name":"fail","description":"for anonymous","inputSchema":{"type":"object"}}],)"
      R"("resultType":"complete","ttlMs":60000,"cacheScope":"public"}})");
}

TEST_F(ToolServerTest, CallsATool) {
  EXPECT_EQ(Ask("tools/call", R"("name":"add","arguments":{"a":2},)", "add"),
            R"({"jsonrpc":"2.0","id":1,"result":{"content":[{"type":"text","text":"{\"sum\":3}"}],)"
            R"("structuredContent":{"sum":3},"resultType":"complete"}})");
}

TEST_F(ToolServerTest, AnswersAnAcceptedOldName) {
  EXPECT_NE(
      Ask("tools/call", R"("name":"old_add","arguments":{"a":2},)", "old_add").find("\"sum\":3"),
      std::string::npos);
}

TEST_F(ToolServerTest, AToolsOwnErrorIsAResult) {
  EXPECT_EQ(
      Ask("tools/call", R"("name":"add",)", "add"),
      R"({"jsonrpc":"2.0","id":1,"result":{"content":[{"type":"text","text":"'a' is missing."}],)"
      R"("isError":true,"resultType":"complete"}})");
  EXPECT_EQ(record.outcome, Outcome::kToolError);
}

TEST_F(ToolServerTest, AnErrorBecomesAJsonRpcError) {
  const std::string answer = Ask("tools/call", R"("name":"fail",)", "fail");
  EXPECT_EQ(Member(Member(answer, "error"), "code"), "-31502");
}

TEST_F(ToolServerTest, AnUnknownToolIsAnInvalidParam) {
  const std::string answer = Ask("tools/call", R"("name":"nope",)", "nope");
  EXPECT_EQ(Member(Member(answer, "error"), "code"), "-32602");
}

TEST_F(ToolServerTest, AnUnknownMethodIsNotFound) {
  EXPECT_EQ(Member(Member(Ask("prompts/list"), "error"), "code"), "-32601");
}

TEST_F(ToolServerTest, ReportsProgressOnlyWhereItIsWanted) {
  std::string body = ModernCall();
  body.replace(body.find("\"name\""), 0, R"("arguments":{"a":2},)");
  body.insert(body.find("\"_meta\":{") + 9, R"("progressToken":"t",)");
  FakeExchange exchange = ModernPost(body, "tools/call", "add");
  Serve(exchange, server);
  EXPECT_TRUE(exchange.text.starts_with(
      R"(event: message
data: {"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":"t","progress":1.0,"total":2.0,"message":"half"}})"))
      << exchange.text;
}

}  // namespace
}  // namespace mcp
