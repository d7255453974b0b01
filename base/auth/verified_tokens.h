// VerifiedTokens remembers tokens that were verified, so that a client pays for the signature once.
//
// Any thread; sharded and bounded: the oldest of a shard goes first. A token is looked up by its hash and
// compared whole in constant time. Forget() when the keys change that vouch for them.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/auth/principal.h"

namespace base::auth {

class VerifiedTokens {
 public:
  explicit VerifiedTokens(std::size_t max_tokens = 10'000)
      : max_per_shard_((max_tokens + kShards - 1) / kShards) {}

  // Who a living token proves; null when it is not known (any more).
  std::shared_ptr<const Principal> Find(std::string_view token, std::int64_t now_unix_ms);
  void Remember(std::string_view token, std::shared_ptr<const Principal> principal,
                std::int64_t until_unix_ms);
  void Forget();

 private:
  struct Entry {
    std::string token;
    std::shared_ptr<const Principal> principal;
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
