// Limits count calls exactly: at most N units admitted in *any* window of W, across all workers.
//
// One per process, shared by all workers and all snapshots. A rule's Counter keeps, for each key, a
// ring with the times of the last N units admitted. A call of weight w fits when the unit that
// would leave the ring is older than the window:
//
//     newest ----------------------------- oldest
//     [t0 t1 t2 ... t(N-w) ... t(N-1)]        admit w more when t(N-w) + W <= now
//
// so a decision costs one look, whatever N is, and a changed N or W finds the same times. A call
// with several limits takes all or none: the shards of its keys are locked together, in the order
// of their counters, and read one clock. No lock is held across I/O; a decision holds them for well
// under a microsecond.
//
// A counter holds at most 100,000 keys: those whose units have all left go first; when there is
// none, a new key is refused.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>

#include "base/clock.h"

namespace gateway::state {

class Limits {
 public:
  static constexpr std::size_t kMaxKeys = 100'000;
  // Of one rule; made and kept by Limits.
  class Counter;

  explicit Limits(const base::Clock& clock, std::size_t max_keys = kMaxKeys);
  ~Limits();

  // The counter of a policy set's rule: the same one for as long as anybody holds it, and at least
  // until it is empty.
  std::shared_ptr<Counter> Find(std::string_view set, std::string_view rule);

  struct Charge {
    Counter* counter = nullptr;
    std::string_view key;
    std::uint32_t calls = 1;
    base::Duration window{};
    std::uint32_t weight = 1;
    // Only looks: a full counter is told, but refuses nobody.
    bool observe = false;
    // Where not null: told how many units are left behind this call, whether it is admitted or not.
    std::int64_t* left = nullptr;
  };
  static constexpr std::size_t kNone = static_cast<std::size_t>(-1);
  struct Verdict {
    // Index of the charge that refuses (the one that will have room last), and of the first that
    // only observes.
    std::size_t refused_by = kNone;
    std::size_t observed = kNone;
    // Of an admitted call the charge that has the smallest share left, of those that are enforced.
    std::size_t least = kNone;
    // Of `refused_by`, else of `least`: whole seconds until the call would fit, or until the oldest
    // unit leaves; rounded up, at least 1.
    std::int64_t retry_after_s = 0;
    // Units left now.
    std::int64_t remaining = 0;

    bool admitted() const { return refused_by == kNone; }
  };

  // Takes all charges or none. REQUIRES: sorted with Before, no counter twice, 1 <= weight <=
  // calls.
  Verdict Reserve(std::span<const Charge> charges);
  // The one order in which counters are locked.
  static bool Before(const Counter& a, const Counter& b);

  static std::size_t KeyCount(const Counter& counter);

 private:
  // Constant after construction
  const base::Clock& clock_;
  const std::size_t max_keys_;

  std::mutex mutex_;  // guards the members below
  std::map<std::string, std::shared_ptr<Counter>, std::less<>> counters_;
  std::uint64_t next_order_ = 0;
};

}  // namespace gateway::state
