#include "registry/search/feed.h"

#include <future>
#include <set>
#include <utility>

namespace registry::search {
namespace {

// From so many changes on, taking words apart is worth a second thread.
constexpr std::size_t kMany = 64;

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

std::vector<ToolText> ToolTexts(const v1::ServerDefinitions& definitions) {
  std::vector<ToolText> texts;
  // What cannot be called before somebody has reviewed it is not found either.
  std::set<std::string_view> held;
  for (const v1::HeldDefinition& one : definitions.held()) {
    if (one.kind() == v1::DefinitionKind::TOOL) held.insert(one.name());
  }
  for (const v1::Definition& definition : definitions.definitions()) {
    if (definition.kind() == v1::DefinitionKind::TOOL && !held.contains(definition.name()))
      texts.push_back({definition.name(), definition.json()});
  }
  return texts;
}

std::vector<ToolDocument> ToTools(std::vector<ToolText> texts) {
  std::vector<ToolDocument> tools;
  tools.reserve(texts.size());
  for (ToolText& text : texts) {
    ToolDocument tool;
    if (!ReadDefinition(text.definition, tool)) continue;
    tool.name = std::move(text.name);
    tool.definition = std::move(text.definition);
    tools.push_back(std::move(tool));
  }
  return tools;
}

void Feed::OnChanges(std::span<const v1::Change> changes) {
  std::vector<Prepared> prepared = PrepareAll(changes);
  for (std::size_t i = 0; i < changes.size(); ++i) {
    const v1::Resource& resource = changes[i].resource();
    if (changes[i].deleted() && resource.kind() == "Server") {
      waiting_.erase(resource.name());
      index_.Remove(resource.name());
    } else if (!changes[i].deleted() && resource.has_server()) {
      Prepared server = prepared.empty() ? PrepareServer(resource) : std::move(prepared[i]);
      index_.Upsert(std::move(server.kept), server.words);
      waiting_.erase(resource.name());
    }
  }
}

// At the start, when a thousand come at a time, in two halves beside each other; else nothing. No
// server comes twice then (registry/catalog/replay.h).
std::vector<Feed::Prepared> Feed::PrepareAll(std::span<const v1::Change> changes) const {
  if (changes.size() < kMany) return {};
  std::vector<Prepared> all(changes.size());
  const auto prepare = [&](std::size_t begin, std::size_t end) {
    for (std::size_t i = begin; i < end; ++i) {
      if (!changes[i].deleted() && changes[i].resource().has_server())
        all[i] = PrepareServer(changes[i].resource());
    }
  };
  const std::size_t middle = changes.size() / 2;
  auto half = std::async(std::launch::async, [&] { prepare(0, middle); });
  prepare(middle, changes.size());
  half.get();
  return all;
}

Feed::Prepared Feed::PrepareServer(const v1::Resource& resource) const {
  ServerDocument document = ToDocument(resource);
  if (const auto waiting = waiting_.find(resource.name()); waiting != waiting_.end()) {
    document.tools = ToTools(waiting->second);
  } else if (const auto known = index_.Known(resource.name()); known && !known->tools.empty()) {
    document.tools = ToTools(index_.Tools(*known));
    // Where they cannot be read just now, what is known of them: their schemas' words are missed.
    if (document.tools.empty()) document.tools = known->tools;
  }
  return Prepare(std::move(document));
}

Feed::Prepared Feed::Prepare(ServerDocument document) const {
  Prepared prepared{nullptr, Index::TakeApart(document)};
  for (ToolDocument& tool : document.tools) {
    tool.parameters = {};
    if (index_.looks_up()) tool.definition = {};
  }
  prepared.kept = std::make_shared<const ServerDocument>(std::move(document));
  return prepared;
}

void Feed::OnDefinitions(const v1::ServerDefinitions& definitions) {
  const auto known = index_.Known(definitions.server());
  if (!known) {
    waiting_[definitions.server()] = ToolTexts(definitions);
    return;
  }
  ServerDocument document = *known;
  document.tools = ToTools(ToolTexts(definitions));
  Prepared server = Prepare(std::move(document));
  index_.Upsert(std::move(server.kept), server.words);
}

}  // namespace registry::search
