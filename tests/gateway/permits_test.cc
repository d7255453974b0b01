#include "gateway/state/permits.h"

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <thread>
#include <vector>

#include "tests/support/loop_thread.h"

namespace gateway::state {
namespace {

using std::chrono::milliseconds;
using test_support::LoopThread;

class PermitsTest : public testing::Test {
 protected:
  Permits::Wish Wish(std::string_view key, std::uint32_t max,
                     milliseconds queue = milliseconds(0)) {
    return {counter_.get(), key, max, queue};
  }
  // A call on `loop` that takes a place, holds it until `release`, and says how it went.
  struct Call {
    std::promise<bool> taken;
    base::CancelSignal cancel;
    std::future<void> done;
  };
  std::unique_ptr<Call> Start(LoopThread& loop, const Permits::Wish& wish) {
    auto call = std::make_unique<Call>();
    call->done = loop.Spawn([this, wish, &loop, call = call.get()]() -> base::Task<> {
      const auto permit = co_await permits_.Take(wish, loop.loop(), call->cancel);
      call->taken.set_value(permit.has_value());
    });
    return call;
  }
  // It stands in the queue: nothing that is posted behind it has changed that.
  static void Settle(LoopThread& loop) {
    loop.Do([] { return 0; });
  }

  Permits permits_{3};
  const std::shared_ptr<Permits::Counter> counter_ = permits_.Find("base", "parallel");
};

TEST_F(PermitsTest, AtMostSoManyPlacesOfAKeyAreHeld) {
  auto first = permits_.TryTake(Wish("a", 2));
  auto second = permits_.TryTake(Wish("a", 2));
  EXPECT_TRUE(first && second);
  EXPECT_FALSE(permits_.TryTake(Wish("a", 2)));
  EXPECT_TRUE(permits_.TryTake(Wish("b", 2)));
  second.reset();
  EXPECT_TRUE(permits_.TryTake(Wish("a", 2)));
}

TEST_F(PermitsTest, OnlyKeysInUseAreKeptAndAFullCounterRefusesNewOnes) {
  std::vector<Permits::Permit> held;
  for (const char* key : {"a", "b", "c"}) held.push_back(*permits_.TryTake(Wish(key, 1)));
  EXPECT_FALSE(permits_.TryTake(Wish("d", 1)));
  held.clear();
  EXPECT_EQ(Permits::KeyCount(*counter_), 0u);
  EXPECT_TRUE(permits_.TryTake(Wish("d", 1)));
  EXPECT_EQ(Permits::KeyCount(*counter_), 0u);
}

TEST_F(PermitsTest, WhoWaitsGetsThePlaceThatIsGivenBackFirstComeFirstServed) {
  LoopThread one, two;
  auto held = permits_.TryTake(Wish("a", 1));
  auto first = Start(one, Wish("a", 1, milliseconds(60'000)));
  Settle(one);
  auto second = Start(two, Wish("a", 1, milliseconds(60'000)));
  Settle(two);
  EXPECT_FALSE(permits_.TryTake(Wish("a", 1)));
  held.reset();
  EXPECT_TRUE(first->taken.get_future().get());
  EXPECT_TRUE(second->taken.get_future().get());
  first->done.get();
  second->done.get();
  EXPECT_EQ(Permits::KeyCount(*counter_), 0u);
}

TEST_F(PermitsTest, WhoWaitedTooLongIsRefusedAndHasLeftTheQueue) {
  LoopThread loop;
  auto held = permits_.TryTake(Wish("a", 1));
  auto late = Start(loop, Wish("a", 1, milliseconds(1)));
  EXPECT_FALSE(late->taken.get_future().get());
  late->done.get();
  held.reset();
  EXPECT_EQ(Permits::KeyCount(*counter_), 0u);
}

TEST_F(PermitsTest, ACallThatHangsUpWhileItIsQueuedFreesItsPlaceInTheQueue) {
  LoopThread loop;
  auto held = permits_.TryTake(Wish("a", 1));
  auto gone = Start(loop, Wish("a", 1, milliseconds(60'000)));
  auto next = Start(loop, Wish("a", 1, milliseconds(60'000)));
  Settle(loop);
  loop.Do([&] {
    gone->cancel.Request();
    return 0;
  });
  EXPECT_FALSE(gone->taken.get_future().get());
  held.reset();
  EXPECT_TRUE(next->taken.get_future().get());
  gone->done.get();
  next->done.get();
  EXPECT_EQ(Permits::KeyCount(*counter_), 0u);
}

TEST_F(PermitsTest, ALargerLimitLetsThoseInWhoWait) {
  LoopThread loop;
  auto held = permits_.TryTake(Wish("a", 1));
  auto waiting = Start(loop, Wish("a", 1, milliseconds(60'000)));
  Settle(loop);
  EXPECT_TRUE(permits_.TryTake(Wish("a", 3)));
  EXPECT_TRUE(waiting->taken.get_future().get());
  waiting->done.get();
}

TEST_F(PermitsTest, ASmallerLimitTakesNobodysPlaceAndGivesNoneAway) {
  LoopThread loop;
  auto first = permits_.TryTake(Wish("a", 2)), second = permits_.TryTake(Wish("a", 2));
  auto waiting = Start(loop, Wish("a", 1, milliseconds(60'000)));
  Settle(loop);
  first.reset();
  EXPECT_FALSE(permits_.TryTake(Wish("a", 1)));
  auto taken = waiting->taken.get_future();
  EXPECT_EQ(taken.wait_for(milliseconds(0)), std::future_status::timeout);
  second.reset();
  EXPECT_TRUE(taken.get());
  waiting->done.get();
}

// The property: however many come, from however many loops, some of whom hang up, never more than
// `max` hold a place, and in the end all places are free.
TEST(PermitsPropertyTest, NeverMoreThanMaxHoldAPlaceHoweverTheyComeAndGo) {
  constexpr int kMax = 5, kRounds = 60, kCalls = 16;
  Permits permits;
  const auto counter = permits.Find("s", "r");
  std::atomic<int> running = 0, most = 0, served = 0;
  std::vector<std::unique_ptr<LoopThread>> loops;
  for (int i = 0; i < 4; ++i) loops.push_back(std::make_unique<LoopThread>());
  std::vector<std::unique_ptr<base::CancelSignal>> signals;
  std::vector<std::future<void>> done;
  for (auto& loop : loops) {
    for (int c = 0; c < kCalls; ++c) {
      signals.push_back(std::make_unique<base::CancelSignal>());
      base::CancelSignal& cancel = *signals.back();
      done.push_back(loop->Spawn([&, its_loop = loop.get()]() -> base::Task<> {
        for (int round = 0; round < kRounds; ++round) {
          const Permits::Wish wish{counter.get(), "k", kMax, milliseconds(2'000)};
          const auto permit = co_await permits.Take(wish, its_loop->loop(), cancel);
          if (!permit) continue;
          const int now = ++running;
          int seen = most;
          while (now > seen && !most.compare_exchange_weak(seen, now)) {
          }
          ++served;
          // Others run meanwhile.
          co_await base::AwaitIo<>([its_loop](auto handler) { its_loop->loop().Post(handler); });
          --running;
        }
      }));
    }
    // Every fourth caller hangs up somewhere on its way.
    for (std::size_t i = signals.size() - kCalls; i < signals.size(); i += 4)
      loop->loop().Post([signal = signals[i].get()] { signal->Request(); });
  }
  for (auto& one : done) one.get();
  EXPECT_EQ(most, kMax);
  EXPECT_GE(served, 4 * 12 * kRounds);
  EXPECT_EQ(running, 0);
  EXPECT_EQ(Permits::KeyCount(*counter), 0u);
}

}  // namespace
}  // namespace gateway::state
