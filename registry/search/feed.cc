#include "registry/search/feed.h"

#include <atomic>
#include <future>
#include <set>
#include <utility>

namespace registry::search {
namespace {

// From so many changes on, taking words apart is worth a second thread.
constexpr std::size_t kMany = 64;

bool IsServer(const v1::Change& change) {
  return !change.deleted() && change.resource().has_server();
}

// Said however it ends, since somebody waits for it.
struct Done {
  std::atomic<bool>& done;
  ~Done() {
    done = true;
    done.notify_one();
  }
};

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

std::vector<ToolDocument> Feed::ToTools(std::span<const ToolText> texts) const {
  std::vector<ToolDocument> tools;
  tools.reserve(texts.size());
  for (const ToolText& text : texts) {
    ToolDocument tool;
    tool.name = text.name;
    if (!ReadDefinition(text.definition, tool)) continue;
    if (!index_.looks_up()) tool.definition = text.definition;
    tools.push_back(std::move(tool));
  }
  return tools;
}

void Feed::OnChanges(std::span<const v1::Change> changes) {
  if (changes.size() >= kMany) return TakeMany(changes);
  for (const v1::Change& change : changes)
    Take(change, IsServer(change) ? PrepareServer(change.resource()) : Prepared());
  Forget(changes);
}

void Feed::Take(const v1::Change& change, Prepared server) {
  if (server.kept) {
    index_.Upsert(std::move(server.kept), server.words);
  } else if (change.deleted() && change.resource().kind() == "Server") {
    index_.Remove(change.resource().name());
  }
}

// At the start, when a thousand come at a time: a second thread prepares them, and so does this one while the
// next that it would take is not ready. No server comes twice then (registry/catalog/replay.h).
void Feed::TakeMany(std::span<const v1::Change> changes) {
  std::vector<Prepared> prepared(changes.size());
  std::vector<std::atomic<bool>> ready(changes.size());
  std::atomic<std::size_t> next = 0;
  const auto prepare_one = [&] {
    const std::size_t i = next++;
    if (i >= changes.size()) return false;
    const Done done{ready[i]};
    if (IsServer(changes[i])) prepared[i] = PrepareServer(changes[i].resource());
    return true;
  };
  auto second = std::async(std::launch::async, [&] {
    while (prepare_one()) {
    }
  });
  for (std::size_t i = 0; i < changes.size(); ++i) {
    while (!ready[i] && prepare_one()) {
    }
    ready[i].wait(false);
    Take(changes[i], std::move(prepared[i]));
  }
  second.get();
  Forget(changes);
}

// What waited for these servers waits no longer.
void Feed::Forget(std::span<const v1::Change> changes) {
  if (waiting_.empty()) return;
  for (const v1::Change& change : changes) {
    const v1::Resource& resource = change.resource();
    if (change.deleted() ? resource.kind() == "Server" : resource.has_server())
      waiting_.erase(resource.name());
  }
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
    // Not assigned an empty one, which would keep the memory.
    std::vector<Parameter>().swap(tool.parameters);
    if (index_.looks_up()) std::string().swap(tool.definition);
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
