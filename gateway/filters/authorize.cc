#include "gateway/filters/authorize.h"

namespace gateway {
namespace {

constexpr std::string_view kReason = "PolicyDenied";

std::vector<RuleName> NamesOf(const policy::Authorization& authorization) {
  std::vector<RuleName> names;
  for (const auto& rule : authorization.rules()) names.push_back(RuleName::Of(rule.source));
  return names;
}

std::string Sentence(const policy::Authorization::Rule& rule, const mcp::Call& call) {
  if (!rule.message().empty()) return rule.message();
  if (call.method == "tools/call") {
    return "A policy does not allow this call of tool '" + std::string(call.item.substr(0, 128)) +
           "'.";
  }
  return "A policy does not allow this " + std::string(call.method.substr(0, 128)) + ".";
}

}  // namespace

AuthorizeRules::AuthorizeRules(const policy::EffectivePolicy& policy)
    : authorization(policy), names(NamesOf(authorization)) {}

const RuleName& AuthorizeRules::NameOf(const policy::Authorization::Rule& rule) const {
  return names[static_cast<std::size_t>(&rule - authorization.rules().data())];
}

std::optional<mcp::Response> Authorize::Before(mcp::Call& call) const {
  // The stream that older clients open by themselves is a part of their session.
  const bool stream = !call.session.empty() && call.method == "subscriptions/listen";
  if (IsLifecycle(call) || stream) return std::nullopt;
  policy::Facts facts = FactsOf(call, *server_);
  AddHints(facts, *server_);
  const policy::Authorization::Decision decision = rules_->authorization.Decide(facts);
  if (decision.outcome == policy::Authorization::Decision::Outcome::kDenied) {
    mcp::CallError error;
    error.code = mcp::kForbidden;
    error.message = Sentence(*decision.rule, call);
    error.reason = kReason;
    return Refuse(call, std::move(error), 403, style_, &rules_->NameOf(*decision.rule));
  }
  if (decision.observed) Observe(call, kReason, rules_->NameOf(*decision.observed));
  return std::nullopt;
}

}  // namespace gateway
