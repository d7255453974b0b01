// Permits are places: at most so many calls of a rule's key at a time, and a short queue for more.
//
// One per process, any thread. Places are kept by policy set and rule and survive snapshots: a call
// that runs by an older limit still holds its own. Only keys in use are kept, at most 100,000 a rule.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "base/cancel.h"
#include "base/loop.h"
#include "base/task.h"

namespace gateway::state {

class Permits {
 public:
  static constexpr std::size_t kMaxKeys = 100'000;
  static constexpr std::size_t kMaxWaiting = 1'000;  // of a rule
  // Of one rule; made and kept by Permits.
  class Counter;
  struct Place;

  explicit Permits(std::size_t max_keys = kMaxKeys);
  ~Permits();

  // The counter of a policy set's rule: the same one for as long as anybody holds it.
  std::shared_ptr<Counter> Find(std::string_view set, std::string_view rule);

  // A place that is held; its destructor gives it to whoever waits first. The counter outlives it.
  class Permit {
   public:
    Permit(Permit&& other) noexcept
        : counter_(other.counter_), place_(std::exchange(other.place_, nullptr)) {}
    Permit& operator=(Permit&&) = delete;
    ~Permit();

   private:
    friend class Permits;
    Permit(Counter& counter, Place& place) : counter_(counter), place_(&place) {}
    Counter& counter_;
    Place* place_;
  };

  struct Wish {
    Counter* counter = nullptr;
    std::string_view key;
    std::uint32_t max = 1;
    // How long it may wait; 0: not at all.
    std::chrono::milliseconds queue{0};
  };
  // Nothing when all places are held, or others wait for one.
  std::optional<Permit> TryTake(const Wish& wish);
  // Nothing when none became free in time, the queue is full, or `cancel` was requested. The key
  // outlives the task.
  base::Task<std::optional<Permit>> Take(Wish wish, base::Loop& loop, base::CancelSignal& cancel);

  static std::size_t KeyCount(const Counter& counter);

 private:
  // Constant after construction
  const std::size_t max_keys_;

  std::mutex mutex_;  // guards the members below
  std::map<std::string, std::shared_ptr<Counter>, std::less<>> counters_;
};

}  // namespace gateway::state
