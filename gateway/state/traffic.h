// Traffic counts the exchanges of one worker, for /metrics. One thread writes, any reads; a count
// is one relaxed store.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <string>

#include "mcp/record.h"

namespace gateway::state {

class Traffic {
 public:
  void Note(const mcp::Record& record);

  // Adds this worker's counts to `sums`.
  struct Sums;
  void AddTo(Sums& sums) const;

 private:
  static constexpr std::size_t kOutcomes = 8;
  // Upper bounds of the duration buckets in microseconds; the last bucket has none.
  static constexpr std::array<std::int64_t, 14> kBounds = {
      100,    250,    500,     1'000,   2'500,     5'000,     10'000,
      25'000, 50'000, 100'000, 250'000, 1'000'000, 5'000'000, 30'000'000};
  using Count = std::atomic<std::uint64_t>;

  std::array<Count, kOutcomes> by_outcome_{};
  std::array<Count, kBounds.size() + 1> by_duration_{};
  Count total_us_ = 0;
  Count server_us_ = 0;
  Count bytes_in_ = 0;
  Count bytes_out_ = 0;
  Count cache_hits_ = 0;
  Count cache_misses_ = 0;
};

struct Traffic::Sums {
  std::array<std::uint64_t, kOutcomes> by_outcome{};
  std::array<std::uint64_t, kBounds.size() + 1> by_duration{};
  std::uint64_t total_us = 0;
  std::uint64_t server_us = 0;
  std::uint64_t bytes_in = 0;
  std::uint64_t bytes_out = 0;
  std::uint64_t cache_hits = 0;
  std::uint64_t cache_misses = 0;

  // In Prometheus' text form.
  std::string Render() const;
};

}  // namespace gateway::state
