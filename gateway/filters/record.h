// A Record filter says how much of a call is written down: the share of successes whose record is
// kept. The narrowest rule that selects the call and says so wins; refusals and errors are always
// kept.
#pragma once

#include <memory>
#include <vector>

#include "gateway/filters/call_facts.h"
#include "gateway/filters/instant_filter.h"
#include "policy/effective_policy.h"
#include "policy/selector.h"

namespace gateway {

class Record final : public InstantFilter {
 public:
  Record(const policy::EffectivePolicy& policy, std::shared_ptr<const GovernedServer> server);

  bool empty() const { return rules_.empty(); }

 private:
  struct Rule {
    policy::Selector select;
    double sample = 1;
  };

  std::optional<mcp::Response> Before(mcp::Call& call) const override;

  // Constant after construction
  const std::shared_ptr<const GovernedServer> server_;
  std::vector<Rule> rules_;  // the narrowest first
  bool reads_hints_ = false;
};

}  // namespace gateway
