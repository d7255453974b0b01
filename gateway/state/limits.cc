#include "gateway/state/limits.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <boost/container/small_vector.hpp>
#include <cassert>
#include <functional>
#include <vector>

#include "gateway/state/kept_key.h"

namespace gateway::state {

namespace {

constexpr std::size_t kShards = 16;

// The times of the last units admitted, newest last. Grows by doubling, up to what the limit needs.
class Ring {
 public:
  std::size_t size() const { return size_; }
  // 0 is the newest.
  base::TimePoint at(std::size_t age) const {
    return times_[(end_ + times_.size() - 1 - age) % times_.size()];
  }

  // `limit` and `window` say how long a time may still matter.
  void Push(base::TimePoint now, std::size_t limit, base::Duration window) {
    if (size_ == times_.size()) {
      const bool oldest_matters = size_ > 0 && at(size_ - 1) + window > now;
      if (size_ < limit && (oldest_matters || size_ == 0)) {
        Grow(std::min(limit, std::max<std::size_t>(4, size_ * 2)));
      } else {
        --size_;
      }
    }
    times_[end_] = now;
    end_ = (end_ + 1) % times_.size();
    ++size_;
  }

  // Units admitted within the window before `now`.
  std::size_t Within(base::TimePoint now, base::Duration window) const {
    std::size_t low = 0, high = size_;
    while (low < high) {
      const std::size_t middle = (low + high) / 2;
      if (at(middle) + window > now) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low;
  }

 private:
  void Grow(std::size_t capacity) {
    std::vector<base::TimePoint> grown(capacity);
    for (std::size_t age = 0; age < size_; ++age) grown[size_ - 1 - age] = at(age);
    times_ = std::move(grown);
    end_ = size_ % capacity;
  }

  std::vector<base::TimePoint> times_;
  std::size_t end_ = 0;
  std::size_t size_ = 0;
};

struct Log {
  Ring ring;
  base::Duration window{};  // of the last charge
  // In the shard's order of use.
  Log* older = nullptr;
  Log* newer = nullptr;
  const std::string* key = nullptr;  // the map's own

  bool Empty(base::TimePoint now) const { return ring.size() == 0 || ring.at(0) + window <= now; }
};

// A map by comparison: keys come from callers, who must not be able to make them collide.
struct Shard {
  std::mutex mutex;
  std::map<std::string, Log, std::less<>> logs;
  Log* oldest = nullptr;
  Log* newest = nullptr;

  void Unlink(Log& log) {
    (log.older ? log.older->newer : oldest) = log.newer;
    (log.newer ? log.newer->older : newest) = log.older;
    log.older = log.newer = nullptr;
  }
  void LinkNewest(Log& log) {
    log.older = newest;
    (newest ? newest->newer : oldest) = &log;
    newest = &log;
  }
  // Drops up to `count` keys whose units have all left; how many it dropped.
  std::size_t DropEmpty(base::TimePoint now, std::size_t count) {
    std::size_t dropped = 0;
    while (dropped < count && oldest && oldest->Empty(now)) {
      Log& log = *oldest;
      Unlink(log);
      logs.erase(logs.find(*log.key));
      ++dropped;
    }
    return dropped;
  }
};

}  // namespace

class Limits::Counter {
 public:
  explicit Counter(std::uint64_t number) : order(number) {}

  Shard& ShardOf(std::string_view key) {
    return shards[std::hash<std::string_view>()(key) % kShards];
  }

  // Drops empty keys wherever they are. REQUIRES: the caller holds no shard's lock.
  std::size_t DropEmpty(base::TimePoint now, std::size_t count) {
    std::size_t dropped = 0;
    for (Shard& shard : shards) {
      const std::lock_guard lock(shard.mutex);
      dropped += shard.DropEmpty(now, count);
    }
    keys -= dropped;
    return dropped;
  }

  const std::uint64_t order;
  std::array<Shard, kShards> shards;
  std::atomic<std::size_t> keys = 0;
};

namespace {

// What is known of one charge while its shard is locked.
struct Look {
  std::unique_lock<std::mutex> lock;
  Shard* shard = nullptr;
  KeptKey key;
  Log* log = nullptr;  // null: a new key
  bool fits = true;
  bool no_room_for_key = false;
  base::TimePoint fits_at{};
};
using Looks = boost::container::small_vector<Look, 4>;

void LockKey(const Limits::Charge& charge, Look& look) {
  look.key = KeptKey(charge.key);
  look.shard = &charge.counter->ShardOf(look.key.text());
  look.lock = std::unique_lock(look.shard->mutex);
}

void LookAt(const Limits::Charge& charge, Look& look, base::TimePoint now, std::size_t max_keys) {
  const auto found = look.shard->logs.find(look.key.text());
  if (found == look.shard->logs.end()) {
    Limits::Counter& counter = *charge.counter;
    if (counter.keys >= max_keys) counter.keys -= look.shard->DropEmpty(now, 2);
    if (counter.keys < max_keys) return;
    look.no_room_for_key = true;
    look.fits = false;
    look.fits_at = now + charge.window;
    return;
  }
  look.log = &found->second;
  const std::size_t room_for = charge.calls - charge.weight;
  if (look.log->ring.size() <= room_for) return;
  look.fits_at = look.log->ring.at(room_for) + charge.window;
  look.fits = look.fits_at <= now;
}

void Take(const Limits::Charge& charge, Look& look, base::TimePoint now) {
  if (look.log) {
    look.shard->Unlink(*look.log);
  } else {
    // Two out for one in: idle keys go as long as new ones come.
    charge.counter->keys -= look.shard->DropEmpty(now, 2);
    const auto added = look.shard->logs.try_emplace(std::string(look.key.text())).first;
    look.log = &added->second;
    look.log->key = &added->first;
    ++charge.counter->keys;
  }
  look.log->window = charge.window;
  for (std::uint32_t unit = 0; unit < charge.weight; ++unit)
    look.log->ring.Push(now, charge.calls, charge.window);
  look.shard->LinkNewest(*look.log);
}

void Tell(const Limits::Charge& charge, const Look& look, base::TimePoint now,
          Limits::Verdict& verdict) {
  const auto wait = std::chrono::ceil<std::chrono::seconds>(look.fits_at - now).count();
  verdict.retry_after_s = std::max<std::int64_t>(1, wait);
  if (!look.log) return;
  const std::size_t used = look.log->ring.Within(now, charge.window);
  verdict.remaining = charge.calls > used ? static_cast<std::int64_t>(charge.calls - used) : 0;
}

// Of an admitted one: what is left of the charge with the smallest share.
void TellLeast(const Limits::Charge& charge, const Look& look, base::TimePoint now,
               std::size_t index, double& least, Limits::Verdict& verdict) {
  const Ring& ring = look.log->ring;
  const std::size_t used = ring.Within(now, charge.window);
  const std::int64_t left = std::max<std::int64_t>(
      0, static_cast<std::int64_t>(charge.calls) - static_cast<std::int64_t>(used));
  const double share = static_cast<double>(left) / charge.calls;
  if (share >= least) return;
  least = share;
  verdict.least = index;
  verdict.remaining = left;
  const base::Duration until = ring.at(used - 1) + charge.window - now;
  verdict.retry_after_s =
      std::max<std::int64_t>(1, std::chrono::ceil<std::chrono::seconds>(until).count());
}

void TellLeft(std::span<const Limits::Charge> charges, const Looks& looks, base::TimePoint now) {
  for (std::size_t i = 0; i < charges.size(); ++i) {
    if (!charges[i].left) continue;
    const std::size_t used = looks[i].log ? looks[i].log->ring.Within(now, charges[i].window) : 0;
    *charges[i].left =
        charges[i].calls > used ? static_cast<std::int64_t>(charges[i].calls - used) : 0;
  }
}

// `crowded` becomes the counter that had no room for a new key, if that is why the call is refused.
Limits::Verdict TryReserve(std::span<const Limits::Charge> charges, const base::Clock& clock,
                           std::size_t max_keys, Limits::Counter*& crowded) {
  Looks looks(charges.size());
  for (std::size_t i = 0; i < charges.size(); ++i) LockKey(charges[i], looks[i]);
  // One clock for all, read under the locks: the times in a ring never go back.
  const base::TimePoint now = clock.Now();

  Limits::Verdict verdict;
  for (std::size_t i = 0; i < charges.size(); ++i) {
    LookAt(charges[i], looks[i], now, max_keys);
    if (looks[i].fits) continue;
    if (charges[i].observe) {
      verdict.observed = std::min(verdict.observed, i);
      continue;
    }
    if (looks[i].no_room_for_key) crowded = charges[i].counter;
    if (verdict.admitted() || looks[i].fits_at > looks[verdict.refused_by].fits_at)
      verdict.refused_by = i;
  }
  if (!verdict.admitted()) {
    Tell(charges[verdict.refused_by], looks[verdict.refused_by], now, verdict);
    TellLeft(charges, looks, now);
    return verdict;
  }
  double least = 2;
  for (std::size_t i = 0; i < charges.size(); ++i) {
    if (!looks[i].fits) continue;
    Take(charges[i], looks[i], now);
    if (!charges[i].observe) TellLeast(charges[i], looks[i], now, i, least, verdict);
  }
  TellLeft(charges, looks, now);
  return verdict;
}

}  // namespace

Limits::Limits(const base::Clock& clock, std::size_t max_keys)
    : clock_(clock), max_keys_(max_keys) {}
Limits::~Limits() = default;

bool Limits::Before(const Counter& a, const Counter& b) { return a.order < b.order; }
std::size_t Limits::KeyCount(const Counter& counter) { return counter.keys; }

std::shared_ptr<Limits::Counter> Limits::Find(std::string_view set, std::string_view rule) {
  std::string name(set);
  name.append("#").append(rule);
  const std::lock_guard lock(mutex_);
  if (const auto found = counters_.find(name); found != counters_.end()) return found->second;
  // A new rule is the moment to forget those that nobody uses and that hold nothing any more.
  const base::TimePoint now = clock_.Now();
  std::erase_if(counters_, [&](const auto& entry) {
    if (entry.second.use_count() > 1) return false;
    entry.second->DropEmpty(now, kMaxKeys);
    return entry.second->keys == 0;
  });
  return counters_.emplace(std::move(name), std::make_shared<Counter>(next_order_++)).first->second;
}

Limits::Verdict Limits::Reserve(std::span<const Charge> charges) {
  assert(std::is_sorted(charges.begin(), charges.end(), [](const Charge& a, const Charge& b) {
    return Before(*a.counter, *b.counter);
  }));
  Counter* crowded = nullptr;
  Verdict verdict = TryReserve(charges, clock_, max_keys_, crowded);
  // Keys in other shards may be empty: drop those, without our locks, and look once more.
  if (crowded && crowded->DropEmpty(clock_.Now(), 16) > 0) {
    crowded = nullptr;
    verdict = TryReserve(charges, clock_, max_keys_, crowded);
  }
  return verdict;
}

}  // namespace gateway::state
