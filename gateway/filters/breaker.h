// A Breaker filter spares a server that fails, by `upstream` rules: while its breaker is open calls
// are refused at once, with the time after which to ask again.
//
// Immutable and shared by all workers: the breakers live in state::Breakers.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "gateway/filters/call_facts.h"
#include "gateway/filters/filter.h"
#include "gateway/filters/refusal.h"
#include "gateway/state/rule_state.h"
#include "policy/upstream_rules.h"

namespace gateway {

class Breaker final : public Filter {
 public:
  Breaker(std::shared_ptr<const policy::UpstreamRules> rules,
          std::shared_ptr<const GovernedServer> server, RefusalStyle style,
          state::RuleState& state);

  bool empty() const { return !rules_->has_breaker(); }
  base::Task<mcp::Response> Apply(mcp::Call& call, mcp::Handler& next) const override;

 private:
  struct Compiled {
    RuleName name;
    state::Breaker::Settings settings;
    std::shared_ptr<state::Breaker> breaker;
    // Of a pool, instead: each member has its own.
    state::PoolBreakers* places = nullptr;
  };
  class Passage;

  base::Task<mcp::Response> Ask(mcp::Call& call, mcp::Handler& next,
                                const policy::UpstreamRules::Rule& rule) const;
  mcp::Response Refuse(mcp::Call& call, const Compiled& rule, std::int64_t retry_after_s) const;

  // Constant after construction
  const std::shared_ptr<const policy::UpstreamRules> rules_;
  const std::shared_ptr<const GovernedServer> server_;
  const RefusalStyle style_;
  std::vector<Compiled> compiled_;  // beside the rules
};

}  // namespace gateway
