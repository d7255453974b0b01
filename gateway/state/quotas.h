// Quotas are this gateway's part of budgets that the registry keeps: of each rule and key a slice, to
// be spent here without asking anybody, topped up ahead of need.
//
//            Reserve         Settle
//   free ------------> running -----> spent          free + running + spent = granted (this window)
//     ^------------------'  given back
//
// One per process, any thread; sharded. A call with several quotas takes a unit of each or of none,
// and so it does together with whatever the caller of Reserve has to take beside them: the locks of
// its keys are held meanwhile. No lock is held across I/O.
//
// Whoever talks to the registry is another thread (feed/): it takes out what is wanted (TakeUses) and
// brings what came (Granted, Failed). So it never admits more than was granted; what is granted and
// not spent is at most one slice.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/cancel.h"
#include "base/clock.h"
#include "base/loop.h"
#include "base/task.h"

namespace gateway::state {

class Quotas {
 public:
  static constexpr std::size_t kMaxKeys = 100'000;
  // How long a call waits for the registry when nothing is left of its slice.
  static constexpr std::chrono::milliseconds kLeaseWithin{2'000};
  // Of one rule; made and kept by Quotas.
  class Counter;
  struct Slice;

  explicit Quotas(const base::Clock& clock, std::size_t max_keys = kMaxKeys);
  ~Quotas();

  // The counter of a policy set's rule: the same one for as long as anybody holds it, or anything is
  // held of it.
  std::shared_ptr<Counter> Find(std::string_view set, std::string_view rule);
  // The one order in which counters are locked.
  static bool Before(const Counter& a, const Counter& b);
  static std::size_t KeyCount(const Counter& counter);

  // ---- Calls

  struct Charge {
    Counter* counter = nullptr;
    std::string_view key;
    // What the rule gives for the window; 0: not limited.
    std::int64_t calls = 0;
    std::int64_t bytes = 0;
    // Passes when the registry cannot be asked.
    bool allow_unreachable = false;
    // Only looks: what is spent is told, but refuses nobody.
    bool observe = false;
    // Where not null: told how much of the window is left behind this call, of calls where they are
    // limited, else of bytes; not touched while it is not known.
    std::int64_t* left = nullptr;
    // Whose windows they are; empty: everybody's. REQUIRES: it is a part of the key.
    std::string_view subscription = {};
  };
  enum class Answer {
    kAdmitted,
    kElsewhere,    // what is to be taken beside the quotas was not to be had
    kSpent,        // nothing is left of the window
    kWait,         // the registry is being asked: await Leased, then try again
    kUnreachable,  // it cannot be asked
    kCrowded,      // no room for a new key
  };
  static constexpr std::size_t kNone = static_cast<std::size_t>(-1);
  struct Verdict {
    Answer answer = Answer::kAdmitted;
    // Index of the charge that decides, and of the first that only observes.
    std::size_t refused_by = kNone;
    std::size_t observed = kNone;
    // Of the charge that decides, else of the one that has the smallest share left, the others' own
    // slices not counted.
    std::size_t told = kNone;
    std::int64_t remaining = 0;
    bool of_bytes = false;
    std::int64_t window_s = 0;  // 0: it never ends
    // When the window ends: Unix time in milliseconds, and whole seconds until then, rounded up, at
    // least 1; 0: never.
    std::int64_t resets_at_ms = 0;
    std::int64_t resets_in_s = 0;

    bool admitted() const { return answer == Answer::kAdmitted; }
  };
  // What an admitted call has taken. To be settled once.
  struct Reservation {
    Counter* counter = nullptr;
    Slice* slice = nullptr;
    std::uint64_t window = 0;
    bool of_calls = false;
    bool of_bytes = false;
  };

  // Takes a unit of every charge, appended to `taken`, or none. When all have room, `others` is asked
  // to take what it has to, and its no is kElsewhere. REQUIRES: sorted with Before, no counter twice.
  // Without `patience` an answer that is not here yet counts as kUnreachable.
  Verdict Reserve(std::span<const Charge> charges, const std::function<bool()>& others,
                  std::vector<Reservation>& taken, bool patience);
  // The call has ended, or was answered without asking a server for anything (`spent` false).
  void Settle(const Reservation& reservation, bool spent, std::int64_t bytes);
  // Waits until the registry has answered about the key; false when it did not within kLeaseWithin,
  // or `cancel` was requested. The key outlives the task.
  base::Task<bool> Leased(Charge charge, base::Loop& loop, base::CancelSignal& cancel);

  // ---- The registry's side

  // What this run did with a key in a window: totals.
  struct Use {
    std::shared_ptr<Counter> counter;
    std::string set;
    std::string rule;
    std::string key;
    std::string subscription;
    std::uint64_t window = 0;  // ours
    std::int64_t window_start_ms = 0;
    std::int64_t calls = 0;
    std::int64_t bytes = 0;
    std::int64_t running = 0;
    bool release = false;
  };
  struct Grant {
    bool unknown = false;
    std::int64_t window_start_ms = 0;
    std::int64_t window_end_ms = 0;
    base::Duration remaining{};  // of the window; zero: it never ends
    std::int64_t calls = 0;
    std::int64_t bytes = 0;
    std::int64_t calls_left = 0;
    std::int64_t bytes_left = 0;
  };
  // What the registry is to be told, at most `max`; waits for some at most `timeout`. Keys that were
  // not used for a while are among it, to be given back.
  std::vector<Use> TakeUses(std::size_t max, std::chrono::milliseconds timeout);
  // `asked` is when the request was sent: windows end counted from there.
  void Granted(const Use& use, const Grant& grant, base::TimePoint asked);
  // The registry did not answer: whoever waits is told, and it is asked again.
  void Failed(std::span<const Use> uses);
  // From now on TakeUses gives everything back. REQUIRES: no call runs any more.
  void Stop();

 private:
  struct Shard;
  struct Look;
  struct Wanted {
    std::shared_ptr<Counter> counter;
    std::string key;
  };
  void LookAt(const Charge& charge, Look& look, base::TimePoint now);
  void Take(const Charge& charge, Look& look, base::TimePoint now, std::vector<Reservation>& taken);
  // REQUIRES of both: the shard's lock is held.
  void Ask(Counter& counter, Slice& slice);
  void TopUp(Counter& counter, Slice& slice, base::TimePoint now);
  // What has not been used for `idle` is to be given back, and forgotten once it was.
  void WantUnused(base::TimePoint now, base::Duration idle);
  bool ReadUse(const Wanted& wanted, bool last, Use& use);

  // Constant after construction
  const base::Clock& clock_;
  const std::size_t max_keys_;

  std::mutex mutex_;  // guards the counters; never taken under a shard's lock
  std::map<std::string, std::shared_ptr<Counter>, std::less<>> counters_;
  std::uint64_t next_order_ = 0;

  std::mutex wanted_mutex_;  // guards the members below; may be taken under a shard's lock
  std::condition_variable wanted_changed_;
  std::deque<Wanted> wanted_;
  bool stopped_ = false;

  // Of the thread that talks to the registry
  base::TimePoint unused_sought_{};
  bool all_given_back_ = false;
};

}  // namespace gateway::state
