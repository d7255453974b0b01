// A Mock filter answers calls itself, with what a `mock` rule says; the server is asked nothing.
#pragma once

#include <memory>
#include <vector>

#include "gateway/filters/call_facts.h"
#include "gateway/filters/instant_filter.h"
#include "gateway/filters/refusal.h"
#include "policy/mocking.h"

namespace gateway {

class Mock final : public InstantFilter {
 public:
  Mock(const policy::EffectivePolicy& policy, std::shared_ptr<const GovernedServer> server);

  bool empty() const { return mocking_.empty(); }

 private:
  std::optional<mcp::Response> Before(mcp::Call& call) const override;
  const RuleName& NameOf(const policy::Mocking::Rule& rule) const;

  // Constant after construction
  const policy::Mocking mocking_;
  const std::shared_ptr<const GovernedServer> server_;
  std::vector<RuleName> names_;
};

}  // namespace gateway
