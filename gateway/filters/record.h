// A Record filter says how much of a call is written down: the share of successes whose record is
// kept (refusals and errors always are), facts to sum up by, and, where a rule says so, the beginning
// of its parameters and of its answer. Nothing is held back for that.
//
// It stands before all others, so it keeps the parameters of refused calls too, and the answer as the
// caller got it.
#pragma once

#include <memory>

#include "gateway/filters/filter.h"
#include "gateway/filters/record_rules.h"

namespace gateway {

class Record final : public Filter {
 public:
  explicit Record(std::shared_ptr<const RecordRules> rules) : rules_(std::move(rules)) {}

  bool empty() const { return rules_->empty(); }
  base::Task<mcp::Response> Apply(mcp::Call& call, mcp::Handler& next) const override;

 private:
  base::Task<mcp::Response> KeepPayload(mcp::Call& call, mcp::Handler& next,
                                        RecordRules::Terms terms) const;

  // Constant after construction
  const std::shared_ptr<const RecordRules> rules_;
};

}  // namespace gateway
