// An EffectivePolicy is what governs one kind of call when all scopes are put together: global ->
// server -> consumer, as one flat list in which each rule knows where it comes from.
//
// Pure: the same sets give the same list, whatever order they came in (sets of one scope are
// ordered by name). Immutable once made; may be shared between threads.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "portolan/v1/policy.pb.h"

namespace policy {

// From wide to narrow.
enum class Scope { kGlobal, kProduct, kServer, kVirtualServer, kConsumer };

// `global`, `product`, `server`, `virtual_server`, `consumer`
std::string_view ScopeName(Scope scope);
Scope ScopeOf(const portolan::v1::PolicySet& set);

// A set with its resource name. The set outlives whoever holds this.
struct NamedSet {
  std::string_view name;
  const portolan::v1::PolicySet* set;
};

struct EffectiveRule {
  Scope scope = Scope::kGlobal;
  std::string set;
  portolan::v1::Rule rule;
  // Decides and records, but lets pass.
  bool observe = false;

  // Where the rule stands, as records and refusals name it: `global/base#burst`.
  std::string origin() const;
};

struct EffectivePolicy {
  // Wide scopes first; within a set, in its order.
  std::vector<EffectiveRule> rules;
  // Of the narrowest set that says; MCP when none does.
  portolan::v1::ErrorStyle::Value errors = portolan::v1::ErrorStyle::MCP;
  // True when any set in force says so.
  bool explain = false;
};

// Those of `sets` that govern calls of `server` by `consumer` (empty: callers without one) under
// `product` (empty: none), put together.
EffectivePolicy Combine(std::span<const NamedSet> sets, std::string_view server,
                        std::string_view consumer, std::string_view product = {});

}  // namespace policy
