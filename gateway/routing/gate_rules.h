// GateRules are what the gate asks of a request's head at one endpoint: the `ip` and `authenticate` rules of the
// global and the server's scope, compiled.
//
// Immutable; part of a Route.
#pragma once

#include <string>
#include <vector>

#include "base/auth/token_terms.h"
#include "gateway/filters/addresses.h"
#include "gateway/filters/refusal.h"
#include "policy/effective_policy.h"

namespace gateway {

// An `authenticate` rule: one of its proofs is enough.
struct AuthenticateRule {
  struct ApiKeyProof {
    std::vector<std::string> headers;  // the first is the one to name in a refusal
    std::string query;                 // empty: not read there
  };
  struct JwtProof {
    std::string provider;
    base::auth::TokenTerms terms;
  };
  RuleName name;
  std::vector<ApiKeyProof> keys;
  std::vector<JwtProof> tokens;
  bool observe = false;
};

struct GateRules {
  std::vector<AddressRule> addresses;
  std::vector<AuthenticateRule> authenticate;
  bool explain = false;
  // Of all rules that take tokens: whose, and with which scopes.
  std::vector<std::string> providers;
  std::vector<std::string> scopes;
  // A token may be made for the endpoint by its own URL.
  bool asks_own_audience = false;

  static GateRules Of(const policy::EffectivePolicy& policy);

  bool takes_tokens() const { return !providers.empty(); }
};

}  // namespace gateway
