// VerifiedTokens remembers tokens that were verified, and what they proved, so that a client pays for the signature
// once.
//
// Any thread; sharded and bounded: the oldest of a shard goes first. A token is looked up by its hash and
// compared whole in constant time. Forget() when the keys change that vouch for them.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "base/auth/api_key.h"
#include "base/auth/principal.h"

namespace base::auth {

// A token and its hash, which is taken once however often the token is looked up: of its end alone, since there the
// signature stands, and to read all of a long token is most of what a look-up costs.
class TokenKey {
 public:
  TokenKey(std::string_view token)
      : text_(token),
        hash_(std::hash<std::string_view>()(
            token.substr(token.size() - std::min(token.size(), kHashedBytes)))) {}
  TokenKey(const std::string& token) : TokenKey(std::string_view(token)) {}
  TokenKey(const char* token) : TokenKey(std::string_view(token)) {}

  std::string_view text() const { return text_; }
  std::size_t hash() const { return hash_; }

 private:
  static constexpr std::size_t kHashedBytes = 64;

  std::string_view text_;
  std::size_t hash_;
};

template <class Proof = Principal>
class VerifiedTokens {
 public:
  explicit VerifiedTokens(std::size_t max_tokens = 10'000)
      : max_per_shard_((max_tokens + kShards - 1) / kShards) {}

  // What a living token proves; null when it is not known (any more).
  std::shared_ptr<const Proof> Find(const TokenKey& token, std::int64_t now_unix_ms) {
    Shard& shard = shards_[token.hash() % kShards];
    const std::lock_guard lock(shard.mutex);
    const auto found = shard.entries.find(token.hash());
    if (found == shard.entries.end() || !ConstantTimeEquals(found->second.token, token.text()))
      return nullptr;
    if (found->second.until_unix_ms <= now_unix_ms) return nullptr;
    return found->second.proof;
  }

  void Remember(const TokenKey& token, std::shared_ptr<const Proof> proof,
                std::int64_t until_unix_ms) {
    Entry entry{std::string(token.text()), std::move(proof), until_unix_ms};
    Shard& shard = shards_[token.hash() % kShards];
    const std::lock_guard lock(shard.mutex);
    if (shard.entries.insert_or_assign(token.hash(), std::move(entry)).second)
      shard.order.push_back(token.hash());
    while (shard.order.size() > max_per_shard_) {
      shard.entries.erase(shard.order.front());
      shard.order.pop_front();
    }
  }

  void Forget() {
    for (Shard& shard : shards_) {
      const std::lock_guard lock(shard.mutex);
      shard.entries.clear();
      shard.order.clear();
    }
  }

 private:
  struct Entry {
    std::string token;
    std::shared_ptr<const Proof> proof;
    std::int64_t until_unix_ms = 0;
  };
  struct Shard {
    std::mutex mutex;
    // By hash: two tokens of one hash drive each other out.
    std::unordered_map<std::size_t, Entry> entries;
    std::deque<std::size_t> order;
  };
  static constexpr std::size_t kShards = 16;

  const std::size_t max_per_shard_;
  std::array<Shard, kShards> shards_;
};

}  // namespace base::auth
