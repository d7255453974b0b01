// Calls and results held against the schemas that tools are described with.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/read_until.hpp>
#include <boost/asio/write.hpp>
#include <mutex>

#include "base/doorbell.h"
#include "tests/gateway/gateway_fixture.h"

namespace gateway {
namespace {

using support::GatewayFixture;
using support::HttpAnswer;
using support::ModernRequest;
using testing::HasSubstr;
using testing::Not;

constexpr const char* kOffered =
    R"(server: 'local/pay'
       info { protocol_revisions: '2026-07-28' capabilities_json: '{"tools":{}}' }
       definitions { kind: TOOL name: 'refund' json: '{"name":"refund","inputSchema":{"type":"object","properties":{"amount":{"type":"number","maximum":500},"note":{"type":"string"}},"required":["amount"],"additionalProperties":false},"outputSchema":{"type":"object","properties":{"id":{"type":"string"}},"required":["id"]}}' }
       definitions { kind: TOOL name: 'broken' json: '{"name":"broken","inputSchema":{"$ref":"#/$defs/none"}}' }
       definitions { kind: TOOL name: 'free' json: '{"name":"free","inputSchema":{"type":"object"}}' })";

class GatewayValidateTest : public testing::Test {
 protected:
  GatewayValidateTest() {
    gateway_.PutServer("pay");
    gateway_.PutDefinitions(kOffered);
  }
  void Rules(const std::string& rules, const std::string& more = "") {
    gateway_.Put("PolicySet", "name: 'base' policy_set { attach { global: true } " + more +
                                  " rules { id: 'shape' " + rules + " } }");
    gateway_.Publish();
  }
  void Answer(const std::string& result) {
    gateway_.server = [result](mcp::Call& call, base::Loop&) -> base::Task<mcp::Response> {
      std::string body = R"({"jsonrpc":"2.0","id":)";
      body.append(call.id()).append(R"(,"result":)").append(result).append("}");
      co_return mcp::Response::Message(std::move(body));
    };
  }
  HttpAnswer Call(const std::string& tool, const std::string& arguments) {
    return gateway_.Post(
        "/pay/mcp",
        ModernRequest("41", "tools/call", R"("name":")" + tool + R"(","arguments":)" + arguments),
        "MCP-Protocol-Version: 2026-07-28\r\nMcp-Method: tools/call\r\nMcp-Name: " + tool + "\r\n");
  }
  // With the request's id taken out: it differs from call to call.
  static std::string WithoutId(std::string body) {
    const std::string key = R"("request_id":")";
    const auto at = body.find(key);
    if (at == body.npos) return body;
    const auto end = body.find('"', at + key.size());
    return body.replace(at + key.size(), end - at - key.size(), "ID");
  }

  GatewayFixture gateway_;
};

constexpr const char* kGood =
    R"({"resultType":"complete","content":[],"structuredContent":{"id":"r-1"}})";

TEST_F(GatewayValidateTest, ArgumentsThatDoNotFitAreAnsweredWithWhatToMend) {
  Rules("validate { arguments: PREVENT }");
  const HttpAnswer answer = Call("refund", R"({"amount":900,"extra":1})");
  EXPECT_EQ(answer.status, 200);
  EXPECT_THAT(answer.body, HasSubstr(R"("isError":true)"));
  EXPECT_THAT(answer.body, HasSubstr("/amount: "));
  EXPECT_THAT(answer.body, HasSubstr(R"("pointer":"/extra")"));
  EXPECT_THAT(answer.body, Not(HasSubstr("structuredContent")));
  EXPECT_EQ(gateway_.server_calls, 0);
  EXPECT_EQ(gateway_.LastRecord().reason, "ArgumentsInvalid");
  EXPECT_EQ(gateway_.LastRecord().rule, "global/base#shape");
  EXPECT_EQ(gateway_.LastRecord().outcome, mcp::Outcome::kRefused);
  EXPECT_THAT(Call("refund", R"({"amount":5})").body, HasSubstr("hello"));
}

TEST_F(GatewayValidateTest, TheRefusalIsThisResultByteForByte) {
  Rules("validate { arguments: PREVENT }", "explain: true");
  EXPECT_EQ(
      WithoutId(Call("refund", R"({"amount":"5"})").body),
      R"({"jsonrpc":"2.0","id":41,"result":{"resultType":"complete","content":[{"type":"text","text":"The arguments do not fit the schema of tool 'refund'. Mend them and call again: /amount: must be a number, and is a string"}],"isError":true,"_meta":{"io.portolan.gateway/refusal":{"reason":"ArgumentsInvalid","violations":[{"pointer":"/amount","keyword":"type","message":"must be a number, and is a string"}],"rule":"shape","scope":"global/base","request_id":"ID"}}}})");
}

TEST_F(GatewayValidateTest, MissingArgumentsAreHeldAgainstTheSchemaAsNone) {
  Rules("validate { arguments: PREVENT }");
  const HttpAnswer answer =
      gateway_.Post("/pay/mcp", ModernRequest("41", "tools/call", R"("name":"refund")"),
                    "MCP-Protocol-Version: 2026-07-28\r\nMcp-Method: tools/call\r\nMcp-Name: "
                    "refund\r\n");
  EXPECT_THAT(answer.body, HasSubstr(R"("pointer":"/amount","keyword":"required")"));
}

TEST_F(GatewayValidateTest, WhatIsOnlyDetectedPassesAndIsRecorded) {
  Rules("validate { arguments: DETECT }");
  EXPECT_THAT(Call("refund", R"({"amount":"5"})").body, HasSubstr("hello"));
  EXPECT_TRUE(gateway_.LastRecord().observed_only);
  EXPECT_EQ(gateway_.LastRecord().reason, "ArgumentsInvalid");
  EXPECT_EQ(gateway_.LastRecord().message, "/amount: must be a number, and is a string");
}

TEST_F(GatewayValidateTest, ASetThatObservesPreventsNothing) {
  Rules("validate { arguments: PREVENT results: PREVENT max_request_bytes: 1 max_result_bytes: 1 }",
        "mode: OBSERVE");
  Answer(R"({"resultType":"complete","content":[],"structuredContent":{}})");
  EXPECT_THAT(Call("refund", R"({"amount":"5"})").body, HasSubstr(R"("structuredContent":{})"));
  EXPECT_TRUE(gateway_.LastRecord().observed_only);
}

TEST_F(GatewayValidateTest, WhatCannotBeCheckedIsRefusedWherePreventIsDemanded) {
  Rules("validate { arguments: PREVENT }");
  const std::string unknown = Call("none", "{}").body;
  EXPECT_THAT(unknown, HasSubstr(R"("code":-32602,"message":"Unknown tool: 'none'.")"));
  const std::string broken = Call("broken", "{}").body;
  EXPECT_THAT(broken, HasSubstr(R"("code":-31403)"));
  EXPECT_THAT(broken, HasSubstr(R"("reason":"SchemaUnusable")"));
  EXPECT_EQ(gateway_.server_calls, 0);
  Rules("validate { arguments: DETECT }");
  EXPECT_THAT(Call("none", "{}").body, HasSubstr("hello"));
  EXPECT_THAT(Call("broken", "{}").body, HasSubstr("hello"));
  EXPECT_EQ(gateway_.LastRecord().reason, "SchemaUnusable");
}

TEST_F(GatewayValidateTest, ResultsThatDoNotFitAreWithheld) {
  Rules("validate { results: PREVENT }");
  Answer(R"({"resultType":"complete","content":[],"structuredContent":{"id":7}})");
  const HttpAnswer answer = Call("refund", "{}");
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(
      WithoutId(answer.body),
      R"({"jsonrpc":"2.0","id":41,"result":{"resultType":"complete","content":[{"type":"text","text":"The result of tool 'refund' does not fit the schema that its server declares, so it is withheld: /id: must be a string, and is an integer"}],"isError":true,"_meta":{"io.portolan.gateway/refusal":{"reason":"ResultInvalid","violations":[{"pointer":"/id","keyword":"type","message":"must be a string, and is an integer"}],"request_id":"ID"}}}})");
  EXPECT_EQ(gateway_.LastRecord().reason, "ResultInvalid");
  Answer(R"({"resultType":"complete","content":[]})");
  EXPECT_THAT(Call("refund", "{}").body, HasSubstr("is missing"));
  Answer(kGood);
  EXPECT_THAT(Call("refund", "{}").body, HasSubstr(R"("structuredContent":{"id":"r-1"})"));
}

TEST_F(GatewayValidateTest, ErrorsOfToolsAndQuestionsAreNotHeldAgainstTheSchema) {
  Rules("validate { results: PREVENT }");
  Answer(R"({"resultType":"complete","content":[],"isError":true})");
  EXPECT_THAT(Call("refund", "{}").body, HasSubstr(R"("content":[],"isError":true)"));
  Answer(R"({"resultType":"input_required","inputRequests":{}})");
  EXPECT_THAT(Call("refund", "{}").body, HasSubstr("input_required"));
  Answer(R"({"resultType":"complete","content":[]})");
  EXPECT_THAT(Call("free", "{}").body, HasSubstr(R"("content":[])"));
}

TEST_F(GatewayValidateTest, AResultThatIsOnlyDetectedPassesAsItComes) {
  Rules("validate { results: DETECT }");
  Answer(R"({"resultType":"complete","content":[],"structuredContent":{"id":7}})");
  EXPECT_THAT(Call("refund", "{}").body, HasSubstr(R"("structuredContent":{"id":7})"));
  EXPECT_EQ(gateway_.LastRecord().reason, "ResultInvalid");
  EXPECT_TRUE(gateway_.LastRecord().observed_only);
}

TEST_F(GatewayValidateTest, WhatIsSaidBeforeTheAnswerIsNotHeldWithIt) {
  Rules("validate { results: PREVENT }");
  std::mutex mutex;
  base::Doorbell* bell = nullptr;
  gateway_.server = [&](mcp::Call& call, base::Loop& loop) -> base::Task<mcp::Response> {
    base::Doorbell heard(loop);
    {
      const std::lock_guard lock(mutex);
      bell = &heard;
    }
    (void)co_await call.client.Notify(
        R"({"jsonrpc":"2.0","method":"notifications/progress","params":{"progress":1}})");
    co_await heard.Wait(std::chrono::seconds(10), call.cancel);
    {
      const std::lock_guard lock(mutex);
      bell = nullptr;
    }
    std::string body = R"({"jsonrpc":"2.0","id":)";
    body.append(call.id()).append(R"(,"result":{"resultType":"complete","content":[]}})");
    co_return mcp::Response::Message(std::move(body));
  };
  boost::asio::io_context io;
  auto socket = gateway_.Connect(io);
  boost::asio::write(socket, boost::asio::buffer(gateway_.ToolCall("/pay/mcp", "refund")));
  std::string told;
  boost::asio::read_until(socket, boost::asio::dynamic_buffer(told), "notifications/progress");
  {
    const std::lock_guard lock(mutex);
    bell->Ring();
  }
  boost::asio::read_until(socket, boost::asio::dynamic_buffer(told), "ResultInvalid");
  EXPECT_THAT(told, HasSubstr(R"("isError":true)"));
}

TEST_F(GatewayValidateTest, ARequestThatIsTooLongIs413) {
  Rules("validate { max_request_bytes: 400 }");
  const HttpAnswer answer = Call("free", R"({"text":")" + std::string(400, 'x') + "\"}");
  EXPECT_EQ(answer.status, 413);
  EXPECT_EQ(
      WithoutId(answer.body),
      R"({"jsonrpc":"2.0","id":41,"error":{"code":-32600,"message":"The request is longer than the 400 bytes that a policy of this endpoint takes.","data":{"reason":"RequestTooLarge","limit":400,"request_id":"ID"}}})");
  EXPECT_EQ(gateway_.server_calls, 0);
  EXPECT_EQ(Call("free", "{}").status, 200);
}

TEST_F(GatewayValidateTest, AResultThatIsTooLongIsRefusedByItsCode) {
  Rules("validate { max_result_bytes: 300 }");
  Answer(R"({"resultType":"complete","content":[{"type":"text","text":")" + std::string(300, 'x') +
         "\"}]}");
  const HttpAnswer answer = Call("free", "{}");
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(
      WithoutId(answer.body),
      R"({"jsonrpc":"2.0","id":41,"error":{"code":-31413,"message":"The answer is longer than the 300 bytes that a policy of this endpoint lets pass. Ask for less.","data":{"reason":"ResultTooLarge","limit":300,"request_id":"ID"}}})");
  EXPECT_EQ(gateway_.LastRecord().rule, "global/base#shape");
  Answer(R"({"resultType":"complete","content":[]})");
  EXPECT_THAT(Call("free", "{}").body, HasSubstr(R"("content":[])"));
}

TEST_F(GatewayValidateTest, EachFieldIsOfTheNarrowestScopeThatSaysIt) {
  Rules("validate { arguments: PREVENT max_request_bytes: 400 }");
  gateway_.Put("PolicySet",
               "name: 'pay' policy_set { attach { server: 'local/pay' } rules { id: 'own' validate "
               "{ arguments: OFF } } }");
  gateway_.Publish();
  EXPECT_THAT(Call("refund", R"({"amount":"5"})").body, HasSubstr("hello"));
  EXPECT_EQ(Call("refund", R"({"note":")" + std::string(400, 'x') + "\"}").status, 413);
}

TEST_F(GatewayValidateTest, ArgumentsAreCheckedBeforeRulesReadThem) {
  Rules("validate { arguments: PREVENT }");
  gateway_.Put("PolicySet",
               "name: 'pay' policy_set { attach { server: 'local/pay' } rules { id: 'small' "
               "authorize { deny_if: 'args.amount > 100' } } rules { id: 'one' rate_limit { calls: "
               "1 per_s: 60 } } }");
  gateway_.Publish();
  EXPECT_THAT(Call("refund", R"({"amount":"5"})").body, HasSubstr("ArgumentsInvalid"));
  EXPECT_THAT(Call("refund", R"({"amount":200})").body, HasSubstr("-31403"));
  EXPECT_THAT(Call("refund", R"({"amount":5})").body, HasSubstr("hello"));
  EXPECT_THAT(Call("refund", R"({"amount":5})").body, HasSubstr("-31429"));
}

TEST_F(GatewayValidateTest, AChangedDefinitionIsHeldAgainstAtOnce) {
  Rules("validate { arguments: PREVENT }");
  EXPECT_THAT(Call("free", R"({"a":1})").body, HasSubstr("hello"));
  gateway_.PutDefinitions(
      R"(server: 'local/pay' info { protocol_revisions: '2026-07-28' capabilities_json: '{"tools":{}}' }
         definitions { kind: TOOL name: 'free' json: '{"name":"free","inputSchema":{"type":"object","maxProperties":0}}' })");
  gateway_.Publish();
  EXPECT_THAT(Call("free", R"({"a":1})").body, HasSubstr("ArgumentsInvalid"));
}

}  // namespace
}  // namespace gateway
