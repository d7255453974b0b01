// What rules may ask about a call, and about the server that it goes to.
#pragma once

#include <memory>
#include <string>

#include "gateway/filters/offered_items.h"
#include "mcp/call.h"
#include "policy/facts.h"

namespace gateway {

// Of a chain; immutable, shared by its filters.
struct GovernedServer {
  std::string name;
  // A raw JSON array.
  std::string tags_json = "[]";
  // Null: it was never listed.
  std::shared_ptr<const OfferedItems> items;
  // Every caller is shown the same items.
  bool shared_items = true;
  // It runs at several places.
  bool pool = false;
};

// Views into the call and the server; allocates nothing. What a tool says of itself is looked up only
// when asked for, by AddHints.
policy::Facts FactsOf(const mcp::Call& call, const GovernedServer& server);
void AddHints(policy::Facts& facts, const GovernedServer& server);

}  // namespace gateway
