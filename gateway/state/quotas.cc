#include "gateway/state/quotas.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <boost/container/small_vector.hpp>
#include <cassert>

#include "gateway/state/kept_key.h"
#include "gateway/state/wait_queue.h"

namespace gateway::state {

namespace {

constexpr std::size_t kShards = 16;
// The registry is not asked more often about what is spent, and when it cannot be asked.
constexpr std::chrono::seconds kSpentFor{1};
constexpr std::chrono::milliseconds kUnreachableFor{250};
// What nobody used for so long is given back, for other gateways.
constexpr std::chrono::seconds kIdle{5};
constexpr std::chrono::seconds kSeekIdleEvery{1};

}  // namespace

// What is known and held of one key.
struct Quotas::Slice {
  // Changes whenever the counts below begin anew.
  std::uint64_t window = 1;
  std::int64_t window_start_ms = 0;  // 0: the registry has not said yet
  std::int64_t window_end_ms = 0;    // 0: it never ends
  base::TimePoint ends{};
  // Of the window. `running` are calls that were admitted and have not ended.
  std::int64_t granted_calls = 0, calls = 0, running = 0, calls_left = 0;
  std::int64_t granted_bytes = 0, bytes = 0, bytes_left = 0;
  // Of what was spent, what the registry has acknowledged.
  std::int64_t known_calls = 0, known_bytes = 0;
  // What the last grant made free.
  std::int64_t slice_calls = 0, slice_bytes = 0;
  std::string subscription;
  // Of the rule, as the last call had it.
  bool of_calls = false, of_bytes = false;

  // The registry is to be asked, or is being asked.
  bool wanted = false;
  bool to_release = false;
  // It was told that something is given back, and has not said that it knows.
  bool unsettled = false;
  base::TimePoint ask_again{};

  std::size_t references = 0;  // reservations, of any window
  WaitQueue queue;
  // In the shard's order of use.
  base::TimePoint used{};
  Slice* older = nullptr;
  Slice* newer = nullptr;
  const std::string* key = nullptr;  // the map's own

  std::int64_t free_calls() const { return granted_calls - calls - running; }
  std::int64_t free_bytes() const { return granted_bytes - bytes; }
  // Its counts are kept until the registry has named the next window: it may see this one's end a
  // little later than we do.
  bool over(base::TimePoint now) const {
    return window_start_ms != 0 && window_end_ms != 0 && ends <= now;
  }
  bool has_room(base::TimePoint now) const {
    return !over(now) && (!of_calls || free_calls() > 0) && (!of_bytes || free_bytes() > 0);
  }
  bool spent(base::TimePoint now) const {
    return window_start_ms != 0 && !over(now) &&
           ((of_calls && free_calls() <= 0 && calls_left == 0) ||
            (of_bytes && free_bytes() <= 0 && bytes_left == 0));
  }
  // The registry does not know yet how things are.
  bool owes() const {
    return unsettled || known_calls != calls || known_bytes != bytes ||
           (of_calls && free_calls() != 0) || (of_bytes && free_bytes() != 0);
  }
  bool in_use() const { return references != 0 || wanted || !queue.empty(); }

  void BeginAnew() {
    ++window;
    window_start_ms = window_end_ms = 0;
    granted_calls = calls = known_calls = running = calls_left = 0;
    granted_bytes = bytes = known_bytes = bytes_left = 0;
    unsettled = false;
  }
};

// A map by comparison: keys come from callers, who must not be able to make them collide.
struct Quotas::Shard {
  std::mutex mutex;
  std::map<std::string, Slice, std::less<>> slices;
  Slice* oldest = nullptr;
  Slice* newest = nullptr;

  void Unlink(Slice& slice) {
    (slice.older ? slice.older->newer : oldest) = slice.newer;
    (slice.newer ? slice.newer->older : newest) = slice.older;
    slice.older = slice.newer = nullptr;
  }
  void LinkNewest(Slice& slice) {
    slice.older = newest;
    (newest ? newest->newer : oldest) = &slice;
    newest = &slice;
  }
  void Touch(Slice& slice, base::TimePoint now) {
    Unlink(slice);
    slice.used = now;
    LinkNewest(slice);
  }
  void Drop(Slice& slice) {
    Unlink(slice);
    slices.erase(slices.find(*slice.key));
  }
};

class Quotas::Counter : public std::enable_shared_from_this<Quotas::Counter> {
 public:
  Counter(std::uint64_t number, std::string_view its_set, std::string_view its_rule)
      : order(number), set(its_set), rule(its_rule) {}

  Shard& ShardOf(std::string_view key) {
    return shards[std::hash<std::string_view>()(key) % kShards];
  }

  // Null: no room for a new key. REQUIRES: the shard's lock is held.
  Slice* SliceOf(Shard& shard, std::string_view key, std::size_t max_keys, base::TimePoint now) {
    if (const auto found = shard.slices.find(key); found != shard.slices.end()) {
      shard.Touch(found->second, now);
      return &found->second;
    }
    if (keys >= max_keys) {
      Slice* oldest = shard.oldest;
      if (!oldest || oldest->in_use() || oldest->owes()) return nullptr;
      shard.Drop(*oldest);
      --keys;
    }
    const auto added = shard.slices.try_emplace(std::string(key)).first;
    Slice& slice = added->second;
    slice.key = &added->first;
    slice.used = now;
    shard.LinkNewest(slice);
    ++keys;
    return &slice;
  }

  const std::uint64_t order;
  const std::string set;
  const std::string rule;
  std::array<Shard, kShards> shards;
  std::atomic<std::size_t> keys = 0;
};

// What is known of one charge while its shard is locked.
struct Quotas::Look {
  std::unique_lock<std::mutex> lock;
  Shard* shard = nullptr;
  Slice* slice = nullptr;
  Answer answer = Answer::kAdmitted;
  bool spent = false;
};

Quotas::Quotas(const base::Clock& clock, std::size_t max_keys)
    : clock_(clock), max_keys_(max_keys) {}
Quotas::~Quotas() = default;

bool Quotas::Before(const Counter& a, const Counter& b) { return a.order < b.order; }
std::size_t Quotas::KeyCount(const Counter& counter) { return counter.keys; }

std::shared_ptr<Quotas::Counter> Quotas::Find(std::string_view set, std::string_view rule) {
  std::string name(set);
  name.append("#").append(rule);
  const std::lock_guard lock(mutex_);
  if (const auto found = counters_.find(name); found != counters_.end()) return found->second;
  std::erase_if(counters_, [](const auto& entry) {
    return entry.second.use_count() == 1 && entry.second->keys == 0;
  });
  auto counter = std::make_shared<Counter>(next_order_++, set, rule);
  return counters_.emplace(std::move(name), std::move(counter)).first->second;
}

// ---- Calls

void Quotas::LookAt(const Charge& charge, Look& look, base::TimePoint now) {
  const KeptKey key(charge.key);
  look.shard = &charge.counter->ShardOf(key.text());
  look.lock = std::unique_lock(look.shard->mutex);
  look.slice = charge.counter->SliceOf(*look.shard, key.text(), max_keys_, now);
  if (!look.slice) {
    look.answer = Answer::kCrowded;
    return;
  }
  Slice& slice = *look.slice;
  if (slice.subscription.empty()) slice.subscription = charge.subscription;
  slice.of_calls = charge.calls != 0;
  slice.of_bytes = charge.bytes != 0;
  if (slice.has_room(now)) return;
  look.spent = slice.spent(now);
  const bool asked = slice.wanted || now >= slice.ask_again;
  if (asked) Ask(*charge.counter, slice);
  look.answer = asked ? Answer::kWait : look.spent ? Answer::kSpent : Answer::kUnreachable;
}

void Quotas::Take(const Charge& charge, Look& look, base::TimePoint now,
                  std::vector<Reservation>& taken) {
  Slice& slice = *look.slice;
  if (slice.over(now)) slice.BeginAnew();  // without the registry's word
  if (slice.of_calls) ++slice.running;
  ++slice.references;
  taken.push_back({charge.counter, &slice, slice.window, slice.of_calls, slice.of_bytes});
  TopUp(*charge.counter, slice, now);
}

Quotas::Verdict Quotas::Reserve(std::span<const Charge> charges,
                                const std::function<bool()>& others,
                                std::vector<Reservation>& taken, bool patience) {
  assert(std::is_sorted(charges.begin(), charges.end(), [](const Charge& a, const Charge& b) {
    return Before(*a.counter, *b.counter);
  }));
  const base::TimePoint now = clock_.Now();
  boost::container::small_vector<Look, 4> looks(charges.size());
  Verdict verdict;
  // What lasts is said before what may pass.
  const auto weight = [](Answer answer) {
    switch (answer) {
      case Answer::kSpent: return 4;
      case Answer::kCrowded: return 3;
      case Answer::kUnreachable: return 2;
      case Answer::kWait: return 1;
      default: return 0;
    }
  };
  for (std::size_t i = 0; i < charges.size(); ++i) {
    LookAt(charges[i], looks[i], now);
    Answer answer = looks[i].answer;
    if (answer == Answer::kWait && !patience)
      answer = looks[i].spent ? Answer::kSpent : Answer::kUnreachable;
    if (charges[i].observe) {
      if (looks[i].spent) verdict.observed = std::min(verdict.observed, i);
      continue;
    }
    if (answer == Answer::kUnreachable && charges[i].allow_unreachable) continue;
    if (weight(answer) <= weight(verdict.answer)) continue;
    verdict.answer = answer;
    verdict.refused_by = i;
  }
  if (verdict.admitted() && !others()) verdict.answer = Answer::kElsewhere;
  if (verdict.admitted()) {
    for (std::size_t i = 0; i < charges.size(); ++i) {
      if (looks[i].slice && !looks[i].spent) Take(charges[i], looks[i], now, taken);
    }
  }

  for (std::size_t i = 0; i < charges.size(); ++i) {
    const Charge& charge = charges[i];
    if (!charge.left || !looks[i].slice || looks[i].slice->window_start_ms == 0) continue;
    const Slice& slice = *looks[i].slice;
    *charge.left =
        charge.calls != 0
            ? std::clamp<std::int64_t>(slice.free_calls() + slice.calls_left, 0, charge.calls)
            : std::clamp<std::int64_t>(slice.free_bytes() + slice.bytes_left, 0, charge.bytes);
  }
  // What is left, of the charge that decides or has least.
  double least = 2;
  for (std::size_t i = 0; i < charges.size(); ++i) {
    const bool decides = i == verdict.refused_by;
    if (!looks[i].slice || (!decides && (!verdict.admitted() || charges[i].observe))) continue;
    const Slice& slice = *looks[i].slice;
    if (slice.window_start_ms == 0) continue;
    const auto tell = [&](std::int64_t limit, std::int64_t left, bool of_bytes) {
      left = std::clamp<std::int64_t>(left, 0, limit);
      const double share = static_cast<double>(left) / static_cast<double>(limit);
      if (limit == 0 || share >= least) return;
      least = share;
      verdict.told = i;
      verdict.remaining = left;
      verdict.of_bytes = of_bytes;
      verdict.resets_at_ms = slice.window_end_ms;
      if (slice.window_end_ms != 0)
        verdict.window_s = (slice.window_end_ms - slice.window_start_ms) / 1000;
      const auto wait = std::chrono::ceil<std::chrono::seconds>(slice.ends - now).count();
      verdict.resets_in_s =
          slice.window_end_ms == 0 ? 0 : std::max<std::int64_t>(1, static_cast<std::int64_t>(wait));
    };
    tell(charges[i].calls, slice.free_calls() + slice.calls_left, false);
    tell(charges[i].bytes, slice.free_bytes() + slice.bytes_left, true);
  }
  return verdict;
}

void Quotas::Settle(const Reservation& reservation, bool spent, std::int64_t bytes) {
  Slice& slice = *reservation.slice;
  // The key is the map's for as long as it is referred to.
  Shard& shard = reservation.counter->ShardOf(*slice.key);
  const std::lock_guard lock(shard.mutex);
  --slice.references;
  // Of a window that is over nothing is owed any more.
  if (slice.window != reservation.window) return;
  if (reservation.of_calls) {
    --slice.running;
    if (spent) ++slice.calls;
  }
  if (!reservation.of_bytes || !spent) return;
  slice.bytes += bytes;
  TopUp(*reservation.counter, slice, clock_.Now());
}

base::Task<bool> Quotas::Leased(Charge charge, base::Loop& loop, base::CancelSignal& cancel) {
  const KeptKey key(charge.key);
  Shard& shard = charge.counter->ShardOf(key.text());
  std::unique_lock lock(shard.mutex);
  const auto found = shard.slices.find(key.text());
  if (found == shard.slices.end() || !found->second.wanted) co_return true;
  const WaitQueue::End end = co_await found->second.queue.Wait(lock, loop, kLeaseWithin, cancel);
  co_return end == WaitQueue::End::kWoken;
}

// ---- The registry's side

void Quotas::Ask(Counter& counter, Slice& slice) {
  if (slice.wanted) return;
  slice.wanted = true;
  const std::lock_guard lock(wanted_mutex_);
  wanted_.push_back({counter.shared_from_this(), *slice.key});
  wanted_changed_.notify_one();
}

// Ahead of need: when half of the slice is gone and the registry has more.
void Quotas::TopUp(Counter& counter, Slice& slice, base::TimePoint now) {
  if (now < slice.ask_again) return;
  const bool calls =
      slice.of_calls && slice.calls_left > 0 && slice.free_calls() * 2 <= slice.slice_calls;
  const bool bytes =
      slice.of_bytes && slice.bytes_left > 0 && slice.free_bytes() * 2 <= slice.slice_bytes;
  if (calls || bytes) Ask(counter, slice);
}

void Quotas::WantUnused(base::TimePoint now, base::Duration idle) {
  std::vector<std::shared_ptr<Counter>> counters;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [name, counter] : counters_) counters.push_back(counter);
  }
  for (const auto& counter : counters) {
    for (Shard& shard : counter->shards) {
      const std::lock_guard lock(shard.mutex);
      for (std::size_t left = shard.slices.size();
           left > 0 && shard.oldest && shard.oldest->used + idle <= now; --left) {
        Slice& slice = *shard.oldest;
        if (slice.in_use() || slice.owes()) {
          shard.Touch(slice, now);
          slice.to_release = slice.owes();
          if (slice.to_release) Ask(*counter, slice);
        } else {
          shard.Drop(slice);
          --counter->keys;
        }
      }
    }
  }
}

bool Quotas::ReadUse(const Wanted& wanted, bool last, Use& use) {
  Shard& shard = wanted.counter->ShardOf(wanted.key);
  const std::lock_guard lock(shard.mutex);
  const auto found = shard.slices.find(wanted.key);
  if (found == shard.slices.end()) return false;
  Slice& slice = found->second;
  if (last) {
    // What has not ended by now was admitted all the same.
    slice.calls += slice.running;
    slice.running = 0;
  }
  use.release = last || (slice.to_release && slice.queue.empty());
  slice.to_release = false;
  if (use.release) {
    // From here on it is not ours, whatever becomes of the message.
    slice.granted_calls = std::min(slice.granted_calls, slice.calls + slice.running);
    slice.granted_bytes = std::min(slice.granted_bytes, slice.bytes);
    slice.unsettled = true;
  }
  use.counter = wanted.counter;
  use.set = wanted.counter->set;
  use.rule = wanted.counter->rule;
  use.key = wanted.key;
  use.subscription = slice.subscription;
  use.window = slice.window;
  use.window_start_ms = slice.window_start_ms;
  use.calls = slice.calls;
  use.bytes = slice.bytes;
  use.running = slice.running;
  return true;
}

std::vector<Quotas::Use> Quotas::TakeUses(std::size_t max, std::chrono::milliseconds timeout) {
  std::vector<Wanted> wanted;
  const base::TimePoint now = clock_.Now();
  bool stopped;
  {
    const std::lock_guard lock(wanted_mutex_);
    stopped = stopped_;
  }
  if (stopped && !std::exchange(all_given_back_, true)) {
    WantUnused(now + base::Duration(1), base::Duration(0));
  } else if (!stopped && now - unused_sought_ >= kSeekIdleEvery) {
    unused_sought_ = now;
    WantUnused(now, kIdle);
  }
  {
    std::unique_lock lock(wanted_mutex_);
    if (!stopped)
      wanted_changed_.wait_for(lock, timeout, [&] { return stopped_ || !wanted_.empty(); });
    for (; !wanted_.empty() && wanted.size() < max; wanted_.pop_front())
      wanted.push_back(std::move(wanted_.front()));
  }
  std::vector<Use> uses;
  for (const Wanted& one : wanted) {
    Use use;
    if (ReadUse(one, stopped, use)) uses.push_back(std::move(use));
  }
  return uses;
}

void Quotas::Granted(const Use& use, const Grant& grant, base::TimePoint asked) {
  const base::TimePoint now = clock_.Now();
  Shard& shard = use.counter->ShardOf(use.key);
  const std::lock_guard lock(shard.mutex);
  const auto found = shard.slices.find(use.key);
  if (found == shard.slices.end()) return;
  Slice& slice = found->second;
  slice.wanted = false;
  slice.ask_again = {};
  slice.queue.WakeAll();
  // Its counts began anew meanwhile: the answer is about others.
  if (slice.window != use.window) return;
  slice.unsettled = false;
  slice.known_calls = use.calls;
  slice.known_bytes = use.bytes;
  if (grant.unknown) {
    // The rule is gone there, and soon will be here.
    slice.granted_calls = std::min(slice.granted_calls, slice.calls + slice.running);
    slice.granted_bytes = std::min(slice.granted_bytes, slice.bytes);
    slice.calls_left = slice.bytes_left = 0;
    slice.ask_again = now + kSpentFor;
    return;
  }
  // What was counted before the registry named a window belongs to the one that it names.
  if (slice.window_start_ms != 0 && slice.window_start_ms != grant.window_start_ms)
    slice.BeginAnew();
  slice.window_start_ms = grant.window_start_ms;
  slice.window_end_ms = grant.window_end_ms;
  slice.ends = asked + grant.remaining;
  slice.granted_calls = grant.calls;
  slice.granted_bytes = grant.bytes;
  slice.calls_left = grant.calls_left;
  slice.bytes_left = grant.bytes_left;
  slice.slice_calls = slice.free_calls();
  slice.slice_bytes = slice.free_bytes();
  if (slice.spent(now)) slice.ask_again = now + kSpentFor;
}

void Quotas::Failed(std::span<const Use> uses) {
  const base::TimePoint now = clock_.Now();
  for (const Use& use : uses) {
    Shard& shard = use.counter->ShardOf(use.key);
    const std::lock_guard lock(shard.mutex);
    const auto found = shard.slices.find(use.key);
    if (found == shard.slices.end()) continue;
    Slice& slice = found->second;
    slice.wanted = false;
    slice.ask_again = now + kUnreachableFor;
    slice.queue.WakeAll();
  }
}

void Quotas::Stop() {
  const std::lock_guard lock(wanted_mutex_);
  stopped_ = true;
  wanted_changed_.notify_all();
}

}  // namespace gateway::state
