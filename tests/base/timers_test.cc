#include "base/timers.h"

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <vector>

#include "base/loop.h"

namespace base {
namespace {

using std::chrono::milliseconds, std::chrono::steady_clock;

struct Firing {
  steady_clock::time_point at{};
  static void Note(void* self) { static_cast<Firing*>(self)->at = steady_clock::now(); }
};

TEST(TimersTest, FiresNeverEarlyAndInOrder) {
  Loop loop;
  const auto start = steady_clock::now();
  std::vector<int> order;
  struct Entry {
    std::vector<int>& order;
    int number;
    milliseconds delay;
    steady_clock::time_point at{};
    Timers::Timer timer;
  };
  std::vector<std::unique_ptr<Entry>> entries;
  for (int delay : {210, 0, 110, 60}) {
    entries.push_back(std::unique_ptr<Entry>(new Entry{order, delay, milliseconds(delay), {}, {}}));
    Entry& entry = *entries.back();
    loop.timers.Arm(
        entry.timer, entry.delay,
        [](void* context) {
          Entry& self = *static_cast<Entry*>(context);
          self.order.push_back(self.number);
          self.at = steady_clock::now();
        },
        &entry);
  }
  loop.io.run();
  EXPECT_EQ(order, (std::vector<int>{0, 60, 110, 210}));
  for (const auto& entry : entries) EXPECT_GE(entry->at - start, entry->delay);
}

TEST(TimersTest, ADisarmedOrDestroyedTimerDoesNotFire) {
  Loop loop;
  Firing disarmed, destroyed;
  Timers::Timer first;
  loop.timers.Arm(first, milliseconds(0), Firing::Note, &disarmed);
  EXPECT_TRUE(first.armed());
  first.Disarm();
  {
    Timers::Timer second;
    loop.timers.Arm(second, milliseconds(0), Firing::Note, &destroyed);
  }
  loop.io.run();
  EXPECT_EQ(disarmed.at, steady_clock::time_point{});
  EXPECT_EQ(destroyed.at, steady_clock::time_point{});
}

TEST(TimersTest, ACallbackMayDestroyItsTimerAndOthersThatAreDue) {
  Loop loop;
  struct Pair {
    std::unique_ptr<Timers::Timer> own = std::make_unique<Timers::Timer>();
    std::unique_ptr<Timers::Timer> other = std::make_unique<Timers::Timer>();
    int fired = 0;
    static void Fire(void* context) {
      Pair& self = *static_cast<Pair*>(context);
      ++self.fired;
      self.own.reset();
      self.other.reset();
    }
  } pair;
  loop.timers.Arm(*pair.own, milliseconds(0), Pair::Fire, &pair);
  loop.timers.Arm(*pair.other, milliseconds(0), Pair::Fire, &pair);
  loop.io.run();
  EXPECT_EQ(pair.fired, 1);
}

TEST(TimersTest, ATimerArmedByACallbackFiresToo) {
  Loop loop;
  struct Again {
    Loop& loop;
    Timers::Timer timer;
    int left = 3;
    static void Fire(void* context) {
      Again& self = *static_cast<Again*>(context);
      if (--self.left > 0) self.loop.timers.Arm(self.timer, milliseconds(10), Fire, &self);
    }
  } again{loop, {}, 3};
  Timers::Timer far_away;
  Firing later;
  loop.timers.Arm(far_away, std::chrono::hours(24), Firing::Note, &later);
  loop.timers.Arm(again.timer, milliseconds(10), Again::Fire, &again);
  while (again.left > 0) loop.io.run_one();
  EXPECT_EQ(later.at, steady_clock::time_point{});
}

TEST(TimersTest, AnEarlierTimerWakesALoopThatSleepsForALaterOne) {
  Loop loop;
  Firing late, early;
  Timers::Timer late_timer, early_timer;
  const auto start = steady_clock::now();
  loop.timers.Arm(late_timer, std::chrono::hours(1), Firing::Note, &late);
  loop.timers.Arm(early_timer, milliseconds(20), Firing::Note, &early);
  while (early.at == steady_clock::time_point{}) loop.io.run_one();
  EXPECT_LT(early.at - start, milliseconds(900));
}

TEST(TimersTest, TimersOutliveTheirLoopUnarmed) {
  Timers::Timer timer;
  Firing never;
  {
    Loop loop;
    loop.timers.Arm(timer, milliseconds(0), Firing::Note, &never);
  }
  EXPECT_FALSE(timer.armed());
}

Task<> SleepOn(Loop& loop, CancelSignal& cancel, milliseconds delay, int& outcome) {
  const bool slept = co_await loop.timers.Sleep(delay, cancel);
  outcome = slept ? 1 : 2;
}

TEST(TimersTest, SleepEndsByTimeOrByCancel) {
  Loop loop;
  CancelSignal never, soon;
  int first = 0, second = 0, third = 0;
  Spawn(SleepOn(loop, never, milliseconds(10), first));
  Spawn(SleepOn(loop, soon, std::chrono::hours(1), second));
  soon.Request();
  EXPECT_EQ(second, 0) << "a hook runs no coroutine";
  Spawn(SleepOn(loop, soon, std::chrono::hours(1), third));
  EXPECT_EQ(third, 2);
  loop.io.run();
  EXPECT_EQ(first, 1);
  EXPECT_EQ(second, 2);
}

}  // namespace
}  // namespace base
