#include "registry/search/index.h"

#include <algorithm>
#include <array>
#include <mutex>
#include <utility>

#include "registry/search/closeness.h"
#include "registry/search/tokenizer.h"

namespace registry::search {
namespace {

// The namespace is a reverse DNS name, whose words (`io`, `github`) would find everything.
std::string_view LastPart(std::string_view name) { return name.substr(name.rfind('/') + 1); }

CountedWords WordsOf(const ServerDocument& server) {
  CountedWords words;
  words.CountText(LastPart(server.name), SearchField::kName);
  words.CountText(server.title, SearchField::kServer);
  for (const std::string& tag : server.tags) words.CountText(tag, SearchField::kServer);
  words.CountText(server.description, SearchField::kDescription);
  return words;
}

// What is the same for all tools of a server.
CountedWords WordsOfEachTool(const ServerDocument& server) {
  CountedWords words;
  words.CountText(LastPart(server.name), SearchField::kServer);
  words.CountText(server.title, SearchField::kServerDescription);
  words.CountText(server.description, SearchField::kServerDescription);
  return words;
}

CountedWords WordsOf(const ToolDocument& tool) {
  CountedWords words;
  words.CountText(tool.name, SearchField::kName);
  words.CountText(tool.title, SearchField::kDescription);
  words.CountText(tool.description, SearchField::kDescription);
  for (const Parameter& parameter : tool.parameters) {
    words.CountText(parameter.name, SearchField::kParameters);
    words.CountText(parameter.description, SearchField::kParameters);
  }
  return words;
}

std::array<std::string, 4> Callings(const ServerDocument& server) {
  return {Squeeze(server.name), Squeeze(LastPart(server.name)), Squeeze(server.title),
          Squeeze(server.base_path)};
}

bool Sees(const Visible& visible, const ServerDocument& server) {
  return visible ? visible(server) : IsPublic(server);
}

bool HasManyGaps(const Postings& postings) {
  return postings.end() > 2 * postings.documents() + 1024;
}

}  // namespace

bool IsPublic(const ServerDocument& server) {
  if (!server.served) return false;
  return server.audiences.empty() || std::find(server.audiences.begin(), server.audiences.end(),
                                               "public") != server.audiences.end();
}

Index::Index(const Ranking& ranking, LookUpTools look_up)
    : ranking_(ranking),
      look_up_(std::move(look_up)),
      server_words_(ranking),
      tool_words_(ranking) {}

std::vector<ToolText> Index::Tools(const ServerDocument& server) const {
  if (look_up_) return look_up_(server.name);
  std::vector<ToolText> tools;
  for (const ToolDocument& tool : server.tools) tools.push_back({tool.name, tool.definition});
  return tools;
}

std::string Index::Definition(const ServerDocument& server, const ToolDocument& tool) const {
  if (!look_up_) return tool.definition;
  for (ToolText& text : look_up_(server.name)) {
    if (text.name == tool.name) return std::move(text.definition);
  }
  return {};
}

Index::Words Index::TakeApart(const ServerDocument& server) {
  Words words{WordsOf(server), {}};
  words.tools.reserve(server.tools.size());
  const CountedWords of_each = WordsOfEachTool(server);
  for (const ToolDocument& tool : server.tools)
    words.tools.emplace_back(WordsOf(tool)).Count(of_each);
  return words;
}

void Index::Upsert(std::shared_ptr<const ServerDocument> server, const Words& words) {
  std::unique_lock lock(mutex_);
  if (auto known = slots_.find(server->name); known != slots_.end()) RemoveLocked(known->second);
  std::uint32_t slot = static_cast<std::uint32_t>(entries_.size());
  if (free_slots_.empty()) {
    entries_.emplace_back();
  } else {
    slot = free_slots_.back();
    free_slots_.pop_back();
  }
  AddLocked(slot, std::move(server), words);
  CompactLocked();
}

void Index::Remove(std::string_view server_name) {
  std::unique_lock lock(mutex_);
  auto known = slots_.find(server_name);
  if (known == slots_.end()) return;
  RemoveLocked(known->second);
  CompactLocked();
}

void Index::AddLocked(std::uint32_t slot, std::shared_ptr<const ServerDocument> server,
                      const Words& words) {
  Entry& entry = entries_[slot];
  entry.own = server_words_.Add(words.own);
  server_slot_.push_back(slot);
  entry.first_tool = tool_words_.end();
  for (std::size_t i = 0; i < words.tools.size(); ++i) {
    tool_words_.Add(words.tools[i]);
    tool_slot_.push_back(slot);
    tool_names_.Add(Squeeze(server->tools[i].name), slot);
  }
  for (const std::string& name : Callings(*server)) server_names_.Add(name, slot);
  entry.last_tool = tool_words_.end();
  slots_[server->name] = slot;
  entry.document = std::move(server);
}

void Index::RemoveLocked(std::uint32_t slot) {
  Entry& entry = entries_[slot];
  server_words_.Remove(entry.own, entry.own + 1);
  tool_words_.Remove(entry.first_tool, entry.last_tool);
  server_slot_[entry.own] = kNoSlot;
  std::fill(tool_slot_.begin() + entry.first_tool, tool_slot_.begin() + entry.last_tool, kNoSlot);
  for (const std::string& name : Callings(*entry.document)) server_names_.Remove(name, slot);
  for (const ToolDocument& tool : entry.document->tools)
    tool_names_.Remove(Squeeze(tool.name), slot);
  slots_.erase(entry.document->name);
  entry.document = nullptr;
  free_slots_.push_back(slot);
}

void Index::CompactLocked() {
  if (!HasManyGaps(server_words_) && !HasManyGaps(tool_words_)) return;
  std::vector<DocumentId> servers = server_words_.Compact();
  std::vector<DocumentId> tools = tool_words_.Compact();
  server_slot_.resize(server_words_.end());
  tool_slot_.resize(tool_words_.end());
  for (const auto& [name, slot] : slots_) {
    Entry& entry = entries_[slot];
    DocumentId count = entry.last_tool - entry.first_tool;
    entry.own = servers[entry.own];
    entry.first_tool = count == 0 ? 0 : tools[entry.first_tool];
    entry.last_tool = entry.first_tool + count;
    server_slot_[entry.own] = slot;
    for (DocumentId i = 0; i < count; ++i) tool_slot_[entry.first_tool + i] = slot;
  }
}

std::shared_ptr<const ServerDocument> Index::Known(std::string_view name) const {
  std::shared_lock lock(mutex_);
  const auto known = slots_.find(name);
  return known == slots_.end() ? nullptr : entries_[known->second].document;
}

std::shared_ptr<const ServerDocument> Index::FindServer(std::string_view name,
                                                        const Visible& visible) const {
  std::shared_lock lock(mutex_);
  if (auto known = slots_.find(name); known != slots_.end()) {
    const auto& document = entries_[known->second].document;
    return Sees(visible, *document) ? document : nullptr;
  }
  const std::vector<std::uint32_t> called = CalledLocked(name);
  for (const std::uint32_t slot : called) {
    const auto& document = entries_[slot].document;
    if (document->base_path == name && Sees(visible, *document)) return document;
  }
  std::shared_ptr<const ServerDocument> only;
  for (const std::uint32_t slot : called) {
    const auto& document = entries_[slot].document;
    if (LastPart(document->name) != name || !Sees(visible, *document)) continue;
    if (only) return nullptr;
    only = document;
  }
  return only;
}

std::vector<std::uint32_t> Index::CalledLocked(std::string_view name) const {
  std::vector<std::uint32_t> slots = server_names_.Bearers(Squeeze(name));
  std::sort(slots.begin(), slots.end(), [&](std::uint32_t a, std::uint32_t b) {
    return entries_[a].document->name < entries_[b].document->name;
  });
  return slots;
}

std::vector<Hit> Index::FindTools(std::string_view id, const Visible& visible) const {
  // A name in front may hold dots itself (`io.github.acme/weather.get`), and so may the tool's:
  // each split is tried.
  for (std::size_t dot = id.find('.'); dot != std::string_view::npos; dot = id.find('.', dot + 1)) {
    auto server = FindServer(id.substr(0, dot), visible);
    if (!server) continue;
    if (const ToolDocument* tool = server->FindTool(id.substr(dot + 1))) return {Hit{server, tool}};
  }
  std::vector<Hit> hits;
  std::shared_lock lock(mutex_);
  for (const std::uint32_t slot : tool_names_.Bearers(Squeeze(id))) {
    const auto& document = entries_[slot].document;
    const ToolDocument* tool = document->FindTool(id);
    if (tool && Sees(visible, *document)) hits.push_back(Hit{document, tool});
  }
  std::sort(hits.begin(), hits.end(),
            [](const Hit& a, const Hit& b) { return a.server->name < b.server->name; });
  return hits;
}

std::vector<std::string> Index::CloseNames(std::string_view name, Target target,
                                           std::size_t at_most, const Visible& visible) const {
  CloseNamesTo close(name);
  std::shared_lock lock(mutex_);
  for (const auto& [server_name, slot] : slots_) {
    const ServerDocument& document = *entries_[slot].document;
    if (!Sees(visible, document)) continue;
    if (target == Target::kServers) {
      close.Offer(document.name, {document.name, document.base_path, LastPart(document.name)});
      continue;
    }
    for (const ToolDocument& tool : document.tools)
      close.Offer(document.ToolId(tool), {document.ToolId(tool), tool.name});
  }
  return close.Take(at_most);
}

std::vector<std::shared_ptr<const ServerDocument>> Index::Servers(const Visible& visible) const {
  std::vector<std::shared_ptr<const ServerDocument>> servers;
  std::shared_lock lock(mutex_);
  for (const auto& [name, slot] : slots_) {
    if (Sees(visible, *entries_[slot].document)) servers.push_back(entries_[slot].document);
  }
  return servers;
}

std::size_t Index::tools() const {
  std::shared_lock lock(mutex_);
  return tool_words_.documents();
}

std::size_t Index::servers() const {
  std::shared_lock lock(mutex_);
  return slots_.size();
}

}  // namespace registry::search
