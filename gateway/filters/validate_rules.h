// The `validate` rules, compiled once for the filters that ask them; and how refusals name each.
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "gateway/filters/call_facts.h"
#include "gateway/filters/refusal.h"
#include "gateway/filters/schema_refusal.h"
#include "gateway/state/schema_cache.h"
#include "policy/effective_policy.h"
#include "policy/validation.h"

namespace gateway {

class ValidateRules {
 public:
  ValidateRules(const policy::EffectivePolicy& policy, std::shared_ptr<const GovernedServer> server,
                state::SchemaCache& schemas);

  bool empty() const { return validation_.empty(); }
  // Some rule asks for it at all.
  bool of_requests() const { return of_requests_; }
  bool of_results() const { return of_results_; }

  // Nothing of a call that is never refused.
  policy::Validation::Terms TermsFor(const mcp::Call& call) const;
  const RuleName& NameOf(const policy::Validation::Rule& rule) const;

  // ---- A value against a tool's schema
  struct Held {
    // The catalog does not have the tool.
    bool unknown_tool = false;
    // Why the schema cannot be used; empty: it can.
    std::string unusable;
    // Empty: the value fits, or there is no such schema.
    std::vector<base::Violation> places;
  };
  // `member` is `inputSchema` or `outputSchema`; `value` is raw JSON, empty: it is missing.
  Held Hold(std::string_view tool, std::string_view member, std::string_view value) const;

 private:
  // Constant after construction
  const policy::Validation validation_;
  const std::shared_ptr<const GovernedServer> server_;
  state::SchemaCache& schemas_;
  std::vector<RuleName> names_;
  bool of_requests_ = false;
  bool of_results_ = false;
};

}  // namespace gateway
