// A Record filter says how much of a call is written down: the share of successes whose record is
// kept. The narrowest rule that selects the call and says so wins; refusals and errors are always
// kept.
#pragma once

#include <string>
#include <vector>

#include "gateway/filters/instant_filter.h"
#include "policy/effective_policy.h"
#include "policy/selector.h"

namespace gateway {

class Record final : public InstantFilter {
 public:
  Record(const policy::EffectivePolicy& policy, std::string server);

  bool empty() const { return rules_.empty(); }

 private:
  struct Rule {
    policy::Selector select;
    double sample = 1;
  };

  std::optional<mcp::Response> Before(mcp::Call& call) const override;

  // Constant after construction
  const std::string server_;
  std::vector<Rule> rules_;  // the narrowest first
};

}  // namespace gateway
