// Servers that are spared while they fail, over real sockets.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "gateway/state/breakers.h"
#include "tests/gateway/gateway_fixture.h"
#include "tests/gateway/real_server.h"
#include "tests/support/fake_clock.h"

namespace gateway {
namespace {

using std::chrono::seconds;
using support::GatewayFixture;
using support::HttpAnswer;
using support::ModernRequest;
using support::RealServer;
using testing::HasSubstr;
using Request = RealServer::Request;

class GatewayBreakerTest : public testing::Test {
 protected:
  void Rule(const std::string& upstream) {
    gateway_.Put("Server", support::ServerAt("echo", server_.url()));
    gateway_.Put(
        "PolicySet",
        "name: 'base' policy_set { attach { global: true } rules { id: 'spare' upstream { " +
            upstream + " } } }");
    gateway_.Publish();
  }
  HttpAnswer Call() { return gateway_.CallTool("/echo/mcp", "add"); }
  void CallTimes(int times) {
    for (int i = 0; i < times; ++i) Call();
  }

  support::FakeClock clock_;
  std::atomic<int> status_ = 503;  // 200: it answers
  std::string retry_after_;
  RealServer server_{[this](base::http::Exchange& exchange, const Request& request, int) {
    if (status_ == 200) return RealServer::AnswerResult(exchange, request);
    return RealServer::AnswerStatus(exchange, status_, retry_after_);
  }};
  GatewayFixture gateway_{{.real_servers = true, .rule_clock = &clock_}};
};

TEST_F(GatewayBreakerTest, TripsAfterFiveFailuresAndSaysWhenToRetry) {
  Rule("breaker { }");
  CallTimes(5);
  EXPECT_EQ(server_.calls(), 5);
  const HttpAnswer refused = Call();
  EXPECT_EQ(server_.calls(), 5);
  EXPECT_EQ(refused.status, 200);
  EXPECT_EQ(refused.Field("Retry-After"), "20");
  EXPECT_THAT(refused.body, HasSubstr(R"("code":-31503)"));
  EXPECT_THAT(refused.body, HasSubstr(R"("retry_after_s":20)"));
  const mcp::Record record = gateway_.LastRecord();
  EXPECT_EQ(record.rule, "global/base#spare");
  ASSERT_EQ(record.attempts.size(), 1u);
  EXPECT_TRUE(record.attempts[0].refused_by_breaker);
  EXPECT_EQ(record.server_time.count(), 0);
}

TEST_F(GatewayBreakerTest, FailuresOfAnEarlierWindowDoNotCount) {
  Rule("breaker { failures: 3 window_s: 10 }");
  CallTimes(2);
  clock_.Advance(seconds(11));
  CallTimes(2);
  EXPECT_EQ(server_.calls(), 4);
  Call();
  Call();
  EXPECT_EQ(server_.calls(), 5);
}

TEST_F(GatewayBreakerTest, AServerThatIsWellAgainIsAskedAgain) {
  Rule("breaker { failures: 2 open_s: 20 }");
  CallTimes(3);
  EXPECT_EQ(server_.calls(), 2);
  status_ = 200;
  clock_.Advance(seconds(20));
  EXPECT_THAT(Call().body, HasSubstr(R"("result")"));
  EXPECT_THAT(Call().body, HasSubstr(R"("result")"));
  // It takes two failures again.
  status_ = 503;
  CallTimes(1);
  status_ = 200;
  EXPECT_THAT(Call().body, HasSubstr(R"("result")"));
}

TEST_F(GatewayBreakerTest, OneThatStillFailsIsLeftAloneAgain) {
  Rule("breaker { failures: 2 open_s: 20 }");
  CallTimes(2);
  clock_.Advance(seconds(20));
  CallTimes(3);
  EXPECT_EQ(server_.calls(), 3);
}

TEST_F(GatewayBreakerTest, RetryAfterLengthensIt) {
  retry_after_ = "120";
  Rule("breaker { failures: 1 open_s: 20 }");
  Call();
  clock_.Advance(seconds(60));
  EXPECT_EQ(Call().Field("Retry-After"), "60");
  EXPECT_EQ(server_.calls(), 1);
}

TEST_F(GatewayBreakerTest, WhatTheServerRefusesOneCallerIsNoFailure) {
  status_ = 403;
  Rule("breaker { failures: 1 }");
  CallTimes(3);
  EXPECT_EQ(server_.calls(), 3);
}

TEST_F(GatewayBreakerTest, AChangedPolicyFindsTheOpenBreaker) {
  Rule("breaker { failures: 1 }");
  CallTimes(2);
  EXPECT_EQ(server_.calls(), 1);
  Rule("breaker { failures: 1 open_s: 30 } timeout { total_ms: 1000 }");
  Call();
  EXPECT_EQ(server_.calls(), 1);
}

TEST_F(GatewayBreakerTest, ListsAnswerWhileItIsOpen) {
  gateway_.PutDefinitions(
      R"(server: 'local/echo' info { protocol_revisions: '2026-07-28' capabilities_json: '{"tools":{}}' }
         definitions { kind: TOOL name: 'add' json: '{"name":"add","inputSchema":{"type":"object"}}' })");
  Rule("breaker { failures: 1 }");
  CallTimes(2);
  const HttpAnswer listed =
      gateway_.Post("/echo/mcp", ModernRequest("1", "tools/list", ""),
                    "MCP-Protocol-Version: 2026-07-28\r\nMcp-Method: tools/list\r\n");
  EXPECT_THAT(listed.body, HasSubstr(R"("name":"add")"));
  EXPECT_EQ(server_.calls(), 1);
}

TEST_F(GatewayBreakerTest, ARetryDoesNotAskAServerThatIsLeftAlone) {
  Rule("breaker { failures: 2 } retry { attempts: 5 backoff_ms: 0 force: true }");
  EXPECT_THAT(Call().body, HasSubstr("-31503"));
  EXPECT_EQ(server_.calls(), 2);
}

// ---- The breaker by itself

using state::Breaker;

Breaker::Settings Settings(int failures, int percent = 0) {
  Breaker::Settings settings;
  settings.failures = failures;
  settings.failure_percent = percent;
  return settings;
}

void Make(Breaker& breaker, const Breaker::Settings& settings, Breaker::End end, int times = 1) {
  for (int i = 0; i < times; ++i) {
    const Breaker::Pass pass = breaker.Admit(settings);
    ASSERT_TRUE(pass.admitted);
    breaker.Note(settings, pass, end, seconds(0));
  }
}

TEST(BreakerTest, OpensByShareOnceThereAreEnoughCalls) {
  support::FakeClock clock;
  Breaker breaker(clock);
  Breaker::Settings settings = Settings(0, 50);
  settings.min_calls = 10;
  Make(breaker, settings, Breaker::End::kFailed, 4);
  Make(breaker, settings, Breaker::End::kSucceeded, 5);
  EXPECT_FALSE(breaker.refuses(settings));
  Make(breaker, settings, Breaker::End::kFailed);
  EXPECT_TRUE(breaker.refuses(settings));
}

TEST(BreakerTest, AHalfOpenBreakerLetsSoManyCallsSeeAtATime) {
  support::FakeClock clock;
  Breaker breaker(clock);
  Breaker::Settings settings = Settings(1);
  settings.half_open_calls = 2;
  Make(breaker, settings, Breaker::End::kFailed);
  clock.Advance(settings.open);
  const Breaker::Pass first = breaker.Admit(settings), second = breaker.Admit(settings);
  EXPECT_TRUE(first.admitted);
  EXPECT_TRUE(second.admitted);
  EXPECT_FALSE(breaker.Admit(settings).admitted);
  // One that gave up leaves its place.
  breaker.Note(settings, first, Breaker::End::kNeither, seconds(0));
  const Breaker::Pass third = breaker.Admit(settings);
  EXPECT_TRUE(third.admitted);
  breaker.Note(settings, second, Breaker::End::kSucceeded, seconds(0));
  EXPECT_FALSE(breaker.Admit(settings).admitted && breaker.Admit(settings).admitted);
}

TEST(BreakerTest, WhatBeganBeforeItOpenedSaysNothingAboutIt) {
  support::FakeClock clock;
  Breaker breaker(clock);
  const Breaker::Settings settings = Settings(1);
  const Breaker::Pass slow = breaker.Admit(settings);
  Make(breaker, settings, Breaker::End::kFailed);
  breaker.Note(settings, slow, Breaker::End::kSucceeded, seconds(0));
  EXPECT_TRUE(breaker.refuses(settings));
  EXPECT_EQ(breaker.Admit(settings).retry_after_s, 20);
}

TEST(BreakersTest, EachRuleAndServerHasItsOwn) {
  support::FakeClock clock;
  state::Breakers breakers(clock);
  EXPECT_EQ(breakers.Find("set", "rule", "a"), breakers.Find("set", "rule", "a"));
  EXPECT_NE(breakers.Find("set", "rule", "a"), breakers.Find("set", "rule", "b"));
  EXPECT_NE(breakers.Find("set", "rule", "a"), breakers.Find("set", "rule", "a", "member"));
}

}  // namespace
}  // namespace gateway
