// Timers are a worker's coarse deadlines: a wheel with a tick of 50 ms, so that a deadline per call
// costs no system call.
//
// One thread. A timer fires at most one tick late and never early. The loop is woken only for slots
// that hold a timer.
#pragma once

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <cstdint>
#include <memory>

#include "base/cancel.h"
#include "base/task.h"

namespace base {

class Timers {
  // A ring of timers through its own links; a slot is a ring with one bare Link.
  struct Link {
    Link* next = this;
    Link* previous = this;
    void Unlink() {
      next->previous = previous;
      previous->next = next;
      next = previous = this;
    }
  };

 public:
  explicit Timers(boost::asio::io_context& io);
  ~Timers();

  // An armed deadline; disarmed by its destructor. The callback runs on the loop and may destroy
  // the timer.
  class Timer : private Link {
   public:
    Timer() = default;
    Timer(Timer&&) = delete;
    ~Timer() { Disarm(); }
    void Disarm() { Unlink(); }
    bool armed() const { return next != this; }

   private:
    friend class Timers;
    std::uint64_t due_tick_ = 0;
    void (*run_)(void*) = nullptr;
    void* context_ = nullptr;
  };

  // Arms `timer` (disarming it first): `run(context)` after `delay`.
  void Arm(Timer& timer, std::chrono::milliseconds delay, void (*run)(void*), void* context);

  // Waits; false when `cancel` ended the wait early.
  Task<bool> Sleep(std::chrono::milliseconds delay, CancelSignal& cancel);

 private:
  class Wheel;
  std::unique_ptr<Wheel> wheel_;
};

}  // namespace base
