// An Addresses filter tests the caller's address against the `ip` rules that are known only with
// the caller: a consumer's. Those of the global and the server's scope ran at the gate already
// (edge/gate).
#pragma once

#include <boost/asio/ip/address.hpp>
#include <vector>

#include "gateway/filters/instant_filter.h"
#include "gateway/filters/refusal.h"
#include "policy/address_set.h"
#include "policy/effective_policy.h"

namespace gateway {

// One `ip` rule, compiled.
struct AddressRule {
  RuleName name;
  policy::AddressSet allow;
  policy::AddressSet deny;
  bool observe = false;

  static AddressRule Of(const policy::EffectiveRule& rule);
  bool Admits(const boost::asio::ip::address& address) const;
};

class Addresses final : public InstantFilter {
 public:
  explicit Addresses(const policy::EffectivePolicy& policy);

  bool empty() const { return rules_.empty(); }

 private:
  std::optional<mcp::Response> Before(mcp::Call& call) const override;

  // Constant after construction
  const RefusalStyle style_;
  std::vector<AddressRule> rules_;
};

}  // namespace gateway
