// A ValidateArguments filter refuses requests that are longer than `validate` rules take, and calls of
// tools whose arguments do not fit the tool's inputSchema, or cannot be held against it.
#pragma once

#include <memory>

#include "gateway/filters/instant_filter.h"
#include "gateway/filters/validate_rules.h"

namespace gateway {

class ValidateArguments final : public InstantFilter {
 public:
  ValidateArguments(std::shared_ptr<const ValidateRules> rules, RefusalStyle style)
      : rules_(std::move(rules)), style_(style) {}

  bool empty() const { return !rules_->of_requests(); }

 private:
  std::optional<mcp::Response> Before(mcp::Call& call) const override;
  mcp::Response RefuseLong(mcp::Call& call, const policy::Validation::Bound& bound) const;
  std::optional<mcp::Response> CheckArguments(mcp::Call& call,
                                              const policy::Validation::Check& check) const;

  // Constant after construction
  const std::shared_ptr<const ValidateRules> rules_;
  const RefusalStyle style_;
};

}  // namespace gateway
