// An Event lets one coroutine wait until something happened on its own thread: for what a loop
// tells itself. It knows no time-out and no cancellation (a hook that sets it is both), and costs a
// post. Where another thread tells, or the wait has a patience: doorbell.h.
//
// One waiter at a time. Set may be called from anywhere on the thread, from a cancellation's hook
// too: the waiter resumes from the loop, never inside Set. What was set stays set until somebody
// waited for it.
#pragma once

#include <coroutine>
#include <utility>

#include "base/loop.h"

namespace base {

class Event {
 public:
  explicit Event(Loop& loop) : loop_(loop) {}
  Event(const Event&) = delete;

  void Set() {
    if (std::exchange(set_, true) || !waiter_) return;
    loop_.Post([waiter = std::exchange(waiter_, nullptr)] { waiter.resume(); });
  }

  // co_await event.Wait();
  auto Wait() {
    struct Waiting {
      Event& event;
      bool await_ready() const noexcept { return event.set_; }
      void await_suspend(std::coroutine_handle<> self) noexcept { event.waiter_ = self; }
      void await_resume() const noexcept { event.set_ = false; }
    };
    return Waiting{*this};
  }

 private:
  Loop& loop_;
  std::coroutine_handle<> waiter_;
  bool set_ = false;
};

}  // namespace base
