#include "base/doorbell.h"

#include <atomic>
#include <coroutine>
#include <utility>

namespace base {

struct Doorbell::State {
  explicit State(Loop& its_loop) : loop(its_loop) {}

  void Wake() {
    if (const auto resumed = std::exchange(waiter, nullptr)) resumed.resume();
  }

  Loop& loop;
  std::atomic<bool> on_its_way = false;  // a ring was posted and has not arrived
  // Touched by the loop's thread alone
  bool rung = false;
  std::coroutine_handle<> waiter;
};

// Ends by the ring, the signal or the timer; always resumed from the loop.
struct Doorbell::Awaiter {
  explicit Awaiter(State& its_state) : state(its_state) {}
  Awaiter(Awaiter&&) = delete;
  ~Awaiter() { state.waiter = nullptr; }

  bool await_ready() const { return state.rung; }
  void await_suspend(std::coroutine_handle<> self) { state.waiter = self; }
  void await_resume() const {}

  State& state;
};

Doorbell::Doorbell(Loop& loop) : state_(std::make_shared<State>(loop)) {}
Doorbell::~Doorbell() = default;

void Doorbell::Ring() {
  if (state_->on_its_way.exchange(true)) return;
  state_->loop.Post([state = state_] {
    state->on_its_way.store(false);
    state->rung = true;
    state->Wake();
  });
}

Task<Doorbell::Woken> Doorbell::Wait(std::chrono::milliseconds patience, CancelSignal& cancel) {
  if (cancel.requested()) co_return Woken::kCancelled;
  State& state = *state_;
  Timers::Timer timer;
  bool expired = false;
  struct Expiry {
    State& state;
    bool& expired;
  } expiry{state, expired};
  state.loop.timers.Arm(
      timer, patience,
      [](void* context) {
        auto& self = *static_cast<Expiry*>(context);
        self.expired = true;
        self.state.Wake();
      },
      &expiry);
  // A hook may not run coroutines.
  auto wake = [this] { Ring(); };
  CancelSignal::Hook<decltype(wake)> hook(cancel, wake);
  Awaiter awaiter(state);
  co_await awaiter;
  const bool rung = std::exchange(state.rung, false);
  if (cancel.requested()) co_return Woken::kCancelled;
  co_return rung || !expired ? Woken::kRung : Woken::kExpired;
}

}  // namespace base
