#include "gateway/filters/addresses.h"

namespace gateway {

AddressRule AddressRule::Of(const policy::EffectiveRule& rule) {
  AddressRule compiled;
  compiled.name = RuleName::Of(rule);
  compiled.observe = rule.observe;
  // Text that does not parse was refused by policy::Validate.
  for (const std::string& text : rule.rule.ip().allow()) (void)compiled.allow.Add(text);
  for (const std::string& text : rule.rule.ip().deny()) (void)compiled.deny.Add(text);
  compiled.allow.Seal();
  compiled.deny.Seal();
  return compiled;
}

bool AddressRule::Admits(const boost::asio::ip::address& address) const {
  if (deny.Contains(address)) return false;
  return allow.empty() || allow.Contains(address);
}

Addresses::Addresses(const policy::EffectivePolicy& policy) : style_(RefusalStyle::Of(policy)) {
  for (const policy::EffectiveRule& rule : policy.rules) {
    // Those that the gate could not know.
    const bool later =
        rule.scope == policy::Scope::kConsumer || rule.scope == policy::Scope::kProduct;
    if (rule.rule.has_ip() && later) rules_.push_back(AddressRule::Of(rule));
  }
}

std::optional<mcp::Response> Addresses::Before(mcp::Call& call) const {
  if (IsLifecycle(call)) return std::nullopt;
  boost::system::error_code bad;
  const auto address = boost::asio::ip::make_address(call.record.peer_address, bad);
  for (const AddressRule& rule : rules_) {
    // An address that cannot be read is in no range.
    if (bad ? rule.allow.empty() : rule.Admits(address)) continue;
    if (rule.observe) {
      Observe(call, "AddressDenied", rule.name);
      continue;
    }
    mcp::CallError error;
    error.code = mcp::kForbidden;
    error.message = "Calls from this address are not allowed.";
    error.reason = "AddressDenied";
    return Refuse(call, std::move(error), 403, style_, &rule.name);
  }
  return std::nullopt;
}

}  // namespace gateway
