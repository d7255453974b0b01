#include "gateway/backends/opening_streams.h"

#include <memory>
#include <utility>

namespace gateway {

OpeningStreams::Opening::Opening(OpeningStreams& all, std::string key)
    : all_(all), key_(std::move(key)) {
  const std::lock_guard lock(all_.mutex_);
  ++all_.opening_[key_].openings;
  ++all_.count_;
}

OpeningStreams::Opening::~Opening() {
  std::vector<std::function<void()>> waiters;
  {
    const std::lock_guard lock(all_.mutex_);
    --all_.count_;
    const auto found = all_.opening_.find(key_);
    if (--found->second.openings > 0) return;
    waiters = std::move(found->second.waiters);
    all_.opening_.erase(found);
  }
  for (const auto& resume : waiters) resume();
}

base::Task<> OpeningStreams::Wait(base::Loop& loop, std::string key, base::CancelSignal& cancel) {
  // The usual case costs no lock.
  if (count_.load(std::memory_order_acquire) == 0 || late_.load(std::memory_order_relaxed))
    co_return;
  if (cancel.requested()) co_return;
  // Whoever comes first resumes us, and only once: the opening's end on its thread, or our signal.
  std::function<void()> resume;
  const auto give_up = [&resume] {
    if (resume) resume();
  };
  base::CancelSignal::Hook hook(cancel, give_up);
  co_await base::AwaitIo<>([&](auto handler) {
    const auto resumed = std::make_shared<std::atomic<bool>>(false);
    resume = [&loop, handler, resumed]() {
      if (!resumed->exchange(true)) loop.Post(handler);
    };
    const std::lock_guard lock(mutex_);
    const auto found = opening_.find(key);
    if (found == opening_.end()) return resume();
    found->second.waiters.push_back(resume);
  });
}

}  // namespace gateway
