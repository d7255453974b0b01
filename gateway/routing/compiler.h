// The compiler makes the RouteTable, which the workers serve from, out of the Snapshot.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "gateway/routing/callers.h"
#include "gateway/routing/route.h"
#include "gateway/routing/snapshot.h"

namespace gateway {

// Immutable; shared by all workers.
class RouteTable {
 public:
  RouteTable() = default;

  // False for a table made of nothing: the catalog was never heard, or not for too long.
  bool known() const { return known_; }
  // By first path segment, aliases included; null when it leads nowhere.
  const Route* Find(std::string_view base_path) const;
  // By the server's name.
  std::shared_ptr<const Route> FindServer(std::string_view name) const;
  const Callers& callers() const { return *callers_; }
  // The catalog's revision this table is true at.
  std::int64_t revision() const { return revision_; }
  const std::vector<std::shared_ptr<const Route>>& routes() const { return routes_; }

 private:
  friend std::shared_ptr<const RouteTable> Compile(const Snapshot&, const RouteTable&,
                                                   state::RuleState&);
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const {
      return std::hash<std::string_view>()(text);
    }
  };

  bool known_ = false;
  std::int64_t revision_ = 0;
  std::vector<std::shared_ptr<const Route>> routes_;  // by server name
  std::unordered_map<std::string, const Route*, Hash, std::equal_to<>> by_path_;
  std::shared_ptr<const Callers> callers_ = std::make_shared<Callers>(Snapshot());
};

// Pure: the same snapshot makes the same table. Routes of `previous` whose inputs are the same are
// taken over, so that a change costs the routes it touches and one walk over the rest.
std::shared_ptr<const RouteTable> Compile(const Snapshot& snapshot, const RouteTable& previous,
                                          state::RuleState& state);

}  // namespace gateway
