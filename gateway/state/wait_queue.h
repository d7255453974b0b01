// A WaitQueue is the coroutines, of any worker, that wait for something another thread will do.
//
// It has no lock of its own: it lies beside what they wait for, under the same mutex, so that nothing
// can happen between a look and the wait. Each is resumed once, on its own loop: by whoever wakes it,
// by its deadline or by the end of its call, whichever comes first.
#pragma once

#include <chrono>
#include <functional>
#include <mutex>

#include "base/cancel.h"
#include "base/loop.h"
#include "base/task.h"

namespace gateway::state {

class WaitQueue {
 public:
  enum class End { kWoken, kTimedOut, kCancelled };

  WaitQueue() = default;
  WaitQueue(const WaitQueue&) = delete;
  WaitQueue& operator=(const WaitQueue&) = delete;

  // REQUIRES of all: the mutex is held.
  bool empty() const { return first_ == nullptr; }
  std::size_t size() const { return size_; }
  // First come, first served. REQUIRES: not empty.
  void WakeFirst();
  void WakeAll() {
    while (!empty()) WakeFirst();
  }

  // Waits at the end of the queue. `lock` holds the mutex, and is released before the wait; the queue
  // stays where it is until the task ends. `at_most` is exact to a tick of the loop's timers.
  base::Task<End> Wait(std::unique_lock<std::mutex>& lock, base::Loop& loop,
                       std::chrono::milliseconds at_most, base::CancelSignal& cancel);

 private:
  struct Place {
    bool waiting = false;
    End end = End::kWoken;
    std::function<void()> resume;  // posts
    Place* next = nullptr;
    Place* previous = nullptr;
  };
  struct Waiting;
  void Append(Place& place);
  void Remove(Place& place);

  Place* first_ = nullptr;
  Place* last_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace gateway::state
