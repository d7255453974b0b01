#include "registry/search/feed.h"

#include <nlohmann/json.hpp>
#include <set>
#include <utility>

namespace registry::search {
namespace {

std::string Text(const nlohmann::ordered_json& object, const char* key) {
  auto member = object.find(key);
  return member != object.end() && member->is_string() ? member->get<std::string>() : "";
}

bool IsServed(const v1::Server& server) {
  return server.approval() == v1::Approval::APPROVED &&
         server.lifecycle() != v1::Lifecycle::RETIRED;
}

}  // namespace

ServerDocument ToDocument(const v1::Resource& resource) {
  const v1::Server& server = resource.server();
  ServerDocument document;
  document.name = resource.name();
  if (server.has_endpoint()) document.base_path = server.base_path();
  document.title = server.title();
  document.description = server.description();
  document.tags.assign(server.tags().begin(), server.tags().end());
  document.owner = server.owner();
  document.version = server.current_version();
  document.served = IsServed(server);
  const auto& audiences = server.visibility().audiences();
  document.audiences.assign(audiences.begin(), audiences.end());
  return document;
}

std::vector<ToolDocument> ToTools(const v1::ServerDefinitions& definitions) {
  std::vector<ToolDocument> tools;
  // What cannot be called before somebody has reviewed it is not found either.
  std::set<std::string_view> held;
  for (const v1::HeldDefinition& one : definitions.held()) {
    if (one.kind() == v1::DefinitionKind::TOOL) held.insert(one.name());
  }
  for (const v1::Definition& definition : definitions.definitions()) {
    if (definition.kind() != v1::DefinitionKind::TOOL || held.contains(definition.name())) continue;
    auto object =
        nlohmann::ordered_json::parse(definition.json(), nullptr, /*allow_exceptions=*/false);
    if (!object.is_object()) continue;
    ToolDocument& tool = tools.emplace_back();
    tool.name = definition.name();
    tool.title = Text(object, "title");
    if (auto notes = object.find("annotations");
        tool.title.empty() && notes != object.end() && notes->is_object()) {
      tool.title = Text(*notes, "title");
    }
    tool.description = Text(object, "description");
    tool.definition = definition.json();
    if (auto schema = object.find("inputSchema"); schema != object.end() && schema->is_object()) {
      ReadProperties(*schema, tool);
    }
  }
  return tools;
}

void Feed::OnChanges(std::span<const v1::Change> changes) {
  for (const v1::Change& change : changes) {
    const v1::Resource& resource = change.resource();
    if (change.deleted()) {
      if (resource.kind() != "Server") continue;
      known_.erase(resource.name());
      waiting_.erase(resource.name());
      index_.Remove(resource.name());
      continue;
    }
    if (!resource.has_server()) continue;
    ServerDocument document = ToDocument(resource);
    const auto known = known_.find(resource.name());
    if (const auto waiting = waiting_.find(resource.name()); waiting != waiting_.end()) {
      document.tools = std::move(waiting->second);
      waiting_.erase(waiting);
    } else if (known != known_.end()) {
      document.tools = known->second->tools;
      for (ToolDocument& tool : document.tools) {
        tool.required.clear();
        ReadInputSchema(tool.InputSchema(), tool);
      }
    }
    Upsert(std::move(document));
  }
}

void Feed::Upsert(ServerDocument document) {
  auto kept = std::make_shared<ServerDocument>(document);
  for (ToolDocument& tool : kept->tools) tool.parameters = {};
  known_[kept->name] = kept;
  index_.Upsert(std::move(kept), document);
}

void Feed::OnDefinitions(const v1::ServerDefinitions& definitions) {
  auto known = known_.find(definitions.server());
  if (known == known_.end()) {
    waiting_[definitions.server()] = ToTools(definitions);
    return;
  }
  ServerDocument document = *known->second;
  document.tools = ToTools(definitions);
  Upsert(std::move(document));
}

}  // namespace registry::search
