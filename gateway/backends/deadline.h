// A Deadline ends what a call waits for when its caller gives up or its time is over. Lives in the
// call's frame; costs no system call.
#pragma once

#include <chrono>

#include "base/cancel.h"
#include "base/loop.h"

namespace gateway {

class Deadline {
 public:
  // `total` zero: none.
  Deadline(base::Loop& loop, base::CancelSignal& caller, std::chrono::milliseconds total)
      : total_(total), hook_(caller, CallerGone{*this}) {
    if (caller.requested()) signal_.Request();
    if (total.count() > 0) loop.timers.Arm(timer_, total, Expire, this);
  }
  Deadline(const Deadline&) = delete;

  // For everything that the call waits for.
  base::CancelSignal& signal() { return signal_; }
  // The time was over; otherwise a requested signal means that the caller gave up.
  bool expired() const { return expired_; }
  std::chrono::milliseconds total() const { return total_; }

 private:
  struct CallerGone {
    Deadline& deadline;
    void operator()() const { deadline.signal_.Request(); }
  };
  static void Expire(void* self) {
    static_cast<Deadline*>(self)->expired_ = true;
    static_cast<Deadline*>(self)->signal_.Request();
  }

  const std::chrono::milliseconds total_;
  base::CancelSignal signal_;
  base::CancelSignal::Hook<CallerGone> hook_;
  base::Timers::Timer timer_;
  bool expired_ = false;
};

}  // namespace gateway
