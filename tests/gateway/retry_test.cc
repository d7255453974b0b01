// Servers that are asked again, over real sockets.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "gateway/filters/retry.h"
#include "tests/gateway/gateway_fixture.h"
#include "tests/gateway/real_server.h"

namespace gateway {
namespace {

using std::chrono::milliseconds;
using support::GatewayFixture;
using support::HttpAnswer;
using support::RealServer;
using testing::HasSubstr;
using Request = RealServer::Request;

constexpr const char* kOffered =
    R"(server: 'local/echo'
       info { protocol_revisions: '2026-07-28' capabilities_json: '{"tools":{}}' }
       definitions { kind: TOOL name: 'read' json: '{"name":"read","inputSchema":{"type":"object"},"annotations":{"readOnlyHint":true}}' }
       definitions { kind: TOOL name: 'put' json: '{"name":"put","inputSchema":{"type":"object"},"annotations":{"idempotentHint":true}}' }
       definitions { kind: TOOL name: 'post' json: '{"name":"post","inputSchema":{"type":"object"}}' })";

class GatewayRetryTest : public testing::Test {
 protected:
  void Serve(const std::string& url) {
    gateway_.Put("Server", support::ServerAt("echo", url));
    gateway_.PutDefinitions(kOffered);
  }
  void Rule(const std::string& upstream) {
    gateway_.Put("PolicySet",
                 "name: 'base' policy_set { attach { global: true } rules { id: 'up' upstream { " +
                     upstream + " } } }");
    gateway_.Publish();
  }
  HttpAnswer Call(const std::string& tool) { return gateway_.CallTool("/echo/mcp", tool); }

  GatewayFixture gateway_{{.real_servers = true}};
};

// Fails so often, then answers.
RealServer::Calls FailFirst(int times, int status, std::string retry_after = {}) {
  return [=](base::http::Exchange& exchange, const Request& request, int number) {
    if (number <= times) return RealServer::AnswerStatus(exchange, status, retry_after);
    return RealServer::AnswerResult(exchange, request);
  };
}

TEST_F(GatewayRetryTest, AReadingToolIsAskedAgainAfter503) {
  RealServer server(FailFirst(1, 503));
  Serve(server.url());
  Rule("retry { attempts: 2 backoff_ms: 0 }");
  const HttpAnswer answer = Call("read");
  EXPECT_THAT(answer.body, HasSubstr(R"("result")"));
  EXPECT_EQ(server.calls(), 2);
  const mcp::Record record = gateway_.LastRecord();
  EXPECT_EQ(record.outcome, mcp::Outcome::kOk);
  EXPECT_EQ(record.error_code, 0);
  ASSERT_EQ(record.attempts.size(), 2u);
  EXPECT_EQ(record.attempts[0].failure, mcp::UpstreamFailure::kHttp503);
  EXPECT_EQ(record.attempts[0].http_status, 503);
  EXPECT_EQ(record.attempts[1].failure, mcp::UpstreamFailure::kNone);
}

TEST_F(GatewayRetryTest, APostToolIsNotAskedTwice) {
  RealServer server(FailFirst(1, 503));
  Serve(server.url());
  Rule("retry { attempts: 5 backoff_ms: 0 }");
  EXPECT_THAT(Call("post").body, HasSubstr("-31502"));
  EXPECT_EQ(server.calls(), 1);
  EXPECT_THAT(Call("put").body, HasSubstr(R"("result")"));
}

TEST_F(GatewayRetryTest, ForceAsksAgain) {
  RealServer server(FailFirst(1, 503));
  Serve(server.url());
  Rule("retry { attempts: 1 backoff_ms: 0 force: true }");
  EXPECT_THAT(Call("post").body, HasSubstr(R"("result")"));
  EXPECT_EQ(server.calls(), 2);
}

TEST_F(GatewayRetryTest, WhatWasNotSentIsAskedAgainWhateverItDoes) {
  Serve("http://127.0.0.1:1/mcp");
  Rule("retry { attempts: 2 backoff_ms: 0 }");
  EXPECT_THAT(Call("post").body, HasSubstr("-31502"));
  const mcp::Record record = gateway_.LastRecord();
  ASSERT_EQ(record.attempts.size(), 3u);
  EXPECT_EQ(record.attempts[2].failure, mcp::UpstreamFailure::kConnect);
  EXPECT_EQ(record.server_time.count(), 0);
}

TEST_F(GatewayRetryTest, OnlyOnWhatTheRuleNames) {
  RealServer server(FailFirst(1, 500));
  Serve(server.url());
  Rule("retry { attempts: 1 backoff_ms: 0 }");
  EXPECT_THAT(Call("read").body, HasSubstr("-31502"));
  EXPECT_EQ(server.calls(), 1);
}

TEST_F(GatewayRetryTest, AServersOwnErrorIsNoFailure) {
  RealServer server(
      [](base::http::Exchange& exchange, const Request& request, int) -> base::Task<void> {
        std::string body = R"({"jsonrpc":"2.0","id":)" + support::IdOf(request) +
                           R"(,"error":{"code":-32050,"message":"busy"}})";
        co_await support::RespondJson(exchange, 503, std::move(body));
      });
  Serve(server.url());
  Rule("retry { attempts: 3 backoff_ms: 0 }");
  EXPECT_THAT(Call("read").body, HasSubstr("-32050"));
  EXPECT_EQ(server.calls(), 1);
}

TEST_F(GatewayRetryTest, NothingIsAskedAgainOnceTheCallerHeardSomething) {
  RealServer server([](base::http::Exchange& exchange, const Request&, int) -> base::Task<void> {
    co_await support::StartEvents(exchange);
    co_await support::WriteEvent(exchange, R"({"jsonrpc":"2.0","method":"notifications/a"})");
    exchange.CloseConnection();
  });
  Serve(server.url());
  Rule("retry { attempts: 3 backoff_ms: 0 on: BROKEN on: CONNECT }");
  const HttpAnswer answer = Call("read");
  EXPECT_THAT(answer.body, HasSubstr("notifications/a"));
  EXPECT_THAT(answer.body, HasSubstr("-31502"));
  EXPECT_EQ(server.calls(), 1);
}

TEST_F(GatewayRetryTest, WhoIsToldToWaitLongerThanTheRuleAllowsGivesUp) {
  RealServer server(FailFirst(1, 503, "3"));
  Serve(server.url());
  Rule("retry { attempts: 3 backoff_ms: 0 max_backoff_ms: 2000 }");
  EXPECT_THAT(Call("read").body, HasSubstr("-31502"));
  EXPECT_EQ(server.calls(), 1);
  EXPECT_EQ(gateway_.LastRecord().attempts[0].retry_after.count(), 3);
}

TEST_F(GatewayRetryTest, TheTotalHoldsOverAllAttempts) {
  RealServer* self = nullptr;
  RealServer server([&](base::http::Exchange& exchange, const Request&, int) {
    return self->SayNothing(exchange);
  });
  self = &server;
  Serve(server.url());
  Rule(
      "timeout { first_byte_ms: 300 total_ms: 500 } "
      "retry { attempts: 10 backoff_ms: 0 on: TIMED_OUT }");
  EXPECT_THAT(Call("read").body, HasSubstr("did not finish its answer within 500 ms."));
  EXPECT_EQ(gateway_.LastRecord().attempts.size(), 2u);
}

TEST(RetryPausesTest, PausesDoubleUpToTheLongestOrGrowByTheDelta) {
  portolan::v1::Retry says;
  says.set_backoff_ms(200);
  says.set_max_backoff_ms(700);
  RetryPauses doubling(says);
  EXPECT_EQ(doubling.Next(0), milliseconds(200));
  EXPECT_EQ(doubling.Next(0), milliseconds(400));
  EXPECT_EQ(doubling.Next(0), milliseconds(700));
  EXPECT_EQ(doubling.Next(1), milliseconds(700));
  EXPECT_EQ(doubling.Next(-1), milliseconds(560));
  says.set_delta_ms(50);
  says.set_first_at_once(true);
  RetryPauses growing(says);
  EXPECT_EQ(growing.Next(0), milliseconds(0));
  EXPECT_EQ(growing.Next(0), milliseconds(200));
  EXPECT_EQ(growing.Next(0), milliseconds(250));
}

}  // namespace
}  // namespace gateway
