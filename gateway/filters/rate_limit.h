// A RateLimit filter admits a call when every limit that selects it has room, and charges all of
// them or none.
//
// Immutable and shared by all workers: the counters live in state::Limits, by policy set, rule and
// key. A changed policy arrives as a new filter and finds the old counters.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "gateway/filters/call_facts.h"
#include "gateway/filters/instant_filter.h"
#include "gateway/filters/refusal.h"
#include "gateway/state/limits.h"
#include "policy/effective_policy.h"
#include "policy/expression.h"
#include "policy/selector.h"

namespace gateway {

class RateLimit final : public InstantFilter {
 public:
  // `policy` may hold rules of other kinds; they are passed over. REQUIRES: policy::Validate
  // accepted its sets.
  RateLimit(const policy::EffectivePolicy& policy, std::shared_ptr<const GovernedServer> server,
            state::Limits& limits);

  // No rule of this kind is there: the filter need not be in the chain.
  bool empty() const { return rules_.empty(); }

 private:
  struct Rule {
    RuleName name;
    policy::Scope scope = policy::Scope::kGlobal;
    policy::Selector select;
    // Calls of which it is false are not counted; one of which it fails is.
    std::optional<policy::Expression> when;
    policy::Expression key;
    std::uint32_t calls = 1;
    std::int64_t per_s = 1;
    std::uint32_t weight = 1;
    bool observe = false;
    bool overridable = false;
    std::shared_ptr<state::Limits::Counter> counter;
  };

  std::optional<mcp::Response> Before(mcp::Call& call) const override;
  bool Applies(const Rule& rule, const policy::Facts& facts) const;
  mcp::Response RefuseBy(const Rule& rule, const state::Limits::Verdict& verdict,
                         mcp::Call& call) const;

  // Constant after construction
  const std::shared_ptr<const GovernedServer> server_;
  const RefusalStyle style_;
  state::Limits& limits_;
  std::vector<Rule> rules_;  // in the order in which counters are locked
  bool reads_hints_ = false;
};

}  // namespace gateway
