// Timers are a worker's coarse deadlines: a wheel with a tick of 50 ms, so that a deadline per call costs no system call.
//
// One thread. A timer fires at most one tick late and never early.
#pragma once

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <memory>

#include "base/cancel.h"
#include "base/task.h"

namespace base {

class Timers {
 public:
  explicit Timers(boost::asio::io_context& io);
  ~Timers();

  // An armed deadline; disarmed by its destructor. The callback runs on the loop and may destroy the timer.
  class Timer {
   public:
    Timer() = default;
    Timer(Timer&&) = delete;
    ~Timer();
    void Disarm();
    bool armed() const { return timers_ != nullptr; }

   private:
    friend class Timers;
    Timers* timers_ = nullptr;
    Timer* next_ = nullptr;
    Timer* previous_ = nullptr;
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
