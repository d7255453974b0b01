// Rules that answer instead of the server.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/gateway/gateway_fixture.h"

namespace gateway {
namespace {

using support::GatewayFixture;
using support::HttpAnswer;
using support::ModernRequest;
using testing::HasSubstr;

class MockTest : public testing::Test {
 protected:
  MockTest() { gateway_.PutServer("weather"); }
  void Rules(const std::string& rules, const std::string& more = "") {
    gateway_.Put("PolicySet", "name: 'stub' policy_set { attach { server: 'local/weather' } " +
                                  more + rules + " }");
    gateway_.Publish();
  }

  GatewayFixture gateway_;
};

constexpr const char* kSunny =
    R"(rules { id: 'stub' select { tools: 'forecast' } mock { result_json: '{"content":[{"type":"text","text":"sunny"}]}' } })";

TEST_F(MockTest, AMockAnswersAndTheServerIsAskedNothing) {
  Rules(kSunny);
  const HttpAnswer answer = gateway_.CallTool("/weather/mcp", "forecast");
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(
      answer.body,
      R"({"jsonrpc":"2.0","id":41,"result":{"resultType":"complete","content":[{"type":"text","text":"sunny"}]}})");
  EXPECT_EQ(gateway_.server_calls, 0);
  const mcp::Record record = gateway_.LastRecord();
  EXPECT_TRUE(record.mocked);
  EXPECT_EQ(record.rule, "server/stub#stub");
  EXPECT_EQ(record.outcome, mcp::Outcome::kOk);
  EXPECT_THAT(gateway_.CallTool("/weather/mcp", "alerts").body, HasSubstr("hello"));
  EXPECT_FALSE(gateway_.LastRecord().mocked);
}

TEST_F(MockTest, OlderCallersGetTheResultAsItIsWritten) {
  Rules(kSunny);
  const HttpAnswer hello = gateway_.Post(
      "/weather/mcp",
      R"({"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-06-18","capabilities":{},"clientInfo":{"name":"old","version":"1"}}})");
  const std::string session = hello.Field("Mcp-Session-Id");
  ASSERT_FALSE(session.empty()) << hello.body;
  const HttpAnswer answer = gateway_.Post(
      "/weather/mcp",
      R"({"jsonrpc":"2.0","id":"a","method":"tools/call","params":{"name":"forecast"}})",
      "Mcp-Session-Id: " + session + "\r\nMCP-Protocol-Version: 2025-06-18\r\n");
  EXPECT_EQ(answer.body,
            R"({"jsonrpc":"2.0","id":"a","result":{"content":[{"type":"text","text":"sunny"}]}})");
}

TEST_F(MockTest, AMockOfAResourceSaysHowLongItIsGood) {
  Rules(
      R"(rules { id: 'r' select { resources: 'file:///*' } mock { result_json: '{ "contents": [] }' } })");
  const HttpAnswer answer = gateway_.Post(
      "/weather/mcp", ModernRequest("41", "resources/read", R"("uri":"file:///a")"),
      "MCP-Protocol-Version: 2026-07-28\r\nMcp-Method: resources/read\r\nMcp-Name: file:///a\r\n");
  EXPECT_EQ(
      answer.body,
      R"({"jsonrpc":"2.0","id":41,"result":{"resultType":"complete","ttlMs":0,"cacheScope":"private", "contents": [] }})");
}

TEST_F(MockTest, TheNarrowestMockAnswersAndOneThatObservesOnlyTells) {
  gateway_.Put(
      "PolicySet",
      R"(name: 'wide' policy_set { attach { global: true } rules { id: 'w' select { tools: '*' } mock { result_json: '{"content":[]}' } } })");
  Rules(kSunny, "mode: OBSERVE ");
  EXPECT_THAT(gateway_.CallTool("/weather/mcp", "forecast").body, HasSubstr(R"("content":[])"));
  EXPECT_TRUE(gateway_.LastRecord().observed_only);
  Rules(kSunny);
  EXPECT_THAT(gateway_.CallTool("/weather/mcp", "forecast").body, HasSubstr("sunny"));
}

TEST_F(MockTest, AMockCountsForRatesAndWhatIsRefusedIsNotMocked) {
  Rules(std::string(kSunny) + " rules { id: 'one' rate_limit { calls: 1 per_s: 60 } }");
  EXPECT_THAT(gateway_.CallTool("/weather/mcp", "forecast").body, HasSubstr("sunny"));
  EXPECT_THAT(gateway_.CallTool("/weather/mcp", "forecast").body, HasSubstr("-31429"));
  EXPECT_FALSE(gateway_.LastRecord().mocked);
}

TEST_F(MockTest, ListsAndLifecycleAreNeverMocked) {
  Rules(R"(rules { id: 'all' select { methods: '*' } mock { result_json: '{"content":[]}' } })");
  const std::string pong =
      gateway_
          .Post("/weather/mcp", ModernRequest("41", "tools/list", ""),
                "MCP-Protocol-Version: 2026-07-28\r\nMcp-Method: tools/list\r\n")
          .body;
  EXPECT_THAT(pong, HasSubstr("hello"));
}

}  // namespace
}  // namespace gateway
