// A Terms filter works out how the server is asked on behalf of a call, by `upstream` rules: bounds,
// header lines, and lines of the answer. Backends keep to what it leaves on the call.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "gateway/filters/call_facts.h"
#include "gateway/filters/filter.h"
#include "policy/upstream_rules.h"

namespace gateway {

class Terms final : public Filter {
 public:
  Terms(std::shared_ptr<const policy::UpstreamRules> rules,
        std::shared_ptr<const GovernedServer> server)
      : rules_(std::move(rules)), server_(std::move(server)) {}

  bool empty() const { return !rules_->has_bounds_or_lines(); }
  base::Task<mcp::Response> Apply(mcp::Call& call, mcp::Handler& next) const override;

 private:
  void TakeLines(mcp::Call& call, const policy::Facts& facts, mcp::UpstreamTerms& terms) const;
  // Whether a line may say it: a header's value, and nothing by which the caller proved who it is.
  bool MayBeSaid(const mcp::Call& call, std::string_view value) const;
  bool IsProof(std::string_view header) const;

  // Constant after construction
  const std::shared_ptr<const policy::UpstreamRules> rules_;
  const std::shared_ptr<const GovernedServer> server_;
};

}  // namespace gateway
