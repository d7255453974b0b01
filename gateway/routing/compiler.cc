#include "gateway/routing/compiler.h"

#include <algorithm>
#include <map>

namespace gateway {

namespace {

using Policies = std::vector<std::shared_ptr<const PolicyEntry>>;

struct SetsByScope {
  Policies global;
  std::map<std::string, Policies, std::less<>> by_server;
};

SetsByScope Sort(const Snapshot& snapshot) {
  SetsByScope sets;
  for (const auto& [name, entry] : snapshot.policies()) {
    const portolan::v1::Attachment& attach = entry->spec.attach();
    if (attach.global()) sets.global.push_back(entry);
    if (attach.has_server()) sets.by_server[attach.server()].push_back(entry);
  }
  return sets;
}

Policies SetsOf(const SetsByScope& sets, const std::string& server) {
  Policies all = sets.global;
  if (const auto found = sets.by_server.find(server); found != sets.by_server.end()) {
    all.insert(all.end(), found->second.begin(), found->second.end());
  }
  return all;
}

// The server to use instead, when it can be called.
std::shared_ptr<const ServerEntry> SuccessorOf(const Snapshot& snapshot,
                                               const portolan::v1::Server& server) {
  const auto found = snapshot.servers().find(server.successor());
  if (found == snapshot.servers().end()) return nullptr;
  const portolan::v1::Server& successor = found->second->spec;
  const bool served = successor.has_endpoint() &&
                      successor.approval() == portolan::v1::Approval::APPROVED &&
                      successor.lifecycle() != portolan::v1::Lifecycle::RETIRED;
  return served ? found->second : nullptr;
}

}  // namespace

const Route* RouteTable::Find(std::string_view base_path) const {
  const auto found = by_path_.find(base_path);
  return found == by_path_.end() ? nullptr : found->second;
}

std::shared_ptr<const Route> RouteTable::FindServer(std::string_view name) const {
  const auto found = std::lower_bound(
      routes_.begin(), routes_.end(), name,
      [](const auto& route, std::string_view wanted) { return route->server_name() < wanted; });
  return found != routes_.end() && (*found)->server_name() == name ? *found : nullptr;
}

std::shared_ptr<const RouteTable> Compile(const Snapshot& snapshot, const RouteTable& previous,
                                          state::RuleState& state) {
  auto table = std::make_shared<RouteTable>();
  table->known_ = snapshot.complete();
  table->revision_ = snapshot.revision();
  table->callers_ = previous.callers_->version() == snapshot.callers_version()
                        ? previous.callers_
                        : std::make_shared<Callers>(snapshot, previous.callers_.get());
  const SetsByScope sets = Sort(snapshot);
  // Both are in the order of the servers' names: one walk finds who was there before.
  auto before = previous.routes_.begin();
  for (const auto& [name, server] : snapshot.servers()) {
    if (!server->spec.has_endpoint()) continue;  // external: found in the catalog, not routed
    while (before != previous.routes_.end() && (*before)->server_name() < name) ++before;
    Route::Inputs inputs{server, snapshot.definitions(name), SetsOf(sets, name),
                         SuccessorOf(snapshot, server->spec)};
    const bool same = before != previous.routes_.end() && (*before)->server_name() == name &&
                      (*before)->inputs() == inputs;
    table->routes_.push_back(same ? *before : std::make_shared<Route>(std::move(inputs), state));
  }
  for (const auto& route : table->routes_) table->by_path_.emplace(route->base_path(), route.get());
  // An alias never takes a path that is somebody's own.
  for (const auto& route : table->routes_) {
    for (const std::string& alias : route->spec().base_path_aliases())
      table->by_path_.emplace(alias, route.get());
  }
  return table;
}

}  // namespace gateway
