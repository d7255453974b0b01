#include "gateway/state/flood_guard.h"

#include <algorithm>
#include <chrono>

namespace gateway::state {

namespace {

std::uint64_t KeyOf(const boost::asio::ip::address& address) {
  if (address.is_v4()) return address.to_v4().to_uint();
  const auto bytes = address.to_v6().to_bytes();
  std::uint64_t key = 0;
  for (std::size_t i = 0; i < 8; ++i) key = key << 8 | bytes[i];
  return key;
}

}  // namespace

void FloodGuard::Fill(Bucket& bucket, base::TimePoint now) const {
  const double seconds = std::chrono::duration<double>(now - bucket.filled).count();
  bucket.tokens = std::min(rate_.burst, bucket.tokens + seconds * rate_.per_s);
  bucket.filled = now;
}

bool FloodGuard::Blocks(const boost::asio::ip::address& address) {
  const std::uint64_t key = KeyOf(address);
  Shard& shard = shards_[key % kShards];
  const std::lock_guard lock(shard.mutex);
  const auto found = shard.buckets.find(key);
  if (found == shard.buckets.end()) return false;
  Fill(found->second, clock_.Now());
  return found->second.tokens < 1;
}

void FloodGuard::NoteRefusal(const boost::asio::ip::address& address) {
  const std::uint64_t key = KeyOf(address);
  const base::TimePoint now = clock_.Now();
  Shard& shard = shards_[key % kShards];
  const std::lock_guard lock(shard.mutex);
  const auto [entry, added] = shard.buckets.try_emplace(key, Bucket{rate_.burst, now});
  if (added) {
    shard.order.push_back(key);
    if (shard.order.size() > kMaxPerShard) {
      shard.buckets.erase(shard.order.front());
      shard.order.pop_front();
    }
  }
  Fill(entry->second, now);
  entry->second.tokens = std::max(0.0, entry->second.tokens - 1);
}

}  // namespace gateway::state
