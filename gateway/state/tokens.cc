#include "gateway/state/tokens.h"

#include <functional>

#include "base/auth/api_key.h"

namespace gateway::state {

std::shared_ptr<const base::auth::Principal> Tokens::Find(std::string_view token,
                                                          std::int64_t now_unix_ms) {
  const std::size_t hash = std::hash<std::string_view>()(token);
  Shard& shard = shards_[hash % kShards];
  const std::lock_guard lock(shard.mutex);
  const auto found = shard.entries.find(hash);
  if (found == shard.entries.end() || !base::auth::ConstantTimeEquals(found->second.token, token))
    return nullptr;
  if (found->second.until_unix_ms <= now_unix_ms) return nullptr;
  return found->second.principal;
}

void Tokens::Remember(std::string_view token,
                      std::shared_ptr<const base::auth::Principal> principal,
                      std::int64_t until_unix_ms) {
  const std::size_t hash = std::hash<std::string_view>()(token);
  Entry entry{std::string(token), std::move(principal), until_unix_ms};
  Shard& shard = shards_[hash % kShards];
  const std::lock_guard lock(shard.mutex);
  if (shard.entries.insert_or_assign(hash, std::move(entry)).second) shard.order.push_back(hash);
  while (shard.order.size() > max_per_shard_) {
    shard.entries.erase(shard.order.front());
    shard.order.pop_front();
  }
}

void Tokens::Forget() {
  for (Shard& shard : shards_) {
    const std::lock_guard lock(shard.mutex);
    shard.entries.clear();
    shard.order.clear();
  }
}

}  // namespace gateway::state
