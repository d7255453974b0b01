// An InspectResults filter lets detectors look at what a server says to a caller: at its answer, and at
// everything that it says or asks before, message by message as they come. What a caller answers to a
// server's question is looked at as what it sends.
//
// Where something may be refused or redacted a plain answer is held until it is whole; events pass as
// they come, each looked at. Where findings are only noted nothing is held, and no byte is changed.
// What is blocked ends the exchange with the refusal.
//
// Lists and server/discover are none of its business (InspectDescriptions).
#pragma once

#include <memory>

#include "gateway/filters/filter.h"
#include "gateway/filters/inspect_rules.h"

namespace gateway {

class InspectResults final : public Filter {
 public:
  explicit InspectResults(std::shared_ptr<const InspectRules> rules) : rules_(std::move(rules)) {}

  bool empty() const {
    return !rules_->look_at(InspectRules::Part::RESULT) &&
           !rules_->look_at(InspectRules::Part::ARGUMENTS);
  }
  base::Task<mcp::Response> Apply(mcp::Call& call, mcp::Handler& next) const override;

 private:
  base::Task<mcp::Response> Look(mcp::Call& call, mcp::Handler& next, InspectRules::Terms sent,
                                 InspectRules::Terms told) const;

  // Constant after construction
  const std::shared_ptr<const InspectRules> rules_;
};

}  // namespace gateway
