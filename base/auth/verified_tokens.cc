#include "base/auth/verified_tokens.h"

#include <functional>

#include "base/auth/api_key.h"

namespace base::auth {

std::shared_ptr<const Principal> VerifiedTokens::Find(std::string_view token,
                                                      std::int64_t now_unix_ms) {
  const std::size_t hash = std::hash<std::string_view>()(token);
  Shard& shard = shards_[hash % kShards];
  const std::lock_guard lock(shard.mutex);
  const auto found = shard.entries.find(hash);
  if (found == shard.entries.end() || !ConstantTimeEquals(found->second.token, token))
    return nullptr;
  if (found->second.until_unix_ms <= now_unix_ms) return nullptr;
  return found->second.principal;
}

void VerifiedTokens::Remember(std::string_view token, std::shared_ptr<const Principal> principal,
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

void VerifiedTokens::Forget() {
  for (Shard& shard : shards_) {
    const std::lock_guard lock(shard.mutex);
    shard.entries.clear();
    shard.order.clear();
  }
}

}  // namespace base::auth
