// Whether a call would be let through, and which rule decides: the gateway's order, with the code
// that the gateways decide by (policy/).
#pragma once

#include <cstdint>
#include <string>

#include "policy/effective_policy.h"
#include "policy/entitlement.h"
#include "portolan/v1/catalog_service.pb.h"

namespace policy {

// A call that was not made. All outlive the explanation.
struct ImaginedCall {
  const portolan::v1::Resource& server;
  // Null: a caller without a key.
  const portolan::v1::Resource* consumer = nullptr;
  const portolan::v1::GetDefinitionsResponse& definitions;
  const EffectivePolicy& policy;
  // By which product and subscription it would be made.
  Entitlement entitlement = {};
  const std::string& tool;
  // A raw JSON object.
  const std::string& arguments_json;
  std::int64_t now_unix_ms = 0;
};
portolan::v1::ExplainResponse ExplainCall(const ImaginedCall& call);

// As the contract shows a rule.
portolan::v1::EffectiveRule ShownRule(const EffectiveRule& rule);

}  // namespace policy
