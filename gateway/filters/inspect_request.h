// An InspectRequest filter lets detectors look at what a caller sends, before anything behind it sees
// it: what is blocked is refused, what is redacted goes on without it.
//
// What a call is of (its name, its URI) and what stands repeated in its head cannot be changed; a
// detector that would is obeyed by a refusal. Notifications pass unseen.
#pragma once

#include <memory>

#include "gateway/filters/filter.h"
#include "gateway/filters/inspect_rules.h"
#include "gateway/filters/record_rules.h"

namespace gateway {

class InspectRequest final : public Filter {
 public:
  // `record`: what is kept of a call's parameters is what went on.
  InspectRequest(std::shared_ptr<const InspectRules> rules,
                 std::shared_ptr<const RecordRules> record)
      : rules_(std::move(rules)), record_(std::move(record)) {}

  bool empty() const { return !rules_->look_at(InspectRules::Part::ARGUMENTS); }
  base::Task<mcp::Response> Apply(mcp::Call& call, mcp::Handler& next) const override;

 private:
  base::Task<mcp::Response> Look(mcp::Call& call, mcp::Handler& next,
                                 InspectRules::Terms terms) const;
  mcp::Response Block(mcp::Call& call, const InspectRules::Looker& looker) const;

  // Constant after construction
  const std::shared_ptr<const InspectRules> rules_;
  const std::shared_ptr<const RecordRules> record_;
};

}  // namespace gateway
