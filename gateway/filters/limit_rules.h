// The rules of a chain that limit calls, compiled: rate limits, quotas, and places (concurrency).
// Their counters live in state::RuleState, by policy set, rule and key, so a changed policy finds the
// old counts.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "gateway/filters/refusal.h"
#include "gateway/state/rule_state.h"
#include "policy/effective_policy.h"
#include "policy/expression.h"
#include "policy/selector.h"

namespace gateway {

// Names of header lines that say what is left of a limit, and the whole; empty: none.
struct LimitFields {
  std::string remaining;
  std::string limit;

  bool empty() const { return remaining.empty() && limit.empty(); }
};

struct LimitRules {
  struct Rule {
    RuleName name;
    policy::Selector select;
    policy::Expression key;
    bool observe = false;
  };
  struct Rate : Rule {
    policy::Scope scope = policy::Scope::kGlobal;
    // Calls of which it is false are not counted; one of which it fails is.
    std::optional<policy::Expression> when;
    std::uint32_t calls = 1;
    std::int64_t per_s = 1;
    std::uint32_t weight = 1;
    bool overridable = false;
    LimitFields fields;
    std::shared_ptr<state::Limits::Counter> counter;

    bool Applies(const policy::Facts& facts) const {
      return select.Matches(facts) &&
             (!when || when->Test(facts) != policy::Expression::Truth::kFalse);
    }
  };
  struct Quota : Rule {
    std::int64_t calls = 0;
    std::int64_t bytes = 0;
    std::string period;  // in words: `month`
    bool allow_unreachable = false;
    // Each subscription has a budget of its own.
    bool by_subscription = false;
    // Until then calls are not limited; Unix time in milliseconds.
    std::int64_t begins_at_ms = 0;
    LimitFields fields;
    std::shared_ptr<state::Quotas::Counter> counter;
  };
  struct Places : Rule {
    std::uint32_t max = 1;
    std::chrono::milliseconds queue{0};
    std::shared_ptr<state::Permits::Counter> counter;
  };

  // Those of `policy`; rules of other kinds are passed over. REQUIRES: policy::Validate accepted its
  // sets.
  static LimitRules Of(const policy::EffectivePolicy& policy, state::RuleState& state);

  bool empty() const { return rates.empty() && quotas.empty() && places.empty(); }

  // In the order in which their counters are locked.
  std::vector<Rate> rates;
  std::vector<Quota> quotas;
  // In the order in which they are taken: the same in every chain.
  std::vector<Places> places;
  bool reads_hints = false;
};

}  // namespace gateway
