// A ValidateResults filter refuses answers that are longer than `validate` rules let pass, and results
// of tools whose structuredContent does not fit the tool's outputSchema.
//
// An answer that may be refused is held until it is there as a whole; one that is only watched passes
// as it comes. What the server says before its answer is never held.
#pragma once

#include <memory>
#include <string_view>

#include "gateway/filters/filter.h"
#include "gateway/filters/validate_rules.h"

namespace gateway {

class ValidateResults final : public Filter {
 public:
  ValidateResults(std::shared_ptr<const ValidateRules> rules, RefusalStyle style)
      : rules_(std::move(rules)), style_(style) {}

  bool empty() const { return !rules_->of_results(); }
  base::Task<mcp::Response> Apply(mcp::Call& call, mcp::Handler& next) const override;

 private:
  base::Task<mcp::Response> HoldAnswer(mcp::Call& call, mcp::Handler& next,
                                       policy::Validation::Terms terms) const;
  base::Task<mcp::Response> Watch(mcp::Call& call, mcp::Handler& next,
                                  policy::Validation::Terms terms) const;
  mcp::Response RefuseLong(mcp::Call& call, std::size_t max_bytes,
                           const policy::Validation::Rule& rule) const;
  // A refusal, when it is to be prevented; what is only watched is noted.
  std::optional<mcp::Response> CheckResult(mcp::Call& call, std::string_view answer,
                                           const policy::Validation::Check& check) const;

  // Constant after construction
  const std::shared_ptr<const ValidateRules> rules_;
  const RefusalStyle style_;
};

}  // namespace gateway
