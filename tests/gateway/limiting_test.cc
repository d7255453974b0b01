// Rate limits, quotas and places through a gateway: what its callers see, and that it is exact.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <boost/asio/write.hpp>
#include <deque>
#include <future>
#include <thread>

#include "tests/gateway/fake_quota_registry.h"
#include "tests/gateway/gateway_fixture.h"

namespace gateway {
namespace {

using support::GatewayFixture;
using support::HttpAnswer;
using testing::HasSubstr;

// Keeps the calls that reached the server until they are let go.
class Holding {
 public:
  base::Task<mcp::Response> Handle(mcp::Call& call, base::Loop& loop) {
    std::function<void()> resume;
    const auto leave = [&resume] {
      if (resume) resume();
    };
    base::CancelSignal::Hook hook(call.cancel, leave);
    co_await base::AwaitIo<>([&](auto handler) {
      const auto once = std::make_shared<std::atomic<bool>>(false);
      resume = [&loop, handler, once] {
        if (!once->exchange(true)) loop.Post(handler);
      };
      const std::lock_guard lock(mutex_);
      held_.push_back(resume);
      changed_.notify_all();
    });
    if (call.cancel.requested()) co_return mcp::Response::Gone();
    co_return mcp::Response::Message(support::ResultMessage(call, R"({"content":"held"})"));
  }
  // Until so many have come, since the beginning.
  void WaitFor(std::size_t count) {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, std::chrono::seconds(20),
                      [&] { return let_go_ + held_.size() >= count; });
    EXPECT_GE(let_go_ + held_.size(), count);
  }
  void LetOneGo() {
    const std::lock_guard lock(mutex_);
    held_.front()();
    held_.pop_front();
    ++let_go_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::function<void()>> held_;
  std::size_t let_go_ = 0;
};

bool WasServed(const HttpAnswer& answer) {
  return answer.body.find("\"result\"") != std::string::npos;
}

class LimitingTest : public testing::Test {
 protected:
  LimitingTest() { gateway_.PutServer("pay"); }

  void Rules(const std::string& text) {
    gateway_.Put("PolicySet", "name: 'base' policy_set { attach { global: true } " + text + " }");
    gateway_.Publish();
  }
  HttpAnswer Call(const std::string& more = "") { return gateway_.CallTool("/pay/mcp", "a", more); }
  std::future<HttpAnswer> Begin() {
    return std::async(std::launch::async, [this] { return Call(); });
  }
  void HoldCalls() {
    gateway_.server = [this](mcp::Call& call, base::Loop& loop) {
      return holding_.Handle(call, loop);
    };
  }
  // The server takes its time, as a real one does: what is asked of it is spent.
  void SpendCalls() {
    gateway_.server = [](mcp::Call& call, base::Loop&) -> base::Task<mcp::Response> {
      call.record.server_time = std::chrono::microseconds(1);
      co_return mcp::Response::Message(support::ResultMessage(call, R"({"content":"spent"})"));
    };
  }

  GatewayFixture gateway_;
  Holding holding_;
};

// Answers what quotas want, beside the workers.
class Leasing {
 public:
  Leasing(GatewayFixture& gateway, std::int64_t calls)
      : registry(gateway.rule_state.quotas, gateway.clock) {
    registry.calls = calls;
    registry.window_start_ms = 1'790'000'000'000;
    thread_ = std::thread([this] {
      while (!over_) registry.Answer(std::chrono::milliseconds(2));
    });
  }
  ~Leasing() {
    over_ = true;
    thread_.join();
  }

  support::FakeQuotaRegistry registry;

 private:
  std::atomic<bool> over_ = false;
  std::thread thread_;
};

TEST_F(LimitingTest, AnAdmittedCallIsToldWhatIsLeftOfTheLimitThatHasLeast) {
  Rules(
      "rules { id: 'burst' rate_limit { calls: 60 per_s: 60 } } rules { id: 'small' rate_limit { "
      "calls: 2 per_s: 10 } }");
  const HttpAnswer first = Call();
  EXPECT_EQ(first.Field("RateLimit-Policy"), R"("small";q=2;w=10)");
  EXPECT_EQ(first.Field("RateLimit"), R"("small";r=1;t=10)");
  EXPECT_EQ(Call().Field("RateLimit"), R"("small";r=0;t=10)");
  EXPECT_EQ(Call().Field("RateLimit"), R"("small";r=0;t=10)");
}

TEST_F(LimitingTest, ACallTooManyAtATimeIsAnsweredAsPoliciesWritten) {
  Rules("rules { id: 'parallel' concurrency { max: 1 } }");
  HoldCalls();
  auto first = Begin();
  holding_.WaitFor(1);
  const HttpAnswer refused = Call("X-Request-Id: r1\r\n");
  EXPECT_EQ(refused.status, 200);
  EXPECT_EQ(refused.Field("Retry-After"), "1");
  EXPECT_EQ(refused.Field("RateLimit-Policy"), R"("parallel";q=1;qu="concurrent-requests")");
  EXPECT_EQ(refused.Field("RateLimit"), R"("parallel";r=0;t=1)");
  EXPECT_EQ(
      refused.body,
      R"({"jsonrpc":"2.0","id":41,"error":{"code":-31429,"message":"1 call at a time are let through for tool 'a', and as many are running. Retry in 1 s.","data":{"reason":"ConcurrencyExceeded","kind":"concurrency","retry_after_s":1,"limit":1,"remaining":0,"request_id":"r1"}}})");
  holding_.LetOneGo();
  EXPECT_THAT(first.get().body, HasSubstr("held"));
  auto second = Begin();
  holding_.WaitFor(2);
  holding_.LetOneGo();
  EXPECT_THAT(second.get().body, HasSubstr("held"));
}

TEST_F(LimitingTest, StyleHttpSaysItWithTheStatus) {
  Rules("rules { id: 'parallel' concurrency { max: 1 } } errors: HTTP explain: true");
  HoldCalls();
  auto first = Begin();
  holding_.WaitFor(1);
  const HttpAnswer refused = Call();
  EXPECT_EQ(refused.status, 429);
  EXPECT_THAT(refused.body, HasSubstr(R"("rule":"parallel","scope":"global/base")"));
  holding_.LetOneGo();
  first.get();
}

TEST_F(LimitingTest, ACallWaitsInTheQueueForAPlace) {
  Rules("rules { id: 'parallel' concurrency { max: 1 queue_ms: 10000 } }");
  HoldCalls();
  auto first = Begin(), second = Begin();
  holding_.WaitFor(1);
  holding_.LetOneGo();
  holding_.WaitFor(2);
  holding_.LetOneGo();
  EXPECT_THAT(first.get().body, HasSubstr("held"));
  EXPECT_THAT(second.get().body, HasSubstr("held"));
}

TEST_F(LimitingTest, AModernCallerThatHangsUpFreesItsPlaceAtOnce) {
  Rules("rules { id: 'parallel' concurrency { max: 1 } }");
  HoldCalls();
  {
    boost::asio::io_context io;
    auto socket = gateway_.Connect(io);
    boost::asio::write(socket, boost::asio::buffer(gateway_.ToolCall("/pay/mcp", "a")));
    holding_.WaitFor(1);
  }
  gateway_.records.WaitFor(1);
  auto next = Begin();
  holding_.WaitFor(2);
  holding_.LetOneGo();  // of the one that is gone
  holding_.LetOneGo();
  EXPECT_THAT(next.get().body, HasSubstr("held"));
}

TEST_F(LimitingTest, ACallerThatHangsUpWhileItIsQueuedFreesItsPlaceInTheQueue) {
  Rules("rules { id: 'parallel' concurrency { max: 1 queue_ms: 10000 } }");
  HoldCalls();
  auto first = Begin();
  holding_.WaitFor(1);
  {
    boost::asio::io_context io;
    auto socket = gateway_.Connect(io);
    boost::asio::write(socket, boost::asio::buffer(gateway_.ToolCall("/pay/mcp", "a")));
  }
  gateway_.records.WaitFor(1);
  auto last = Begin();
  holding_.LetOneGo();
  holding_.WaitFor(2);
  holding_.LetOneGo();
  EXPECT_THAT(first.get().body, HasSubstr("held"));
  EXPECT_THAT(last.get().body, HasSubstr("held"));
  EXPECT_EQ(gateway_.server_calls, 2);
}

TEST_F(LimitingTest, ASpentQuotaIsAnsweredAsPoliciesWritten) {
  Rules("rules { id: 'monthly' quota { calls: 2 period: MONTH } }");
  SpendCalls();
  const Leasing leasing(gateway_, 2);
  const HttpAnswer first = Call();
  EXPECT_THAT(first.body, HasSubstr(R"("content":"spent")"));
  EXPECT_THAT(first.Field("RateLimit"), HasSubstr(R"("monthly";r=1;t=)"));
  EXPECT_THAT(Call().body, HasSubstr(R"("content":"spent")"));
  const HttpAnswer refused = Call("X-Request-Id: r1\r\n");
  EXPECT_EQ(refused.status, 200);
  EXPECT_EQ(refused.Field("RateLimit-Policy"), R"("monthly";q=2;w=3600)");
  const std::string retry = refused.Field("Retry-After");
  EXPECT_EQ(refused.Field("RateLimit"), R"("monthly";r=0;t=)" + retry);
  EXPECT_EQ(
      refused.body,
      R"({"jsonrpc":"2.0","id":41,"error":{"code":-31429,"message":"Quota of 2 calls per month for tool 'a' spent. It begins anew at 2026-09-21T15:13:20Z.","data":{"reason":"QuotaExceeded","kind":"quota","retry_after_s":)" +
          retry +
          R"(,"limit":2,"remaining":0,"resets_at":"2026-09-21T15:13:20Z","request_id":"r1"}}})");
  EXPECT_EQ(gateway_.LastRecord().rule, "global/base#monthly");
  EXPECT_EQ(gateway_.server_calls, 2);
}

TEST_F(LimitingTest, TheHeaderNamedByTheRuleDecrementsAndStandsOnRefusalsToo) {
  Rules(
      "rules { id: 'burst' rate_limit { calls: 2 per_s: 3600 remaining_header: 'X-Left' "
      "limit_header: 'X-Limit' } } "
      "rules { id: 'wide' rate_limit { calls: 9 per_s: 3600 remaining_header: 'X-Wide' } }");
  const HttpAnswer first = Call();
  EXPECT_EQ(first.Field("X-Left"), "1");
  EXPECT_EQ(first.Field("X-Limit"), "2");
  EXPECT_EQ(first.Field("X-Wide"), "8");
  EXPECT_EQ(Call().Field("X-Left"), "0");
  const HttpAnswer refused = Call();
  EXPECT_THAT(refused.body, HasSubstr("RateLimitExceeded"));
  EXPECT_EQ(refused.Field("X-Left"), "0");
  EXPECT_EQ(refused.Field("X-Wide"), "7");
}

TEST_F(LimitingTest, TheHeadersOfAQuotaDecrement) {
  Rules(
      "rules { id: 'monthly' quota { calls: 2 period: MONTH remaining_header: 'X-Quota-Left' "
      "limit_header: 'X-Quota' } }");
  SpendCalls();
  const Leasing leasing(gateway_, 2);
  EXPECT_EQ(Call().Field("X-Quota-Left"), "1");
  EXPECT_EQ(Call().Field("X-Quota-Left"), "0");
  const HttpAnswer refused = Call();
  EXPECT_THAT(refused.body, HasSubstr("QuotaExceeded"));
  EXPECT_EQ(refused.Field("X-Quota-Left"), "0");
  EXPECT_EQ(refused.Field("X-Quota"), "2");
}

TEST_F(LimitingTest, BeforeItsFirstPeriodAQuotaLimitsNobody) {
  Rules(
      "rules { id: 'later' quota { calls: 1 period: MONTH anchor: FIRST_PERIOD "
      "first_period_start: '2199-01-01T00:00:00Z' } }");
  SpendCalls();
  for (int i = 0; i < 3; ++i) EXPECT_THAT(Call().body, HasSubstr("spent"));
}

TEST_F(LimitingTest, ASpentQuotaIs403InStyleAzure429InStyleHttpAnd200InOurs) {
  const std::string rule = "rules { id: 'monthly' quota { calls: 1 period: MONTH } }";
  SpendCalls();
  const Leasing leasing(gateway_, 1);
  Rules(rule + " errors: AZURE");
  EXPECT_EQ(Call().status, 200);
  const HttpAnswer azure = Call();
  EXPECT_EQ(azure.status, 403);
  EXPECT_THAT(azure.body, HasSubstr(R"("code":-31429)"));
  EXPECT_THAT(azure.body, HasSubstr(R"("kind":"quota")"));
  EXPECT_NE(azure.Field("Retry-After"), "");
  Rules(rule + " errors: HTTP");
  EXPECT_EQ(Call().status, 429);
  Rules(rule);
  EXPECT_EQ(Call().status, 200);
}

TEST_F(LimitingTest, WhatNoServerWasAskedForIsGivenBack) {
  Rules("rules { id: 'monthly' quota { calls: 2 period: MONTH } }");
  const Leasing leasing(gateway_, 2);
  for (int i = 0; i < 6; ++i) EXPECT_THAT(Call().body, HasSubstr("hello")) << i;
}

TEST_F(LimitingTest, AKeptOrMadeUpAnswerIsGivenBackAndASpentQuotaRefusesItToo) {
  Rules(
      R"(rules { id: 'monthly' quota { calls: 2 period: MONTH } }
         rules { id: 'keep' select { tools: 'a' } cache { ttl_s: 300 vary: "'all'" } }
         rules { id: 'stub' select { tools: 'stub' } mock { result_json: '{"content":[]}' } })");
  SpendCalls();
  const Leasing leasing(gateway_, 2);
  const HttpAnswer asked = Call();
  EXPECT_EQ(asked.Field("X-Cache"), "MISS");
  for (int i = 0; i < 4; ++i) {
    const HttpAnswer kept = Call();
    EXPECT_EQ(kept.Field("X-Cache"), "HIT");
    EXPECT_EQ(kept.Field("Age"), "0");
    EXPECT_THAT(kept.body, HasSubstr(R"("content":"spent")"));
    EXPECT_THAT(gateway_.CallTool("/pay/mcp", "stub").body, HasSubstr(R"("content":[])"));
  }
  EXPECT_EQ(gateway_.server_calls, 1);
  EXPECT_THAT(gateway_.CallTool("/pay/mcp", "b").body, HasSubstr(R"("content":"spent")"));
  EXPECT_THAT(Call().body, HasSubstr("QuotaExceeded"));
}

TEST_F(LimitingTest, BytesOfBothDirectionsAreCounted) {
  Rules("rules { id: 'bytes' quota { bytes: 1000 period: DAY } }");
  SpendCalls();
  Leasing leasing(gateway_, 0);
  leasing.registry.bytes = 1'000;
  const std::string answer = Call().body;
  const std::size_t asked = gateway_.ToolCall("/pay/mcp", "a").size();
  int admitted = 1;
  while (WasServed(Call())) ++admitted;
  EXPECT_GE(admitted * (asked + answer.size()), 1'000u);
  EXPECT_LE((admitted - 1) * answer.size(), 1'000u);
  EXPECT_EQ(Call().Field("RateLimit-Policy"), R"("bytes";q=1000;w=3600;qu="content-bytes")");
}

TEST_F(LimitingTest, WithoutTheRegistryTheRuleDecides) {
  Rules("rules { id: 'monthly' quota { calls: 500 period: MONTH on_unreachable: DENY } }");
  SpendCalls();
  Leasing leasing(gateway_, 500);
  leasing.registry.reachable = false;
  const HttpAnswer refused = Call();
  EXPECT_THAT(refused.body, HasSubstr(R"("reason":"QuotaUnavailable","kind":"quota")"));
  EXPECT_EQ(refused.Field("Retry-After"), "1");
  Rules("rules { id: 'monthly' quota { calls: 500 period: MONTH on_unreachable: ALLOW } }");
  for (int i = 0; i < 12; ++i) EXPECT_THAT(Call().body, HasSubstr(R"("content":"spent")")) << i;
}

TEST_F(LimitingTest, OneRefusalChargesNoOtherLimit) {
  Rules(
      "rules { id: 'monthly' quota { calls: 5 period: MONTH } } rules { id: 'burst' select { "
      "tools: "
      "'a' } rate_limit { calls: 2 per_s: 600 } }");
  SpendCalls();
  const Leasing leasing(gateway_, 5);
  int admitted = 0;
  for (int i = 0; i < 20; ++i) admitted += WasServed(Call());
  EXPECT_EQ(admitted, 2);
  for (int i = 0; i < 20; ++i) admitted += WasServed(gateway_.CallTool("/pay/mcp", "b"));
  EXPECT_EQ(admitted, 5);
}

TEST_F(LimitingTest, AnObservingSetNotesWhatItWouldHaveDone) {
  Rules("mode: OBSERVE rules { id: 'parallel' concurrency { max: 1 } }");
  HoldCalls();
  auto first = Begin();
  holding_.WaitFor(1);
  auto second = Begin();
  holding_.WaitFor(2);
  holding_.LetOneGo();
  holding_.LetOneGo();
  first.get();
  second.get();
  int observed = 0;
  for (const mcp::Record& record : gateway_.records.WaitFor(2))
    observed += record.observed_only && record.reason == "ConcurrencyExceeded";
  EXPECT_EQ(observed, 1);
}

// The property itself: four workers, 64 callers, all kinds of limits together, new snapshots between.
TEST(LimitingPropertyTest, AllLimitsTogetherAreExactOverAllWorkers) {
  constexpr int kQuota = 150, kPlaces = 6;
  GatewayFixture::Options options;
  options.workers = 4;
  GatewayFixture gateway(options);
  std::atomic<int> running = 0, most = 0, served = 0;
  gateway.server = [&](mcp::Call& call, base::Loop& loop) -> base::Task<mcp::Response> {
    const int now = ++running;
    int seen = most;
    while (now > seen && !most.compare_exchange_weak(seen, now)) {
    }
    co_await base::AwaitIo<>([&loop](auto handler) { loop.Post(handler); });
    call.record.server_time = std::chrono::microseconds(1);
    --running;
    ++served;
    co_return mcp::Response::Message(support::ResultMessage(call, R"({"content":"spent"})"));
  };
  gateway.PutServer("pay");
  const std::string policy =
      "name: 'base' policy_set { attach { global: true } rules { id: 'parallel' concurrency { max: "
      "6 queue_ms: 10000 } } rules { id: 'monthly' quota { calls: 150 period: MONTH } } rules { "
      "id: "
      "'burst' select { tools: 'a' } rate_limit { calls: 40 per_s: 600 } } }";
  gateway.Put("PolicySet", policy);
  gateway.Publish();
  std::atomic<int> a = 0, b = 0, other = 0;
  {
    const Leasing leasing(gateway, kQuota);
    std::vector<std::thread> callers;
    for (int t = 0; t < 64; ++t) {
      callers.emplace_back([&, t] {
        for (int i = 0; i < 6; ++i) {
          const HttpAnswer answer = gateway.CallTool("/pay/mcp", t % 2 ? "a" : "b");
          const bool admitted = WasServed(answer);
          (t % 2 ? a : b) += admitted;
          if (!admitted && answer.body.find("-31429") == std::string::npos) ++other;
        }
      });
    }
    for (int i = 0; i < 10; ++i) {
      gateway.Put("PolicySet", policy);
      gateway.Publish();
    }
    for (std::thread& caller : callers) caller.join();
  }
  EXPECT_EQ(a + b, kQuota);
  EXPECT_LE(a, 40);
  EXPECT_EQ(served, kQuota);
  EXPECT_LE(most, kPlaces);
  EXPECT_EQ(other, 0);
}

}  // namespace
}  // namespace gateway
