#include "gateway/state/permits.h"

#include <array>
#include <atomic>
#include <functional>

#include "gateway/state/kept_key.h"
#include "gateway/state/wait_queue.h"

namespace gateway::state {

namespace {

constexpr std::size_t kShards = 16;

}  // namespace

// Of one key, while somebody holds or wants a place.
struct Permits::Place {
  std::uint32_t held = 0;
  std::uint32_t max = 1;  // as the newest wish had it
  WaitQueue queue;
  const std::string* key = nullptr;  // the map's own

  // A larger limit may have made room for those who wait.
  void LetIn() {
    while (held < max && !queue.empty()) {
      ++held;
      queue.WakeFirst();
    }
  }
};

class Permits::Counter {
 public:
  // A map by comparison: keys come from callers, who must not be able to make them collide.
  struct Shard {
    std::mutex mutex;
    std::map<std::string, Place, std::less<>> places;
  };

  Shard& ShardOf(std::string_view key) {
    return shards[std::hash<std::string_view>()(key) % kShards];
  }

  // Null: no room for a new key. REQUIRES of all: the shard's lock is held.
  Place* PlaceOf(Shard& shard, std::string_view key, std::size_t max_keys) {
    if (const auto found = shard.places.find(key); found != shard.places.end())
      return &found->second;
    if (keys >= max_keys) return nullptr;
    const auto added = shard.places.try_emplace(std::string(key)).first;
    added->second.key = &added->first;
    ++keys;
    return &added->second;
  }
  void DropIfUnused(Shard& shard, Place& place) {
    if (place.held != 0 || !place.queue.empty()) return;
    shard.places.erase(shard.places.find(*place.key));
    --keys;
  }

  std::array<Shard, kShards> shards;
  std::atomic<std::size_t> keys = 0;
  std::atomic<std::size_t> waiting = 0;
};

Permits::Permit::~Permit() {
  if (!place_) return;
  // The key is the map's for as long as the place is held.
  Counter::Shard& shard = counter_.ShardOf(*place_->key);
  const std::lock_guard lock(shard.mutex);
  --place_->held;
  place_->LetIn();
  counter_.DropIfUnused(shard, *place_);
}

Permits::Permits(std::size_t max_keys) : max_keys_(max_keys) {}
Permits::~Permits() = default;

std::size_t Permits::KeyCount(const Counter& counter) { return counter.keys; }

std::shared_ptr<Permits::Counter> Permits::Find(std::string_view set, std::string_view rule) {
  std::string name(set);
  name.append("#").append(rule);
  const std::lock_guard lock(mutex_);
  if (const auto found = counters_.find(name); found != counters_.end()) return found->second;
  std::erase_if(counters_, [](const auto& entry) { return entry.second.use_count() == 1; });
  return counters_.emplace(std::move(name), std::make_shared<Counter>()).first->second;
}

std::optional<Permits::Permit> Permits::TryTake(const Wish& wish) {
  const KeptKey key(wish.key);
  Counter& counter = *wish.counter;
  Counter::Shard& shard = counter.ShardOf(key.text());
  const std::lock_guard lock(shard.mutex);
  Place* place = counter.PlaceOf(shard, key.text(), max_keys_);
  if (!place) return std::nullopt;
  place->max = wish.max;
  place->LetIn();
  if (place->held >= place->max) return std::nullopt;
  ++place->held;
  return Permit(counter, *place);
}

base::Task<std::optional<Permits::Permit>> Permits::Take(Wish wish, base::Loop& loop,
                                                         base::CancelSignal& cancel) {
  const KeptKey key(wish.key);
  Counter& counter = *wish.counter;
  Counter::Shard& shard = counter.ShardOf(key.text());
  std::unique_lock lock(shard.mutex);
  Place* place = counter.PlaceOf(shard, key.text(), max_keys_);
  if (!place) co_return std::nullopt;
  place->max = wish.max;
  place->LetIn();
  if (place->held < place->max) {
    ++place->held;
    co_return Permit(counter, *place);
  }
  const bool crowded = counter.waiting.fetch_add(1) >= kMaxWaiting;
  WaitQueue::End end = WaitQueue::End::kTimedOut;
  if (!crowded && wish.queue.count() > 0)
    end = co_await place->queue.Wait(lock, loop, wish.queue, cancel);
  --counter.waiting;
  if (end == WaitQueue::End::kWoken) co_return Permit(counter, *place);
  // Whoever held the last place may have gone meanwhile, and left the key to us.
  if (!lock.owns_lock()) lock.lock();
  if (const auto found = shard.places.find(key.text()); found != shard.places.end())
    counter.DropIfUnused(shard, found->second);
  co_return std::nullopt;
}

}  // namespace gateway::state
