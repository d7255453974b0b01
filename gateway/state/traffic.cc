#include "gateway/state/traffic.h"

#include <algorithm>
#include <cstdio>
#include <string_view>

#include "base/metrics.h"

namespace gateway::state {

namespace {

// One writer: a plain load and store is enough, and cheaper than an atomic addition.
void Add(std::atomic<std::uint64_t>& count, std::uint64_t by) {
  count.store(count.load(std::memory_order_relaxed) + by, std::memory_order_relaxed);
}

std::uint64_t Micros(std::chrono::microseconds duration) {
  return static_cast<std::uint64_t>(std::max<std::int64_t>(0, duration.count()));
}

constexpr std::array<std::string_view, 8> kOutcomeNames = {
    "unknown",         "ok",        "tool_error", "rpc_error", "refused",
    "upstream_failed", "cancelled", "internal"};

std::string Seconds(double microseconds) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%g", microseconds / 1e6);
  return text.data();
}

}  // namespace

void Traffic::Note(const mcp::Record& record) {
  Add(by_outcome_[static_cast<std::size_t>(record.outcome) % kOutcomes], 1);
  const auto bound = std::lower_bound(kBounds.begin(), kBounds.end(), record.total.count());
  Add(by_duration_[static_cast<std::size_t>(bound - kBounds.begin())], 1);
  Add(total_us_, Micros(record.total));
  Add(server_us_, Micros(record.server_time));
  Add(bytes_in_, record.bytes_in);
  Add(bytes_out_, record.bytes_out);
  if (record.cache == mcp::CacheUse::kHit) Add(cache_hits_, 1);
  if (record.cache == mcp::CacheUse::kMiss) Add(cache_misses_, 1);
}

void Traffic::AddTo(Sums& sums) const {
  auto load = [](const Count& count) { return count.load(std::memory_order_relaxed); };
  for (std::size_t i = 0; i < kOutcomes; ++i) sums.by_outcome[i] += load(by_outcome_[i]);
  for (std::size_t i = 0; i < by_duration_.size(); ++i)
    sums.by_duration[i] += load(by_duration_[i]);
  sums.total_us += load(total_us_);
  sums.server_us += load(server_us_);
  sums.bytes_in += load(bytes_in_);
  sums.bytes_out += load(bytes_out_);
  sums.cache_hits += load(cache_hits_);
  sums.cache_misses += load(cache_misses_);
}

std::string Traffic::Sums::Render() const {
  std::string out =
      "# HELP gateway_calls_total Exchanges with callers, refused ones too.\n# TYPE "
      "gateway_calls_total counter\n";
  for (std::size_t i = 0; i < kOutcomes; ++i) {
    out.append("gateway_calls_total{outcome=\"")
        .append(kOutcomeNames[i])
        .append("\"} ")
        .append(std::to_string(by_outcome[i]))
        .append("\n");
  }
  out +=
      "# HELP gateway_call_seconds From a request's head to the last byte of its answer.\n# TYPE "
      "gateway_call_seconds histogram\n";
  std::uint64_t so_far = 0;
  for (std::size_t i = 0; i < by_duration.size(); ++i) {
    so_far += by_duration[i];
    const std::string bound =
        i < kBounds.size() ? Seconds(static_cast<double>(kBounds[i])) : "+Inf";
    out.append("gateway_call_seconds_bucket{le=\"")
        .append(bound)
        .append("\"} ")
        .append(std::to_string(so_far))
        .append("\n");
  }
  out.append("gateway_call_seconds_sum ")
      .append(Seconds(static_cast<double>(total_us)))
      .append("\n");
  out.append("gateway_call_seconds_count ").append(std::to_string(so_far)).append("\n");
  const auto counter = [&out](std::string_view name, std::string_view help,
                              std::string_view value) {
    base::AppendMetric(out, base::MetricType::kCounter, name, help, value);
  };
  counter("gateway_server_seconds_total", "Waited for servers' first bytes.",
          Seconds(static_cast<double>(server_us)));
  counter("gateway_request_bytes_total", "Bytes of request bodies.", std::to_string(bytes_in));
  counter("gateway_response_bytes_total", "Bytes of response bodies.", std::to_string(bytes_out));
  counter("gateway_cache_hits_total", "Calls that were given an answer that was kept.",
          std::to_string(cache_hits));
  counter("gateway_cache_misses_total", "Calls whose answers may be kept, and that were asked.",
          std::to_string(cache_misses));
  return out;
}

}  // namespace gateway::state
