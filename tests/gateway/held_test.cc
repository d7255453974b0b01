// What changed at a server and waits for a review: listed as it was, not called.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/gateway/gateway_fixture.h"

namespace gateway {
namespace {

using support::GatewayFixture;
using support::HttpAnswer;
using testing::HasSubstr;

constexpr const char* kHeldTools =
    R"(server: 'local/pay' info { protocol_revisions: '2026-07-28' capabilities_json: '{"tools":{}}' }
       definitions { kind: TOOL name: 'a' json: '{"name":"a"}' }
       definitions { kind: TOOL name: 'b' json: '{"name":"b"}' }
       held { kind: TOOL name: 'b' state: HELD }
       held { kind: TOOL name: 'c' state: HELD }
       held { kind: TOOL name: 'd' state: REJECTED })";

class HeldTest : public testing::Test {
 protected:
  void Serve(const std::string& more) {
    gateway_.PutServer("pay", "approval: APPROVED " + more);
    gateway_.PutDefinitions(kHeldTools);
    gateway_.Publish();
  }
  std::string Call(const std::string& tool) { return gateway_.CallTool("/pay/mcp", tool).body; }

  GatewayFixture gateway_;
};

TEST_F(HeldTest, AChangedToolIsNotCalledAndTheErrorNamesTheReview) {
  Serve("on_definition_change: HOLD");
  const HttpAnswer answer = gateway_.CallTool("/pay/mcp", "b");
  EXPECT_EQ(answer.status, 200);
  EXPECT_THAT(answer.body, HasSubstr(R"("id":41,"error":{"code":-31409)"));
  EXPECT_THAT(answer.body, HasSubstr("'b' of server 'local/pay' has changed"));
  EXPECT_THAT(answer.body, HasSubstr("portolan diff local/pay"));
  EXPECT_THAT(answer.body, HasSubstr(R"("reason":"DefinitionHeld")"));
  EXPECT_EQ(gateway_.LastRecord().reason, "DefinitionHeld");
  EXPECT_THAT(Call("c"), HasSubstr("is new and waits"));
  EXPECT_THAT(Call("d"), HasSubstr("DefinitionRejected"));
  EXPECT_EQ(gateway_.server_calls, 0);
}

TEST_F(HeldTest, WhatDidNotChangeIsCalled) {
  Serve("on_definition_change: HOLD");
  EXPECT_THAT(Call("a"), HasSubstr(R"("result")"));
}

TEST_F(HeldTest, WhereChangesAreHeldAToolThatNobodyListedIsNotForwarded) {
  Serve("on_definition_change: HOLD");
  EXPECT_THAT(Call("guessed"), HasSubstr(R"("code":-32602)"));
  EXPECT_EQ(gateway_.server_calls, 0);
  Serve("on_definition_change: WARN");
  EXPECT_THAT(Call("guessed"), HasSubstr(R"("result")"));
}

TEST_F(HeldTest, ARejectedToolIsRefusedUnderAnySetting) {
  Serve("on_definition_change: ACCEPT");
  EXPECT_THAT(Call("d"), HasSubstr("-31409"));
}

TEST_F(HeldTest, AHeldCallIsChargedNowhere) {
  Serve("on_definition_change: HOLD");
  gateway_.Put("PolicySet",
               "name: 'limits' policy_set { attach { server: 'local/pay' } rules { id: 'one' "
               "rate_limit { calls: 1 per_s: 60 } } }");
  gateway_.Publish();
  EXPECT_THAT(Call("b"), HasSubstr("-31409"));
  EXPECT_THAT(Call("b"), HasSubstr("-31409"));
  EXPECT_THAT(Call("a"), HasSubstr(R"("result")"));
}

}  // namespace
}  // namespace gateway
