// The FloodGuard slows addresses that only collect refusals: each has a bucket of tokens, a refusal
// at the gate takes one, and whoever has none left is turned away before anything is looked up for
// it.
//
// One per process, any thread, sharded. Loopback is never guarded (the caller sees to that). IPv6
// is counted by /64, the smallest block that one customer gets. Bounded: the addresses seen first
// go first.
#pragma once

#include <array>
#include <boost/asio/ip/address.hpp>
#include <cstdint>
#include <deque>
#include <mutex>
#include <unordered_map>

#include "base/clock.h"

namespace gateway::state {

class FloodGuard {
 public:
  struct Rate {
    double per_s = 100;
    double burst = 1000;
  };
  explicit FloodGuard(const base::Clock& clock) : FloodGuard(clock, Rate{}) {}
  FloodGuard(const base::Clock& clock, Rate rate) : clock_(clock), rate_(rate) {}

  bool Blocks(const boost::asio::ip::address& address);
  void NoteRefusal(const boost::asio::ip::address& address);

 private:
  static constexpr std::size_t kShards = 16;
  static constexpr std::size_t kMaxPerShard = 8'192;

  struct Bucket {
    double tokens = 0;
    base::TimePoint filled{};
  };
  struct Shard {
    std::mutex mutex;
    std::unordered_map<std::uint64_t, Bucket> buckets;
    std::deque<std::uint64_t> order;
  };
  void Fill(Bucket& bucket, base::TimePoint now) const;

  // Constant after construction
  const base::Clock& clock_;
  const Rate rate_;

  std::array<Shard, kShards> shards_;
};

}  // namespace gateway::state
