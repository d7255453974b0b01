#include "gateway/vitals.h"

#include "base/metrics.h"

namespace gateway {

std::size_t Vitals::active() const {
  std::size_t sum = 0;
  for (const auto& worker : workers_) sum += worker->active();
  return sum;
}

std::string Vitals::NotReady() const {
  if (draining_) return "draining";
  if (!follower_.snapshot().complete()) return "no snapshot of the catalog yet: " + feed_.problem();
  if (stale_) return "the registry was not heard for too long";
  return {};
}

std::string Vitals::HealthJson() const {
  return "\"revision\":" + std::to_string(follower_.table()->revision()) +
         ",\"registry_connected\":" + (feed_.connected() ? "true" : "false") +
         ",\"stale_s\":" + std::to_string(feed_.stale_s());
}

std::string Vitals::Metrics() const {
  state::Traffic::Sums sums;
  for (const auto& worker : workers_) worker->traffic().AddTo(sums);
  std::string out = sums.Render();
  base::AppendGauge(out, "gateway_calls_running", "Exchanges being served.",
                    static_cast<std::int64_t>(active()));
  base::AppendGauge(out, "gateway_routes", "Servers that are routed.",
                    static_cast<std::int64_t>(follower_.table()->routes().size()));
  base::AppendGauge(out, "gateway_revision", "Revision of the catalog in force.",
                    follower_.table()->revision());
  base::AppendGauge(out, "gateway_registry_connected", "1 while the registry's stream is open.",
                    feed_.connected() ? 1 : 0);
  base::AppendGauge(out, "gateway_registry_stale_seconds",
                    "Since the registry was last heard; -1: never.", feed_.stale_s());
  return out;
}

}  // namespace gateway
