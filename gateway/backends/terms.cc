#include "gateway/backends/terms.h"

#include <algorithm>

#include "mcp/attempts.h"

namespace gateway {

using std::chrono::duration_cast, std::chrono::milliseconds, std::chrono::steady_clock;

milliseconds TotalOf(const mcp::Call& call, const BackendLimits& limits) {
  const mcp::UpstreamTerms* const terms = call.upstream.get();
  if (!terms) return limits.total;
  const milliseconds total = terms->total.count() > 0 ? terms->total : limits.total;
  if (terms->begun == steady_clock::time_point()) return total;
  const auto used = duration_cast<milliseconds>(steady_clock::now() - terms->begun);
  return std::max(total - used, milliseconds(1));
}

milliseconds IdleOf(const mcp::Call& call, const BackendLimits& limits) {
  const bool said = call.upstream && call.upstream->idle.count() > 0;
  return said ? call.upstream->idle : limits.idle;
}

void BeginAttempt(mcp::Call& call) { mcp::BeginAttempt(call.record).nothing_sent = true; }

}  // namespace gateway
