// RuleState is what rules count and remember: one per process, shared by all workers and all
// snapshots. Each part is thread-safe by itself; a filter is given the parts it needs.
#pragma once

#include "base/clock.h"
#include "gateway/state/breakers.h"
#include "gateway/state/limits.h"
#include "gateway/state/permits.h"
#include "gateway/state/quotas.h"
#include "gateway/state/result_cache.h"
#include "gateway/state/schema_cache.h"
#include "gateway/state/upstream_tokens.h"

namespace gateway::state {

struct RuleState {
  // `clock` outlives it.
  explicit RuleState(const base::Clock& clock, std::size_t max_cache_bytes = ResultCache::kMaxBytes)
      : limits(clock),
        quotas(clock),
        results(clock, max_cache_bytes),
        breakers(clock),
        upstream_tokens(clock) {}

  Limits limits;
  Permits permits;
  Quotas quotas;
  ResultCache results;
  SchemaCache schemas;
  Breakers breakers;
  UpstreamTokens upstream_tokens;
};

}  // namespace gateway::state
