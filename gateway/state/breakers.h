// Breakers spare servers that fail: after so many failures the next calls are refused at once, then a
// few are let through to see.
//
//          failures, or share of them, within the window
//   CLOSED ---------------------------------------------> OPEN
//     ^                                                    |  open_s, or the server's Retry-After
//     |  so many successes                                 v
//     `------------------------------------------------ HALF OPEN --> OPEN: one failure
//
// One per process, any thread. Kept by policy set, rule, server and (of a pool) member, and found
// again by a changed policy.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "mcp/place_guard.h"

namespace gateway::state {

class Breaker {
 public:
  // `clock` outlives it.
  explicit Breaker(const base::Clock& clock) : clock_(clock) {}

  struct Settings {
    int failures = 5;  // 0: only by share
    std::chrono::seconds window{30};
    std::chrono::seconds open{20};
    int half_open_calls = 1;
    int failure_percent = 0;  // 0: not by share
    int min_calls = 20;
  };
  static constexpr std::chrono::seconds kOpenAtMost{3'600};

  // What Admit said, to be given to Note by whoever was admitted.
  struct Pass {
    bool admitted = true;
    // Of a refusal: when to ask again; 1 at least.
    std::int64_t retry_after_s = 0;
    std::uint64_t epoch = 0;
  };
  Pass Admit(const Settings& settings);

  enum class End {
    kSucceeded,
    kFailed,
    kNeither,  // the caller gave up, or nothing was asked
  };
  // Once for each pass that was admitted. `retry_after`: how long the server wants to be left alone.
  void Note(const Settings& settings, const Pass& pass, End end, std::chrono::seconds retry_after);

  // It would refuse a call now.
  bool refuses(const Settings& settings) const;

 private:
  enum class State { kClosed, kOpen, kHalfOpen };
  static constexpr std::size_t kSlots = 16;
  struct Slot {
    std::int64_t number = -1;
    int calls = 0;
    int failed = 0;
  };

  // Under the lock.
  void Count(const Settings& settings, bool failed, base::TimePoint now);
  bool IsTooMuch(const Settings& settings, base::TimePoint now) const;
  void Open(const Settings& settings, std::chrono::seconds retry_after, base::TimePoint now);
  void Enter(State state);
  std::int64_t SecondsLeft(base::TimePoint now) const;

  const base::Clock& clock_;

  mutable std::mutex mutex_;  // guards all below
  State state_ = State::kClosed;
  // Counts the changes of state: what began in an earlier one says nothing about this one.
  std::uint64_t epoch_ = 0;
  std::deque<base::TimePoint> failures_;  // of CLOSED, the newest, as many as open it
  std::array<Slot, kSlots> slots_;        // of CLOSED, a sixteenth of the window each
  base::TimePoint open_until_{};
  int trying_ = 0;  // of HALF OPEN
  int well_ = 0;
};

class Breakers;

// Those of a pool's members by one rule. Kept as long as the Breakers are, since calls refer to it.
class PoolBreakers final : public mcp::PlaceGuard {
 public:
  PoolBreakers(Breakers& all, std::string set, std::string rule, std::string server)
      : all_(all), set_(std::move(set)), rule_(std::move(rule)), server_(std::move(server)) {}

  // As the rule is now. `failures` has a bit for each mcp::UpstreamFailure that is one.
  void Set(const Breaker::Settings& settings, std::uint32_t failures);

  bool Refuses(std::string_view place) const override;
  Pass Admit(std::string_view place) override;
  void Note(std::string_view place, const Pass& pass, const mcp::UpstreamAttempt* attempt) override;

 private:
  Breaker& Of(std::string_view place) const;
  Breaker::Settings settings() const;

  // Constant after construction
  Breakers& all_;
  const std::string set_, rule_, server_;

  mutable std::mutex mutex_;  // guards those below
  Breaker::Settings settings_;
  std::uint32_t failures_ = 0;
  mutable std::map<std::string, std::shared_ptr<Breaker>, std::less<>> places_;
};

class Breakers {
 public:
  static constexpr std::size_t kMaxBreakers = 100'000;
  // `clock` outlives it.
  explicit Breakers(const base::Clock& clock) : clock_(clock) {}

  // The same one for as long as anybody holds it, and longer. `member` empty: the server has one
  // place.
  std::shared_ptr<Breaker> Find(std::string_view set, std::string_view rule,
                                std::string_view server, std::string_view member = {});
  // Of all members of a pool. Lives as long as this.
  PoolBreakers& FindPool(std::string_view set, std::string_view rule, std::string_view server);

 private:
  const base::Clock& clock_;

  std::mutex mutex_;  // guards those below
  std::map<std::string, std::shared_ptr<Breaker>, std::less<>> breakers_;
  std::map<std::string, std::unique_ptr<PoolBreakers>, std::less<>> pools_;
};

}  // namespace gateway::state
