// The Limits filter admits a call when every limit that selects it has room: it takes its places, then
// a unit of every rate limit and quota or of none, and settles when the exchange has ended.
//
//   places (may wait) -> rates and quotas together (may wait for a lease) -> next -> settle
//
// Places and what was taken are locals of the exchange: however it ends, they are given back once.
// Immutable and shared by all workers; the counters live in state::RuleState.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "gateway/filters/call_facts.h"
#include "gateway/filters/filter.h"
#include "gateway/filters/limit_rules.h"
#include "gateway/filters/refusal.h"
#include "gateway/state/rule_state.h"

namespace gateway {

class Limits final : public Filter {
 public:
  Limits(const policy::EffectivePolicy& policy, std::shared_ptr<const GovernedServer> server,
         state::RuleState& state);

  // No rule of these kinds is there: the filter need not be in the chain.
  bool empty() const { return rules_.empty(); }

  base::Task<mcp::Response> Apply(mcp::Call& call, mcp::Handler& next) const override;

 private:
  using Reservations = std::vector<state::Quotas::Reservation>;
  using Refusal = std::optional<mcp::Response>;
  class RateCharges;
  class QuotaCharges;
  class Settlement;
  class Least;

  base::Task<mcp::Response> ApplyAll(mcp::Call& call, mcp::Handler& next,
                                     const policy::Facts& facts) const;
  base::Task<Refusal> TakePlaces(mcp::Call& call, const policy::Facts& facts,
                                 std::vector<state::Permits::Permit>& permits) const;
  base::Task<Refusal> TakeUnits(mcp::Call& call, const policy::Facts& facts,
                                Reservations& taken) const;
  // Nothing when the registry must be waited for: with regard to the quota of that index.
  struct Attempt {
    Refusal refusal;
    std::optional<std::size_t> waits_for;
  };
  Attempt TryUnits(mcp::Call& call, const policy::Facts& facts, const QuotaCharges& quotas,
                   bool patience, Reservations& taken) const;
  Refusal TakeRates(mcp::Call& call, const policy::Facts& facts) const;

  // Constant after construction
  const std::shared_ptr<const GovernedServer> server_;
  const RefusalStyle style_;
  state::RuleState& state_;
  const LimitRules rules_;
};

}  // namespace gateway
