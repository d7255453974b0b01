#include "registry/service/discovery_server.h"

#include <utility>

#include "registry/search/feed.h"
#include "registry/search/visibility.h"
#include "registry/service/discovery_prompts.h"
#include "registry/service/discovery_resources.h"
#include "registry/service/discovery_tools.h"

namespace registry {
namespace {

mcp::ServerOptions About() {
  mcp::ServerOptions about;
  about.name = "portolan";
  about.title = "Portolan";
  about.instructions =
      "A catalog of MCP servers and their tools. Find a tool with find_tools (one capability per "
      "query) before you say that something cannot be done. Each server is a resource, "
      "portolan://servers/NAMESPACE/NAME.";
  return about;
}

}  // namespace

DiscoveryServer::DiscoveryServer(base::Loop& loop, const search::Index& index,
                                 const DiscoveryOptions& options, std::vector<mcp::Tool> further,
                                 WorkerPool* pool)
    : loop_(loop),
      subscriptions_(loop),
      tools_(DiscoveryTools(index, options, {pool, &loop}), {}),
      resources_({}, {ServerResources(index, options)}, {}, &subscriptions_),
      prompts_(DiscoveryPrompts(index, options), {}),
      completion_(prompts_, resources_),
      server_(About(),
              {&tools_, &resources_, &prompts_, &completion_, &logging_, &subscriptions_}) {
  for (mcp::Tool& tool : further) tools_.Add(std::move(tool));
}

void DiscoveryServer::OnChanges(std::span<const v1::Change> changes) {
  for (const v1::Change& change : changes) {
    const v1::Resource& resource = change.resource();
    if (resource.kind() != "Server") continue;
    const std::string& name = resource.name();
    const bool heard = subscriptions_.heard();
    const auto [known, is_new] = known_.try_emplace(name);
    Document before = heard && !is_new ? known->second.Of(name) : nullptr;
    Document now;
    if (change.deleted()) {
      known_.erase(known);
    } else {
      search::ServerDocument document = search::ToDocument(resource);
      known->second = {document.served, std::move(document.audiences)};
      if (heard) now = known->second.Of(name);
    }
    if (heard) Announce(name, std::move(before), std::move(now), Changed::kEntry);
  }
}

void DiscoveryServer::OnDefinitions(const v1::ServerDefinitions& definitions) {
  const auto known = known_.find(definitions.server());
  if (known == known_.end() || !subscriptions_.heard()) return;
  Announce(known->first, nullptr, known->second.Of(known->first), Changed::kContents);
}

DiscoveryServer::Document DiscoveryServer::Sight::Of(const std::string& name) const {
  auto document = std::make_shared<search::ServerDocument>();
  document->name = name;
  document->served = served;
  document->audiences = audiences;
  return document;
}

void DiscoveryServer::Announce(std::string name, Document before, Document now, Changed changed) {
  loop_.Post(
      [this, name = std::move(name), before = std::move(before), now = std::move(now), changed] {
        const auto sees = [&](const mcp::Call& call) {
          const search::Visible visible = search::VisibleTo(call.principal);
          return (before && visible(*before)) || (now && visible(*now));
        };
        subscriptions_.AnnounceResource(ServerUri(name), sees);
        if (changed == Changed::kEntry) subscriptions_.AnnounceResources(sees);
      });
}

}  // namespace registry
