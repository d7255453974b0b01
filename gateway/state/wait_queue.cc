#include "gateway/state/wait_queue.h"

namespace gateway::state {

void WaitQueue::Append(Place& place) {
  place.waiting = true;
  place.previous = last_;
  (last_ ? last_->next : first_) = &place;
  last_ = &place;
  ++size_;
}

void WaitQueue::Remove(Place& place) {
  (place.previous ? place.previous->next : first_) = place.next;
  (place.next ? place.next->previous : last_) = place.previous;
  place.next = place.previous = nullptr;
  place.waiting = false;
  --size_;
}

void WaitQueue::WakeFirst() {
  Place& place = *first_;
  Remove(place);
  place.end = End::kWoken;
  // Under the lock, which the waiter takes once more before it goes away.
  place.resume();
}

// One coroutine while it waits; its own thread's.
struct WaitQueue::Waiting {
  WaitQueue& queue;
  std::mutex& mutex;
  Place place;

  // It does not want to wait any longer.
  void Leave(End why) {
    const std::lock_guard lock(mutex);
    if (!place.waiting) return;
    queue.Remove(place);
    place.end = why;
    place.resume();
  }
};

base::Task<WaitQueue::End> WaitQueue::Wait(std::unique_lock<std::mutex>& lock, base::Loop& loop,
                                           std::chrono::milliseconds at_most,
                                           base::CancelSignal& cancel) {
  if (cancel.requested()) {
    lock.unlock();
    co_return End::kCancelled;
  }
  Waiting waiting{*this, *lock.mutex(), {}};
  const auto hang_up = [&waiting] { waiting.Leave(End::kCancelled); };
  base::CancelSignal::Hook hook(cancel, hang_up);
  base::Timers::Timer timer;
  loop.timers.Arm(
      timer, at_most, [](void* context) { static_cast<Waiting*>(context)->Leave(End::kTimedOut); },
      &waiting);
  co_await base::AwaitIo<>([&](auto handler) {
    waiting.place.resume = [&loop, handler] { loop.Post(handler); };
    Append(waiting.place);
    lock.unlock();
  });
  const std::lock_guard ended(waiting.mutex);
  co_return waiting.place.end;
}

}  // namespace gateway::state
