#include "gateway/routing/gate_rules.h"

#include <algorithm>

#include "policy/jwt_proof.h"

namespace gateway {

namespace v1 = portolan::v1;

namespace {

AuthenticateRule::ApiKeyProof KeyProof(const v1::ApiKeyProof& source) {
  AuthenticateRule::ApiKeyProof proof;
  proof.headers.push_back(source.header().empty() ? "X-Api-Key" : source.header());
  proof.headers.insert(proof.headers.end(), source.aliases().begin(), source.aliases().end());
  proof.query = source.query();
  return proof;
}

AuthenticateRule CompileAuthenticate(const policy::EffectiveRule& source) {
  AuthenticateRule rule;
  rule.name = RuleName::Of(source);
  rule.observe = source.observe;
  for (const v1::Authenticate::Proof& proof : source.rule.authenticate().any_of()) {
    if (proof.has_api_key()) rule.keys.push_back(KeyProof(proof.api_key()));
    if (proof.has_jwt())
      rule.tokens.push_back({proof.jwt().provider(), policy::TermsOf(proof.jwt())});
  }
  return rule;
}

void AddOnce(std::vector<std::string>& list, const std::string& text) {
  if (std::find(list.begin(), list.end(), text) == list.end()) list.push_back(text);
}

}  // namespace

GateRules GateRules::Of(const policy::EffectivePolicy& policy) {
  GateRules rules;
  rules.explain = policy.explain;
  for (const policy::EffectiveRule& rule : policy.rules) {
    // Not known at the gate
    if (rule.scope == policy::Scope::kConsumer || rule.scope == policy::Scope::kProduct) continue;
    if (rule.rule.has_ip()) rules.addresses.push_back(AddressRule::Of(rule));
    if (rule.rule.has_authenticate()) rules.authenticate.push_back(CompileAuthenticate(rule));
  }
  for (const AuthenticateRule& rule : rules.authenticate) {
    for (const AuthenticateRule::JwtProof& proof : rule.tokens) {
      AddOnce(rules.providers, proof.provider);
      for (const std::string& scope : proof.terms.scopes) AddOnce(rules.scopes, scope);
      rules.asks_own_audience |= proof.terms.own;
    }
  }
  return rules;
}

}  // namespace gateway
