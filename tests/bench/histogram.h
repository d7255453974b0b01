// A Histogram counts latencies in log-linear buckets: 1 µs steps up to 64 µs, then 64 buckets for
// each doubling.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

namespace bench {

class Histogram {
 public:
  void Add(std::uint64_t microseconds) {
    ++buckets_[Index(microseconds)];
    ++count_;
  }
  // The upper edge of the bucket in which the share `quantile` of all values lies.
  std::uint64_t At(double quantile) const {
    const auto wanted = static_cast<std::uint64_t>(quantile * static_cast<double>(count_));
    std::uint64_t seen = 0;
    for (std::size_t i = 0; i < kBuckets; ++i) {
      seen += buckets_[i];
      if (seen > wanted || (seen == count_ && seen > 0)) return Edge(i);
    }
    return 0;
  }
  std::uint64_t count() const { return count_; }

 private:
  static constexpr unsigned kStep = 64;
  static constexpr std::size_t kBuckets = kStep * 30;

  static std::size_t Index(std::uint64_t value) {
    if (value < kStep) return value;
    const unsigned doubling = static_cast<unsigned>(std::bit_width(value)) - 6;  // at least 1
    const std::size_t index = std::size_t{doubling} * kStep + ((value >> (doubling - 1)) - kStep);
    return std::min(index, kBuckets - 1);
  }
  static std::uint64_t Edge(std::size_t index) {
    if (index < kStep) return index;
    const std::size_t doubling = index / kStep;
    return ((index % kStep + kStep + 1) << (doubling - 1)) - 1;
  }

  std::array<std::uint64_t, kBuckets> buckets_{};
  std::uint64_t count_ = 0;
};

}  // namespace bench
