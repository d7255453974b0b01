#include "gateway/state/limits.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <thread>
#include <vector>

#include "tests/support/fake_clock.h"

namespace gateway::state {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

class LimitsTest : public testing::Test {
 protected:
  Limits::Charge Charge(const std::shared_ptr<Limits::Counter>& counter, std::string_view key,
                        std::uint32_t calls, base::Duration window, std::uint32_t weight = 1) {
    return {counter.get(), key, calls, window, weight, false};
  }
  Limits::Verdict One(const Limits::Charge& charge) {
    return limits_.Reserve(std::span(&charge, 1));
  }
  bool Admits(const Limits::Charge& charge) { return One(charge).admitted(); }
  // How many of `tries` are admitted.
  int Admitted(const Limits::Charge& charge, int tries) {
    int admitted = 0;
    for (int i = 0; i < tries; ++i) admitted += Admits(charge);
    return admitted;
  }

  support::FakeClock clock_;
  Limits limits_{clock_, 1000};
  const std::shared_ptr<Limits::Counter> burst_ = limits_.Find("base", "burst");
  const std::shared_ptr<Limits::Counter> slow_ = limits_.Find("base", "slow");
};

TEST_F(LimitsTest, AdmitsExactlyTheCallsOfAWindow) {
  EXPECT_EQ(Admitted(Charge(burst_, "a", 60, seconds(60)), 200), 60);
}

TEST_F(LimitsTest, EachKeyIsCountedApart) {
  EXPECT_EQ(Admitted(Charge(burst_, "a", 3, seconds(60)), 10), 3);
  EXPECT_EQ(Admitted(Charge(burst_, "b", 3, seconds(60)), 10), 3);
  EXPECT_EQ(Admitted(Charge(slow_, "a", 3, seconds(60)), 10), 3);
}

TEST_F(LimitsTest, TheWindowSlidesAndDoesNotJump) {
  const Limits::Charge charge = Charge(burst_, "a", 2, seconds(10));
  EXPECT_TRUE(Admits(charge));
  clock_.Advance(seconds(9));
  EXPECT_TRUE(Admits(charge));
  EXPECT_FALSE(Admits(charge));
  clock_.Advance(seconds(1));
  EXPECT_TRUE(Admits(charge));   // the first has left
  EXPECT_FALSE(Admits(charge));  // the second has not
  clock_.Advance(seconds(8));
  EXPECT_FALSE(Admits(charge));
  clock_.Advance(seconds(1));
  EXPECT_TRUE(Admits(charge));
}

TEST_F(LimitsTest, RetryAfterIsWhenTheOldestLeavesRoundedUp) {
  const Limits::Charge charge = Charge(burst_, "a", 1, seconds(10));
  EXPECT_TRUE(Admits(charge));
  clock_.Advance(milliseconds(500));
  EXPECT_EQ(One(charge).retry_after_s, 10);
  clock_.Advance(milliseconds(500));
  EXPECT_EQ(One(charge).retry_after_s, 9);
  clock_.Advance(milliseconds(8999));
  EXPECT_EQ(One(charge).retry_after_s, 1);
  clock_.Advance(milliseconds(1));
  EXPECT_TRUE(Admits(charge));
}

TEST_F(LimitsTest, AWeightTakesThatManyUnits) {
  EXPECT_EQ(Admitted(Charge(burst_, "a", 10, seconds(60), 3), 10), 3);
  const Limits::Verdict refused = One(Charge(burst_, "a", 10, seconds(60), 3));
  EXPECT_EQ(refused.remaining, 1);
  EXPECT_TRUE(Admits(Charge(burst_, "a", 10, seconds(60), 1)));
  EXPECT_FALSE(Admits(Charge(burst_, "a", 10, seconds(60), 1)));
}

TEST_F(LimitsTest, ARefusedCallIsChargedNowhere) {
  EXPECT_EQ(Admitted(Charge(slow_, "a", 1, seconds(60)), 1), 1);
  const std::vector<Limits::Charge> both = {Charge(burst_, "a", 5, seconds(60)),
                                            Charge(slow_, "a", 1, seconds(60))};
  for (int i = 0; i < 20; ++i) EXPECT_EQ(limits_.Reserve(both).refused_by, 1u);
  EXPECT_EQ(Admitted(Charge(burst_, "a", 5, seconds(60)), 20), 5);
}

TEST_F(LimitsTest, OfSeveralFullLimitsTheOneThatLastsLongestIsTold) {
  const std::vector<Limits::Charge> both = {Charge(burst_, "a", 1, seconds(5)),
                                            Charge(slow_, "a", 1, seconds(90))};
  EXPECT_TRUE(limits_.Reserve(both).admitted());
  const Limits::Verdict refused = limits_.Reserve(both);
  EXPECT_EQ(refused.refused_by, 1u);
  EXPECT_EQ(refused.retry_after_s, 90);
}

TEST_F(LimitsTest, AnObservingLimitTellsAndLetsPass) {
  Limits::Charge observing = Charge(burst_, "a", 1, seconds(60));
  observing.observe = true;
  const std::vector<Limits::Charge> both = {observing, Charge(slow_, "a", 3, seconds(60))};
  EXPECT_EQ(limits_.Reserve(both).observed, Limits::kNone);
  EXPECT_EQ(limits_.Reserve(both).observed, 0u);
  EXPECT_TRUE(limits_.Reserve(both).admitted());
  EXPECT_EQ(limits_.Reserve(both).refused_by, 1u);
}

TEST_F(LimitsTest, AChangedLimitFindsTheOldCounts) {
  EXPECT_EQ(Admitted(Charge(burst_, "a", 10, seconds(60)), 20), 10);
  const std::shared_ptr<Limits::Counter> again = limits_.Find("base", "burst");
  EXPECT_EQ(again, burst_);
  EXPECT_EQ(Admitted(Charge(again, "a", 12, seconds(60)), 20), 2);
  EXPECT_EQ(Admitted(Charge(again, "a", 5, seconds(60)), 20), 0);
  clock_.Advance(seconds(60));
  EXPECT_EQ(Admitted(Charge(again, "a", 5, seconds(60)), 20), 5);
}

TEST_F(LimitsTest, EmptyKeysGoFirstAndAFullCounterRefusesNewOnes) {
  for (int i = 0; i < 1000; ++i)
    EXPECT_TRUE(Admits(Charge(burst_, "k" + std::to_string(i), 1, seconds(10))));
  const Limits::Verdict refused = One(Charge(burst_, "new", 1, seconds(10)));
  EXPECT_FALSE(refused.admitted());
  EXPECT_EQ(Limits::KeyCount(*burst_), 1000u);
  clock_.Advance(seconds(10));
  EXPECT_TRUE(Admits(Charge(burst_, "new", 1, seconds(10))));
  EXPECT_LE(Limits::KeyCount(*burst_), 1000u);
}

TEST_F(LimitsTest, IdleKeysGoAsNewOnesCome) {
  for (int round = 0; round < 10; ++round) {
    for (int i = 0; i < 500; ++i)
      Admits(Charge(burst_, std::to_string(round * 500 + i), 1, seconds(10)));
    clock_.Advance(seconds(11));
  }
  EXPECT_LE(Limits::KeyCount(*burst_), 600u);
}

TEST_F(LimitsTest, LongKeysDifferToTheirLastByte) {
  const std::string long_key(5000, 'k');
  EXPECT_TRUE(Admits(Charge(burst_, long_key + "1", 1, seconds(10))));
  EXPECT_FALSE(Admits(Charge(burst_, long_key + "1", 1, seconds(10))));
  EXPECT_TRUE(Admits(Charge(burst_, long_key + "2", 1, seconds(10))));
}

TEST_F(LimitsTest, ARuleThatNobodyUsesIsForgottenOnceItIsEmpty) {
  std::weak_ptr<Limits::Counter> gone;
  {
    auto counter = limits_.Find("old", "rule");
    gone = counter;
    EXPECT_TRUE(Admits(Charge(counter, "a", 1, seconds(10))));
  }
  limits_.Find("another", "rule");
  EXPECT_FALSE(gone.expired());
  clock_.Advance(seconds(10));
  limits_.Find("third", "rule");
  EXPECT_TRUE(gone.expired());
}

TEST_F(LimitsTest, SixtyFourThreadsGetExactlyTheirShareAndNoMore) {
  std::atomic<int> admitted = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < 64; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 100; ++i) {
        const std::string other = std::to_string(i);
        // Another limit beside it, so that two locks are taken; it never refuses.
        const std::vector<Limits::Charge> both = {Charge(burst_, "a", 500, seconds(60)),
                                                  Charge(slow_, other, 10'000, seconds(60))};
        admitted += limits_.Reserve(both).admitted();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(admitted, 500);
}

// Notes each time that the limiter reads, while it holds its locks: the admission's own time.
class NotingClock final : public base::Clock {
 public:
  base::TimePoint Now() const override { return last = base::SystemClock().Now(); }
  std::int64_t UnixMillis() const override { return 0; }
  static thread_local base::TimePoint last;
};
thread_local base::TimePoint NotingClock::last;

// The property itself, on the real clock: no window of W holds more than N, whatever the threads
// do.
TEST(LimitsPropertyTest, NoWindowHoldsMoreThanItsCallsOnTheRealClock) {
  constexpr std::uint32_t kCalls = 50;
  constexpr auto kWindow = milliseconds(40);
  NotingClock clock;
  Limits limits(clock);
  const auto counter = limits.Find("s", "r");
  const base::TimePoint end = base::SystemClock().Now() + milliseconds(400);

  std::vector<std::vector<base::TimePoint>> seen(64);
  std::vector<std::thread> threads;
  for (std::size_t t = 0; t < 64; ++t) {
    threads.emplace_back([&, t] {
      const Limits::Charge charge{counter.get(), "k", kCalls, kWindow, 1, false};
      while (base::SystemClock().Now() < end) {
        if (limits.Reserve(std::span(&charge, 1)).admitted()) {
          seen[t].push_back(NotingClock::last);
        } else {
          std::this_thread::yield();
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();

  std::vector<base::TimePoint> all;
  for (const auto& times : seen) all.insert(all.end(), times.begin(), times.end());
  std::sort(all.begin(), all.end());
  ASSERT_GT(all.size(), kCalls);
  for (std::size_t i = kCalls; i < all.size(); ++i)
    ASSERT_GE(all[i] - all[i - kCalls], kWindow) << i;
}

}  // namespace
}  // namespace gateway::state
