// A Doorbell wakes one coroutine on its own loop, from any thread, or when its patience is over.
// What only its own thread tells, without an end, is an Event (event.h): lighter, and no lock.
// Wait belongs to the loop's thread; one waiter at a time. Rings before a wait are remembered, and
// several are one. Whoever rings from another thread holds the lock under which it found the bell:
// the bell's owner takes it out under the same lock, so that no ring comes after the loop is gone.
#pragma once

#include <chrono>
#include <memory>

#include "base/cancel.h"
#include "base/loop.h"
#include "base/task.h"

namespace base {

class Doorbell {
 public:
  explicit Doorbell(Loop& loop);
  ~Doorbell();
  Doorbell(Doorbell&&) = delete;

  // Any thread.
  void Ring();

  enum class Woken { kRung, kCancelled, kExpired };
  // Until it rings, `cancel` is requested, or `patience` has passed.
  Task<Woken> Wait(std::chrono::milliseconds patience, CancelSignal& cancel);

 private:
  struct State;
  struct Awaiter;
  const std::shared_ptr<State> state_;  // shared with a ring on its way to the loop
};

}  // namespace base
