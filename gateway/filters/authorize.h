// An Authorize filter refuses what the `authorize` rules do not let this caller do, arguments in
// hand.
#pragma once

#include <memory>
#include <vector>

#include "gateway/filters/call_facts.h"
#include "gateway/filters/instant_filter.h"
#include "gateway/filters/refusal.h"
#include "policy/authorization.h"

namespace gateway {

// The rules, compiled once for the filters that ask them; and how refusals name each.
struct AuthorizeRules {
  explicit AuthorizeRules(const policy::EffectivePolicy& policy);

  const RuleName& NameOf(const policy::Authorization::Rule& rule) const;

  const policy::Authorization authorization;
  const std::vector<RuleName> names;
};

class Authorize final : public InstantFilter {
 public:
  Authorize(std::shared_ptr<const AuthorizeRules> rules,
            std::shared_ptr<const GovernedServer> server, RefusalStyle style)
      : rules_(std::move(rules)), server_(std::move(server)), style_(style) {}

  bool empty() const { return rules_->authorization.empty(); }

 private:
  std::optional<mcp::Response> Before(mcp::Call& call) const override;

  // Constant after construction
  const std::shared_ptr<const AuthorizeRules> rules_;
  const std::shared_ptr<const GovernedServer> server_;
  const RefusalStyle style_;
};

}  // namespace gateway
