#include "gateway/feed/report_queue.h"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

#include "gateway/feed/call_record.h"
#include "mcp/record.h"
#include "portolan/v1/fleet_service.pb.h"

namespace gateway {
namespace {

namespace v1 = portolan::v1;
using std::chrono::milliseconds;

class StoppedClock final : public base::Clock {
 public:
  base::TimePoint Now() const override { return now; }
  std::int64_t UnixMillis() const override { return unix_ms; }
  base::TimePoint now{};
  std::int64_t unix_ms = 0;
};

mcp::Record Finished(mcp::Outcome outcome) {
  mcp::Record record;
  record.outcome = outcome;
  return record;
}

v1::ServerStatus StatusOf(std::string server, int tools) {
  v1::ServerStatus status;
  status.set_server(server);
  status.set_tools(tools);
  return status;
}

class ReportQueueTest : public ::testing::Test {
 protected:
  v1::ReportRequest Take() {
    v1::ReportRequest report;
    EXPECT_TRUE(queue_.Take(report, milliseconds(10'000)));
    return report;
  }
  bool NothingLeft() {
    v1::ReportRequest report;
    return !queue_.Take(report, milliseconds(0));
  }

  StoppedClock clock_;
  ReportQueue queue_{"gw", clock_};
};

TEST_F(ReportQueueTest, WhatIsForgottenIsSaidAtOnceAndAgainUntilItIsHeard) {
  queue_.Purged("p-1");
  v1::ReportRequest report = Take();
  ASSERT_EQ(report.purges_done_size(), 1);
  queue_.GiveBack(std::move(report));
  EXPECT_EQ(Take().purges_done(0), "p-1");
}

TEST_F(ReportQueueTest, WhatWasSaidInCallsGoesInReportsOfABoundedSize) {
  mcp::Record record = Finished(mcp::Outcome::kOk);
  record.payload.arguments = std::string(65'536, 'x');
  record.payload.result = std::string(65'536, 'y');
  record.payload.arguments_bytes = 100'000;
  record.detections.push_back({.detector = "secrets", .rule = "global/base#guard", .count = 2});
  for (int i = 0; i < 100; ++i) queue_.Call(record);
  const v1::ReportRequest first = Take();
  EXPECT_LT(first.ByteSizeLong(), 5'000'000u);
  ASSERT_GT(first.calls_size(), 0);
  EXPECT_EQ(first.calls(0).arguments().size(), 65'536u);
  EXPECT_EQ(first.calls(0).arguments_bytes(), 100'000);
  EXPECT_EQ(first.calls(0).detections(0).count(), 2);
  int calls = first.calls_size();
  while (calls < 100) calls += Take().calls_size();
  EXPECT_EQ(calls, 100);
}

TEST_F(ReportQueueTest, RefusalsOfAMinuteAreOneBatchSentWhenItIsOver) {
  mcp::Record refused = Finished(mcp::Outcome::kRefused);
  refused.principal = "consumer/alice";
  refused.server = "local/a";
  refused.method = "tools/call";
  refused.item = "echo";
  refused.rule = "base#burst";
  for (const char* id : {"1", "2", "3"}) {
    refused.request_id = id;
    queue_.Call(refused);
  }
  queue_.Call(Finished(mcp::Outcome::kOk));
  EXPECT_EQ(Take().refusals_size(), 0);
  EXPECT_TRUE(NothingLeft());
  clock_.unix_ms = 60'000;
  v1::ReportRequest report = Take();
  ASSERT_EQ(report.refusals_size(), 1);
  EXPECT_EQ(report.refusals(0).principal(), "consumer/alice");
  EXPECT_EQ(report.refusals(0).item(), "echo");
  EXPECT_EQ(report.refusals(0).rule(), "base#burst");
  EXPECT_EQ(report.refusals(0).count(), 3);
  EXPECT_EQ(report.refusals(0).first_request_id(), "1");
  EXPECT_EQ(report.refusals(0).last_request_id(), "3");
  queue_.GiveBack(std::move(report));
  EXPECT_EQ(Take().refusals_size(), 1);
}

TEST_F(ReportQueueTest, TheRefusalsOfTheLastMinuteAreSentAtTheEnd) {
  queue_.Call(Finished(mcp::Outcome::kRefused));
  Take();
  queue_.Stop();
  EXPECT_EQ(Take().refusals_size(), 1);
}

TEST_F(ReportQueueTest, ARecordIsSentWithTheGatewaysName) {
  mcp::Record record = Finished(mcp::Outcome::kOk);
  record.method = "tools/call";
  record.item = "echo";
  record.total = std::chrono::microseconds(41);
  queue_.Call(record);
  const v1::ReportRequest report = Take();
  ASSERT_EQ(report.calls_size(), 1);
  EXPECT_EQ(report.calls(0).gateway(), "gw");
  EXPECT_EQ(report.calls(0).item(), "echo");
  EXPECT_EQ(report.calls(0).total_us(), 41);
  EXPECT_EQ(report.calls(0).outcome(), v1::CallOutcome::OK);
  EXPECT_EQ(report.calls_not_reported(), 0);
  EXPECT_TRUE(NothingLeft());
}

TEST_F(ReportQueueTest, PastItsRateItKeepsASampleAndCountsTheRest) {
  for (int i = 0; i < 5'000; ++i) queue_.Call(Finished(mcp::Outcome::kOk));
  const v1::ReportRequest report = Take();
  EXPECT_EQ(report.calls_size(), 200);
  EXPECT_EQ(report.calls_not_reported(), 4'800);
}

TEST_F(ReportQueueTest, RefusalsAndErrorsComeFirst) {
  for (int i = 0; i < 5'000; ++i) queue_.Call(Finished(mcp::Outcome::kOk));
  for (int i = 0; i < 150; ++i) queue_.Call(Finished(mcp::Outcome::kRefused));
  const v1::ReportRequest report = Take();
  int refused = 0;
  for (const v1::CallRecord& call : report.calls()) {
    refused += call.outcome() == v1::CallOutcome::REFUSED;
  }
  EXPECT_EQ(refused, 150);
  EXPECT_EQ(report.calls_size(), 200);
  EXPECT_EQ(report.calls_not_reported(), 4'950);
}

TEST_F(ReportQueueTest, TheRateComesBackWithTime) {
  for (int i = 0; i < 300; ++i) queue_.Call(Finished(mcp::Outcome::kOk));
  EXPECT_EQ(Take().calls_size(), 200);
  clock_.now += milliseconds(100);
  for (int i = 0; i < 300; ++i) queue_.Call(Finished(mcp::Outcome::kOk));
  EXPECT_EQ(Take().calls_size(), 20);
}

TEST_F(ReportQueueTest, WhatThePolicyDoesNotSampleIsNotReported) {
  mcp::Record record = Finished(mcp::Outcome::kOk);
  record.sample = 0;
  queue_.Call(record);
  EXPECT_TRUE(NothingLeft());
  record.outcome = mcp::Outcome::kRefused;
  queue_.Call(record);
  EXPECT_EQ(Take().calls_size(), 1);
}

TEST_F(ReportQueueTest, TheNewestStatusOfAServerReplacesTheOlder) {
  queue_.Status(StatusOf("a", 1));
  queue_.Status(StatusOf("a", 2));
  queue_.Status(StatusOf("b", 3));
  const v1::ReportRequest report = Take();
  ASSERT_EQ(report.statuses_size(), 2);
  EXPECT_EQ(report.statuses(0).tools(), 2);
}

TEST_F(ReportQueueTest, AReportGivenBackIsTakenAgainUnlessNewsReplacedIt) {
  queue_.Call(Finished(mcp::Outcome::kOk));
  queue_.Status(StatusOf("a", 1));
  queue_.Status(StatusOf("b", 1));
  v1::ReportRequest report = Take();
  queue_.Status(StatusOf("a", 2));
  queue_.GiveBack(std::move(report));
  report = Take();
  EXPECT_EQ(report.calls_size(), 1);
  ASSERT_EQ(report.statuses_size(), 2);
  EXPECT_EQ(report.statuses(0).tools(), 2);
  EXPECT_EQ(report.statuses(1).tools(), 1);
}

TEST_F(ReportQueueTest, WhileTheRegistryIsAwayTheBacklogIsBoundedAndCounted) {
  v1::ReportRequest report;
  for (int i = 0; i < 100; ++i) {
    v1::ReportRequest old;
    for (int call = 0; call < 150; ++call) old.add_calls();
    queue_.GiveBack(std::move(old));
  }
  int calls = 0;
  std::int64_t left_out = 0;
  while (queue_.Take(report, milliseconds(0)) || calls < 10'000) {
    calls += report.calls_size();
    left_out += report.calls_not_reported();
  }
  EXPECT_EQ(calls, 10'000);
  EXPECT_EQ(left_out, 5'000);
}

TEST_F(ReportQueueTest, AProbesStageGoesAtOnce) {
  queue_.InForce(4);
  Take();
  const auto begun = std::chrono::steady_clock::now();
  v1::ProbeReport stage;
  stage.set_probe_id("p");
  queue_.Probe(std::move(stage));
  EXPECT_EQ(Take().probes_size(), 1);
  EXPECT_LT(std::chrono::steady_clock::now() - begun, milliseconds(200));
}

TEST_F(ReportQueueTest, EachReportNamesTheRevisionInForce) {
  queue_.InForce(7);
  EXPECT_EQ(Take().revision(), 7);
  queue_.InForce(5);
  EXPECT_EQ(Take().revision(), 7);
}

TEST_F(ReportQueueTest, StoppingEndsAWait) {
  std::thread stopper([&] { queue_.Stop(); });
  v1::ReportRequest report;
  EXPECT_FALSE(queue_.Take(report, milliseconds(60'000)));
  stopper.join();
}

TEST_F(ReportQueueTest, ManyThreadsLoseNoCall) {
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int call = 0; call < 5'000; ++call) queue_.Call(Finished(mcp::Outcome::kOk));
    });
  }
  for (std::thread& thread : threads) thread.join();
  const v1::ReportRequest report = Take();
  EXPECT_EQ(report.calls_size() + report.calls_not_reported(), 20'000);
}

TEST(CallRecordTest, TextsAreCutBetweenCharactersAndMadeValid) {
  EXPECT_EQ(CleanText("grüße", 3), "gr");
  EXPECT_EQ(CleanText("grüße", 4), "grü");
  EXPECT_EQ(CleanText("a\xff\xc0\xaf"
                      "b",
                      100),
            "a???b");
  EXPECT_EQ(CleanText("\xed\xa0\x80", 100), "???");
  EXPECT_EQ(CleanText("\xf0\x9f\x98\x80", 100), "\xf0\x9f\x98\x80");
  EXPECT_EQ(CleanText("\xe2\x82", 100), "??");
}

}  // namespace
}  // namespace gateway
