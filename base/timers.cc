#include "base/timers.h"

#include <time.h>

#include <algorithm>
#include <array>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <coroutine>

namespace base {
namespace {

using std::chrono::milliseconds, std::chrono::steady_clock;

constexpr milliseconds kTick{50};
constexpr std::uint64_t kSlots = 512;
// The longest the loop sleeps while anything is armed. It also bounds how long a run() outlives the
// last timer.
constexpr std::uint64_t kMaxTicksAsleep = 20;

// No earlier than now, and by no more than 10 ms later: reading the exact clock for each deadline
// of each call would cost more than the wheel does.
steady_clock::time_point NowOrSoon() {
  const auto of = [](const timespec& time) {
    return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
  };
  static const std::chrono::nanoseconds resolution = [&] {
    timespec step{};
    ::clock_getres(CLOCK_MONOTONIC_COARSE, &step);
    return of(step);
  }();
  timespec time{};
  ::clock_gettime(CLOCK_MONOTONIC_COARSE, &time);
  return steady_clock::time_point(of(time) + resolution);
}

}  // namespace

// due tick -> slot (tick % 512); a timer that is due in a later round stays in its slot.
class Timers::Wheel {
 public:
  explicit Wheel(boost::asio::io_context& io) : alarm_(io), start_(steady_clock::now()) {}

  ~Wheel() {
    for (Link& slot : slots_) {
      while (slot.next != &slot) slot.next->Unlink();
    }
    while (due_.next != &due_) due_.next->Unlink();
  }

  void Arm(Timer& timer, milliseconds delay) {
    timer.Disarm();
    const auto since_start = NowOrSoon() - start_ + std::max(delay, milliseconds(0));
    // Rounded up, so that it never fires early; never a tick that has been served.
    timer.due_tick_ = std::max<std::uint64_t>(
        (since_start + kTick - std::chrono::nanoseconds(1)) / kTick, served_ + 1);
    Link& slot = slots_[timer.due_tick_ % kSlots];
    Link& link = timer;
    link.next = &slot;
    link.previous = slot.previous;
    slot.previous->next = &link;
    slot.previous = &link;
    if (!asleep_ || timer.due_tick_ < wake_tick_)
      SleepUntil(std::min(timer.due_tick_, Now() + kMaxTicksAsleep));
  }

 private:
  std::uint64_t Now() const { return (steady_clock::now() - start_) / kTick; }

  void SleepUntil(std::uint64_t tick) {
    asleep_ = true;
    wake_tick_ = tick;
    alarm_.expires_at(start_ + tick * kTick);
    alarm_.async_wait([this](const boost::system::error_code& error) {
      if (!error) Wake();
    });
  }

  void Wake() {
    wake_tick_ = 0;  // what the callbacks arm is seen at the end
    const std::uint64_t now = Now();
    // All slots at most once, however late we are.
    const std::uint64_t first = std::max(served_ + 1, now >= kSlots ? now - kSlots + 1 : 0);
    served_ = now;
    for (std::uint64_t tick = first; tick <= now; ++tick) CollectDue(slots_[tick % kSlots], now);
    while (due_.next != &due_) {
      Timer& timer = static_cast<Timer&>(*due_.next);
      timer.Disarm();
      timer.run_(timer.context_);
    }
    SleepUntilNext(now);
  }

  void CollectDue(Link& slot, std::uint64_t now) {
    for (Link* link = slot.next; link != &slot;) {
      Timer& timer = static_cast<Timer&>(*link);
      link = link->next;
      if (timer.due_tick_ > now) continue;
      timer.Disarm();
      Link& due = timer;
      due.next = &due_;
      due.previous = due_.previous;
      due_.previous->next = &due;
      due_.previous = &due;
    }
  }

  void SleepUntilNext(std::uint64_t now) {
    for (std::uint64_t tick = now + 1; tick < now + kMaxTicksAsleep; ++tick) {
      if (slots_[tick % kSlots].next != &slots_[tick % kSlots]) return SleepUntil(tick);
    }
    const bool armed = std::any_of(slots_.begin(), slots_.end(),
                                   [](const Link& slot) { return slot.next != &slot; });
    asleep_ = armed;
    if (armed) SleepUntil(now + kMaxTicksAsleep);
  }

  std::array<Link, kSlots> slots_;
  Link due_;
  boost::asio::steady_timer alarm_;
  const steady_clock::time_point start_;
  std::uint64_t served_ = 0;
  std::uint64_t wake_tick_ = 0;
  bool asleep_ = false;
};

Timers::Timers(boost::asio::io_context& io) : wheel_(std::make_unique<Wheel>(io)) {}
Timers::~Timers() = default;

void Timers::Arm(Timer& timer, milliseconds delay, void (*run)(void*), void* context) {
  timer.run_ = run;
  timer.context_ = context;
  wheel_->Arm(timer, delay);
}

namespace {

// Ends by the timer or by the signal. Either way the sleeper resumes from the wheel: a hook may not
// run coroutines.
struct Sleeper {
  Timers& timers;
  milliseconds delay;
  Timers::Timer timer;
  std::coroutine_handle<> waiting;

  bool await_ready() const { return false; }
  void await_suspend(std::coroutine_handle<> self) {
    waiting = self;
    ArmFor(delay);
  }
  void await_resume() const {}
  void ArmFor(milliseconds time) {
    timers.Arm(
        timer, time, [](void* context) { static_cast<Sleeper*>(context)->waiting.resume(); }, this);
  }
};

}  // namespace

Task<bool> Timers::Sleep(milliseconds delay, CancelSignal& cancel) {
  if (cancel.requested()) co_return false;
  Sleeper sleeper{*this, delay, {}, {}};
  auto wake = [&sleeper] { sleeper.ArmFor(milliseconds(0)); };
  CancelSignal::Hook<decltype(wake)> hook(cancel, wake);
  co_await sleeper;
  co_return !cancel.requested();
}

}  // namespace base
