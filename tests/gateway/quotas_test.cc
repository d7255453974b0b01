#include "gateway/state/quotas.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

#include "gateway/state/limits.h"
#include "tests/gateway/fake_quota_registry.h"
#include "tests/support/fake_clock.h"
#include "tests/support/loop_thread.h"

namespace gateway::state {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using Answer = Quotas::Answer;

class QuotasTest : public testing::Test {
 protected:
  Quotas::Charge Charge(std::string_view key, std::int64_t calls, std::int64_t bytes = 0) {
    registry_.calls = calls;
    registry_.bytes = bytes;
    return {monthly_.get(), key, calls, bytes, false, false};
  }
  Quotas::Verdict Try(const Quotas::Charge& charge, bool patience = true) {
    return quotas_.Reserve(
        {&charge, 1}, [] { return true; }, taken_, patience);
  }
  // As a call does: waits for the registry where it has to.
  Quotas::Verdict Reserve(const Quotas::Charge& charge) {
    Quotas::Verdict verdict = Try(charge);
    while (verdict.answer == Answer::kWait) {
      EXPECT_GT(registry_.Answer(), 0u);
      verdict = Try(charge);
    }
    return verdict;
  }
  int Admitted(const Quotas::Charge& charge, int tries) {
    int admitted = 0;
    for (int i = 0; i < tries; ++i) admitted += Reserve(charge).admitted();
    return admitted;
  }
  void Settle(bool spent = true, std::int64_t bytes = 0) {
    for (const auto& one : taken_) quotas_.Settle(one, spent, bytes);
    taken_.clear();
  }

  support::FakeClock clock_;
  Quotas quotas_{clock_, 100};
  support::FakeQuotaRegistry registry_{quotas_, clock_};
  std::vector<Quotas::Reservation> taken_;
  const std::shared_ptr<Quotas::Counter> monthly_ = quotas_.Find("base", "monthly");
};

TEST_F(QuotasTest, AdmitsExactlyWhatThereIs) {
  EXPECT_EQ(Admitted(Charge("a", 250), 400), 250);
  EXPECT_EQ(Admitted(Charge("b", 250), 400), 250);
  Settle();
  EXPECT_EQ(Reserve(Charge("a", 250)).answer, Answer::kSpent);
}

TEST_F(QuotasTest, TheFirstCallOfAKeyWaitsAndNoneWhileSomethingIsLeftOfItsSlice) {
  const Quotas::Charge charge = Charge("a", 1'000);
  EXPECT_EQ(Try(charge).answer, Answer::kWait);
  registry_.Answer();
  for (int i = 0; i < 10; ++i) EXPECT_TRUE(Try(charge).admitted()) << i;
  EXPECT_EQ(Try(charge).answer, Answer::kWait);
}

TEST_F(QuotasTest, TheSliceIsToppedUpAheadOfNeed) {
  const Quotas::Charge charge = Charge("a", 1'000);
  Try(charge);
  registry_.Answer();
  for (int i = 0; i < 4; ++i) Try(charge);
  EXPECT_EQ(registry_.Answer(), 0u);
  Try(charge);
  EXPECT_EQ(registry_.Answer(), 1u);
  for (int i = 0; i < 10; ++i) EXPECT_TRUE(Try(charge).admitted()) << i;
}

TEST_F(QuotasTest, WhatIsHeldHereIsNeverMoreThanASliceBeyondWhatRuns) {
  const Quotas::Charge charge = Charge("a", 1'000);
  for (int i = 0; i < 60; ++i) {
    EXPECT_TRUE(Reserve(charge).admitted());
    registry_.Answer();
    EXPECT_LE(registry_.granted("a") - (i + 1), 10);
    if (i % 7 == 6) Settle();
  }
}

TEST_F(QuotasTest, ACallThatAskedNobodyIsGivenBack) {
  const Quotas::Charge charge = Charge("a", 2);
  EXPECT_TRUE(Reserve(charge).admitted());
  Settle(false);
  EXPECT_EQ(Admitted(charge, 5), 2);
}

TEST_F(QuotasTest, ACallIsChargedForAllOfItsQuotasOrForNone) {
  const auto daily = quotas_.Find("base", "daily");
  const std::vector<Quotas::Charge> both = {Charge("a", 1), {daily.get(), "big", 500}};
  registry_.calls_of["big"] = 500;
  int admitted = 0;
  for (int i = 0; i < 20; ++i) {
    const auto verdict = quotas_.Reserve(
        both, [] { return true; }, taken_, true);
    if (verdict.answer == Answer::kWait) registry_.Answer();
    admitted += verdict.admitted();
  }
  EXPECT_EQ(admitted, 1);
  EXPECT_EQ(Admitted(both[1], 600), 499);
}

TEST_F(QuotasTest, WhatIsRefusedBesideThemIsChargedNowhere) {
  const Quotas::Charge charge = Charge("a", 3);
  Reserve(charge);
  for (int i = 0; i < 20; ++i) {
    const auto verdict = quotas_.Reserve(
        {&charge, 1}, [] { return false; }, taken_, true);
    if (verdict.answer == Answer::kWait) registry_.Answer();
    EXPECT_FALSE(verdict.admitted());
  }
  EXPECT_EQ(Admitted(charge, 10), 2);
}

TEST_F(QuotasTest, BytesAdmitWhileSomethingIsLeftSoTheLastCallMayOvershoot) {
  const Quotas::Charge charge = Charge("a", 0, 1'000);
  int admitted = 0;
  while (Reserve(charge).admitted()) {
    ++admitted;
    Settle(true, 300);
  }
  EXPECT_EQ(admitted, 4);
  EXPECT_TRUE(Reserve(charge).of_bytes);
}

TEST_F(QuotasTest, ANewWindowBeginsAnewAndWhatRunsSinceTheOldOneIsNotCountedInIt) {
  const Quotas::Charge charge = Charge("a", 4);
  EXPECT_EQ(Admitted(charge, 9), 4);
  std::vector<Quotas::Reservation> of_before = std::move(taken_);
  taken_.clear();
  clock_.Advance(std::chrono::hours(1));
  registry_.window_start_ms += 3'600'000;
  EXPECT_EQ(Admitted(charge, 9), 4);
  for (const auto& one : of_before) quotas_.Settle(one, false, 0);
  clock_.Advance(seconds(1));
  EXPECT_EQ(Admitted(charge, 9), 0);
}

TEST_F(QuotasTest, AWindowThatEndsHereALittleEarlyGivesNothingTwice) {
  const Quotas::Charge charge = Charge("a", 500);  // slices of five
  EXPECT_EQ(Admitted(charge, 3), 3);
  // By our clock it is over, by the registry's it is not yet.
  clock_.Advance(std::chrono::hours(1));
  int admitted = 3;
  for (int i = 0; i < 600; ++i) {
    registry_.window_left = milliseconds(1);
    admitted += Reserve(charge).admitted();
    clock_.Advance(milliseconds(2));
  }
  EXPECT_LE(admitted, 500);
}

TEST_F(QuotasTest, TheRefusalTellsWhenTheWindowEnds) {
  const Quotas::Charge charge = Charge("a", 1);
  Reserve(charge);
  clock_.Advance(milliseconds(1'500));
  const Quotas::Verdict refused = Reserve(charge);
  EXPECT_EQ(refused.answer, Answer::kSpent);
  EXPECT_EQ(refused.refused_by, 0u);
  EXPECT_EQ(refused.remaining, 0);
  EXPECT_EQ(refused.resets_at_ms, 3'601'000);
  EXPECT_EQ(refused.window_s, 3'600);
  EXPECT_GT(refused.resets_in_s, 3'597);
}

TEST_F(QuotasTest, WhatHasBeenSpentIsAskedAboutOnlyOnceASecond) {
  const Quotas::Charge charge = Charge("a", 1);
  Reserve(charge);
  EXPECT_EQ(Reserve(charge).answer, Answer::kSpent);
  const int asked = registry_.answered;
  for (int i = 0; i < 100; ++i) EXPECT_EQ(Try(charge).answer, Answer::kSpent);
  EXPECT_EQ(registry_.Answer(), 0u);
  clock_.Advance(seconds(1));
  registry_.calls = 2;  // somebody gave one back
  EXPECT_TRUE(Reserve(charge).admitted());
  EXPECT_EQ(registry_.answered, asked + 1);
}

TEST_F(QuotasTest, WithoutTheRegistryTheSliceIsSpentAndThenTheRuleDecides) {
  Quotas::Charge charge = Charge("a", 500);
  Reserve(charge);
  registry_.reachable = false;
  for (int i = 0; i < 4; ++i) EXPECT_TRUE(Try(charge).admitted()) << i;
  registry_.Answer();
  EXPECT_EQ(Try(charge).answer, Answer::kUnreachable);
  charge.allow_unreachable = true;
  for (int i = 0; i < 20; ++i) EXPECT_TRUE(Try(charge).admitted()) << i;
  Settle();
  // It is counted when the registry is back.
  registry_.reachable = true;
  clock_.Advance(seconds(1));
  charge.allow_unreachable = false;
  EXPECT_TRUE(Reserve(charge).admitted());
  EXPECT_EQ(registry_.seen.back().calls, 25);
  EXPECT_EQ(Admitted(charge, 600), 500 - 26);
}

TEST_F(QuotasTest, ACallThatMayNotWaitTakesTheRegistryForUnreachable) {
  EXPECT_EQ(Try(Charge("a", 500), false).answer, Answer::kUnreachable);
}

TEST_F(QuotasTest, AnObservingQuotaTellsAndLetsPass) {
  Quotas::Charge charge = Charge("a", 1);
  charge.observe = true;
  EXPECT_TRUE(Try(charge).admitted());  // without the registry's word
  registry_.Answer();
  for (int i = 0; i < 3; ++i) {
    const Quotas::Verdict verdict = Try(charge);
    registry_.Answer();
    EXPECT_TRUE(verdict.admitted());
    EXPECT_EQ(verdict.observed, 0u);
  }
}

TEST_F(QuotasTest, WhatNobodyUsesIsGivenBackAndForgotten) {
  const Quotas::Charge charge = Charge("a", 1'000);
  Reserve(charge);
  Settle();
  clock_.Advance(seconds(6));
  EXPECT_EQ(registry_.Answer(), 1u);
  EXPECT_TRUE(registry_.seen.back().release);
  EXPECT_EQ(registry_.left("a"), 999);
  clock_.Advance(seconds(6));
  EXPECT_EQ(registry_.Answer(), 0u);
  EXPECT_EQ(Quotas::KeyCount(*monthly_), 0u);
}

TEST_F(QuotasTest, WhatWasGivenBackIsNotSpentHereWhileTheMessageIsOnItsWay) {
  const Quotas::Charge charge = Charge("a", 500);
  Reserve(charge);
  Settle();
  clock_.Advance(seconds(6));
  const std::vector<Quotas::Use> uses = quotas_.TakeUses(10, milliseconds(0));
  ASSERT_EQ(uses.size(), 1u);
  EXPECT_TRUE(uses[0].release);
  EXPECT_EQ(Try(charge).answer, Answer::kWait);
  // Lost: nobody knows whether the registry has taken it back.
  quotas_.Failed(uses);
  EXPECT_EQ(Try(charge).answer, Answer::kUnreachable);
  clock_.Advance(seconds(1));
  EXPECT_TRUE(Reserve(charge).admitted());
}

TEST_F(QuotasTest, AfterAStopEverythingIsGivenBackAndAllThatWasSpentIsTold) {
  EXPECT_EQ(Admitted(Charge("a", 500), 7), 7);
  EXPECT_EQ(Admitted(Charge("b", 500), 3), 3);
  Settle();
  quotas_.Stop();
  while (registry_.Answer() > 0) {
  }
  EXPECT_EQ(registry_.left("a"), 493);
  EXPECT_EQ(registry_.left("b"), 497);
}

TEST_F(QuotasTest, ARuleThatIsGoneThereIsNotWaitedFor) {
  const Quotas::Charge charge = Charge("a", 500);
  Try(charge);
  const std::vector<Quotas::Use> uses = quotas_.TakeUses(10, milliseconds(0));
  Quotas::Grant unknown;
  unknown.unknown = true;
  quotas_.Granted(uses.at(0), unknown, clock_.Now());
  EXPECT_EQ(Try(charge).answer, Answer::kUnreachable);
}

TEST_F(QuotasTest, AFullCounterRefusesNewKeysUntilOthersAreForgotten) {
  for (int i = 0; i < 100; ++i) Reserve(Charge(std::to_string(i), 500));
  EXPECT_EQ(Try(Charge("new", 500)).answer, Answer::kCrowded);
  Settle();
  clock_.Advance(seconds(6));
  registry_.Answer();
  clock_.Advance(seconds(6));
  registry_.Answer();
  EXPECT_TRUE(Reserve(Charge("new", 500)).admitted());
}

TEST_F(QuotasTest, WhoWaitsHearsOfTheAnswer) {
  test_support::LoopThread loop;
  const Quotas::Charge charge = Charge("a", 500);
  ASSERT_EQ(Try(charge).answer, Answer::kWait);
  base::CancelSignal cancel;
  bool answered = false;
  auto done = loop.Spawn(
      [&]() -> base::Task<> { answered = co_await quotas_.Leased(charge, loop.loop(), cancel); });
  loop.Do([] { return 0; });
  EXPECT_EQ(registry_.Answer(), 1u);
  done.get();
  EXPECT_TRUE(answered);
  EXPECT_TRUE(Try(charge).admitted());
}

TEST_F(QuotasTest, WhoWaitsAndHangsUpIsNotWaitedFor) {
  test_support::LoopThread loop;
  const Quotas::Charge charge = Charge("a", 500);
  ASSERT_EQ(Try(charge).answer, Answer::kWait);
  base::CancelSignal cancel;
  bool answered = true;
  auto done = loop.Spawn(
      [&]() -> base::Task<> { answered = co_await quotas_.Leased(charge, loop.loop(), cancel); });
  loop.Do([&] {
    cancel.Request();
    return 0;
  });
  done.get();
  EXPECT_FALSE(answered);
}

// The property: 64 threads, a quota and a rate limit together, some calls given back, a registry that
// answers beside them. What is charged in the end is what was admitted and not given back, of both.
TEST(QuotasPropertyTest, SixtyFourThreadsGetExactlyTheirQuotaBesideARateLimit) {
  constexpr std::int64_t kCalls = 700;
  base::SystemClock clock;
  Quotas quotas(clock);
  Limits limits(clock);
  support::FakeQuotaRegistry registry(quotas, clock);
  registry.calls = kCalls;
  const auto monthly = quotas.Find("s", "monthly");
  const auto burst = limits.Find("s", "burst");
  std::atomic<bool> over = false;
  std::thread answering([&] {
    while (!over) registry.Answer(milliseconds(1));
  });

  std::atomic<std::int64_t> spent = 0, by_rate = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < 64; ++t) {
    threads.emplace_back([&, t] {
      // Half of them have few calls of the rate limit, and leave the quota to the others.
      const std::string key = std::to_string(t);
      const Limits::Charge rate{burst.get(), key, t % 2 ? 5u : 10'000u, std::chrono::hours(1)};
      const Quotas::Charge charge{monthly.get(), "k", kCalls, 0};
      for (int i = 0; i < 400;) {
        std::vector<Quotas::Reservation> taken;
        const auto verdict = quotas.Reserve(
            {&charge, 1},
            [&] {
              return limits.Reserve({&rate, 1}).admitted();
            },
            taken, true);
        if (verdict.answer == Answer::kWait || verdict.answer == Answer::kUnreachable) {
          std::this_thread::yield();
          continue;
        }
        ++i;
        if (verdict.answer == Answer::kElsewhere) ++by_rate;
        if (!verdict.admitted()) continue;
        const bool given_back = i % 10 == 0;
        quotas.Settle(taken.at(0), !given_back, 0);
        if (!given_back) ++spent;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  over = true;
  answering.join();
  // Whoever came while a unit was out and came back may have been the last to ask: ask once more.
  const Quotas::Charge charge{monthly.get(), "k", kCalls, 0};
  std::vector<Quotas::Reservation> taken;
  while (true) {
    const auto verdict = quotas.Reserve(
        {&charge, 1}, [] { return true; }, taken, true);
    if (verdict.answer == Answer::kWait) registry.Answer(milliseconds(100));
    if (verdict.answer == Answer::kSpent) break;
    if (verdict.admitted()) ++spent;
  }
  EXPECT_EQ(spent, kCalls);
  EXPECT_GT(by_rate, 0);
}

}  // namespace
}  // namespace gateway::state
