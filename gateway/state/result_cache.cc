#include "gateway/state/result_cache.h"

#include <algorithm>
#include <functional>
#include <utility>
#include <vector>

#include "base/doorbell.h"

namespace gateway::state {
namespace {

// Of a list's and a table's node, roughly.
constexpr std::size_t kEntryBytes = 256;

}  // namespace

// A question that is being asked.
class ResultCache::Flight {
 public:
  // The bell rings once there is an outcome; false: there is one already.
  bool Watch(base::Doorbell& bell) {
    const std::lock_guard lock(mutex_);
    if (landed_) return false;
    bells_.push_back(&bell);
    return true;
  }
  void Unwatch(base::Doorbell& bell) {
    const std::lock_guard lock(mutex_);
    bells_.erase(std::remove(bells_.begin(), bells_.end(), &bell), bells_.end());
  }
  void Land(Waited how, Pointer kept) {
    const std::lock_guard lock(mutex_);
    landed_ = how;
    kept_ = std::move(kept);
    for (base::Doorbell* bell : bells_) bell->Ring();
  }
  std::optional<Outcome> outcome() const {
    const std::lock_guard lock(mutex_);
    if (!landed_) return std::nullopt;
    return Outcome{*landed_, kept_};
  }

 private:
  mutable std::mutex mutex_;  // guards the members below
  std::optional<Waited> landed_;
  Pointer kept_;
  std::vector<base::Doorbell*> bells_;
};

ResultCache::Asking::~Asking() {
  if (flight_) cache_->Land(key_, flight_, Waited::kDropped, nullptr);
}

void ResultCache::Asking::Answer(Pointer kept) {
  if (const auto flight = std::exchange(flight_, nullptr))
    cache_->Land(key_, flight, Waited::kAnswered, std::move(kept));
}

void ResultCache::Asking::Decline() {
  if (const auto flight = std::exchange(flight_, nullptr))
    cache_->Land(key_, flight, Waited::kDeclined, nullptr);
}

ResultCache::Pointer ResultCache::Find(const std::string& key) {
  Shard& shard = ShardOf(key);
  const std::lock_guard lock(shard.mutex);
  const auto found = shard.by_key.find(key);
  if (found == shard.by_key.end()) return nullptr;
  if (found->second->kept->until <= clock_.Now()) {
    Remove(shard, found->second);
    return nullptr;
  }
  shard.entries.splice(shard.entries.begin(), shard.entries, found->second);
  return found->second->kept;
}

void ResultCache::Keep(const std::string& key, Pointer kept, std::uint64_t asked_at) {
  Entry entry{key, std::move(kept)};
  const std::size_t cost = CostOf(entry);
  if (cost > max_bytes_) return;
  Shard& shard = ShardOf(key);
  const std::lock_guard lock(shard.mutex);
  if (asked_at != purges()) return;  // under the lock: Forget comes by here after it has counted
  if (const auto found = shard.by_key.find(key); found != shard.by_key.end())
    Remove(shard, found->second);
  while (shard.bytes + cost > max_bytes_) Remove(shard, std::prev(shard.entries.end()));
  shard.entries.push_front(std::move(entry));
  shard.by_key.emplace(key, shard.entries.begin());
  shard.bytes += cost;
}

void ResultCache::Forget(std::string_view server, std::string_view item) {
  ++purges_;
  for (Shard& shard : shards_) {
    const std::lock_guard lock(shard.mutex);
    for (auto entry = shard.entries.begin(); entry != shard.entries.end();) {
      const auto next = std::next(entry);
      const Kept& kept = *entry->kept;
      if ((server.empty() || kept.server == server) && (item.empty() || kept.item == item))
        Remove(shard, entry);
      entry = next;
    }
    // They land for those who wait already.
    shard.flights.clear();
  }
}

std::size_t ResultCache::bytes() const {
  std::size_t bytes = 0;
  for (const Shard& shard : shards_) {
    const std::lock_guard lock(shard.mutex);
    bytes += shard.bytes;
  }
  return bytes;
}

ResultCache::Joined ResultCache::Join(const std::string& key) {
  Shard& shard = ShardOf(key);
  const std::lock_guard lock(shard.mutex);
  std::shared_ptr<Flight>& flight = shard.flights[key];
  if (flight) return flight;
  flight = std::make_shared<Flight>();
  return Asking(*this, key, flight);
}

base::Task<ResultCache::Outcome> ResultCache::Wait(std::shared_ptr<Flight> flight, base::Loop& loop,
                                                   base::CancelSignal& cancel) {
  base::Doorbell bell(loop);
  if (flight->Watch(bell)) {
    const base::Doorbell::Woken woken = co_await bell.Wait(kPatience, cancel);
    flight->Unwatch(bell);
    if (woken == base::Doorbell::Woken::kCancelled) co_return Outcome{Waited::kCancelled, nullptr};
  }
  co_return flight->outcome().value_or(Outcome());
}

void ResultCache::Land(const std::string& key, const std::shared_ptr<Flight>& flight, Waited how,
                       Pointer kept) {
  {
    Shard& shard = ShardOf(key);
    const std::lock_guard lock(shard.mutex);
    // Another may have set out since, when this one was forgotten.
    const auto found = shard.flights.find(key);
    if (found != shard.flights.end() && found->second == flight) shard.flights.erase(found);
  }
  flight->Land(how, std::move(kept));
}

std::size_t ResultCache::CostOf(const Entry& entry) {
  return 2 * entry.key.size() + entry.kept->result.size() + entry.kept->item.size() +
         entry.kept->server.size() + kEntryBytes;
}

ResultCache::Shard& ResultCache::ShardOf(const std::string& key) {
  return shards_[std::hash<std::string>()(key) % kShards];
}

void ResultCache::Remove(Shard& shard, std::list<Entry>::iterator entry) {
  shard.bytes -= CostOf(*entry);
  shard.by_key.erase(entry->key);
  shard.entries.erase(entry);
}

}  // namespace gateway::state
