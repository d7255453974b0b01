// What governs calls of a server by a consumer, as the catalog has it: the rules of all scopes, and the
// product and subscription that the calls are made by. The gateways decide by the same code (policy/).
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/result.h"
#include "policy/effective_policy.h"
#include "policy/entitlement.h"

namespace registry {

class Catalog;

struct CallGovernance {
  // Which calls.
  struct Of {
    const std::string& server;
    // Empty: callers without one.
    const std::string& consumer;
    // Empty: whichever lets the consumer through.
    const std::string& product;
    std::int64_t now_ms = 0;
  };
  // Walks the policies and products of the catalog. kNotFound: there is no such product.
  static base::Result<CallGovernance> Read(const Catalog& catalog, const Of& of);

  // What the entitlement looks at.
  std::unique_ptr<const policy::Entitlements> entitlements;
  policy::Entitlement entitlement;
  policy::EffectivePolicy policy;
};

}  // namespace registry
