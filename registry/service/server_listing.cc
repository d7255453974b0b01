#include "registry/service/server_listing.h"

#include <algorithm>
#include <mutex>
#include <nlohmann/json.hpp>

#include "base/rfc3339.h"
#include "registry/catalog/visibility.h"
#include "registry/import/resources.h"
#include "registry/import/server_json.h"
#include "registry/import/version_order.h"

namespace registry {
namespace {

using nlohmann::ordered_json;
using Status = ListedVersion::Status;

constexpr char kOfficialMeta[] = "io.modelcontextprotocol.registry/official";
constexpr char kOwnMeta[] = "io.portolan.registry/server";

std::string Lower(std::string text) {
  for (char& c : text) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return text;
}

std::string Dump(const ordered_json& value) {
  return value.dump(-1, ' ', false, ordered_json::error_handler_t::replace);
}

// Valid JSON without the spaces that mean nothing.
std::string Compact(std::string_view json) {
  std::string out;
  out.reserve(json.size());
  bool quoted = false;
  for (std::size_t i = 0; i < json.size(); ++i) {
    const char c = json[i];
    if (quoted && c == '\\' && i + 1 < json.size()) {
      out += c;
      out += json[++i];
      continue;
    }
    if (c == '"') quoted = !quoted;
    if (quoted || (c != ' ' && c != '\n' && c != '\r' && c != '\t')) out += c;
  }
  return out;
}

std::string_view Word(Status status) {
  switch (status) {
    case Status::kDeprecated: return "deprecated";
    case Status::kDeleted: return "deleted";
    case Status::kActive: break;
  }
  return "active";
}

Status StatusOf(const v1::Server& server) {
  switch (server.lifecycle()) {
    case v1::Lifecycle::RETIRED: return Status::kDeleted;
    case v1::Lifecycle::DEPRECATED: return Status::kDeprecated;
    default: return Status::kActive;
  }
}

Status StatusOf(const v1::ServerVersion& version) {
  switch (version.status()) {
    case v1::VersionStatus::DELETED: return Status::kDeleted;
    case v1::VersionStatus::DEPRECATED: return Status::kDeprecated;
    default: return Status::kActive;
  }
}

std::string VersionOf(std::string_view resource_name) {
  return std::string(
      resource_name.substr(std::min(resource_name.find('@') + 1, resource_name.size())));
}

std::string ServerOf(std::string_view resource_name) {
  return std::string(resource_name.substr(0, resource_name.find('@')));
}

// Who goes through us finds us first.
std::string WithRemote(const std::string& document, const std::string& gateway_url) {
  ordered_json tree = ordered_json::parse(document, nullptr, /*allow_exceptions=*/false);
  if (!tree.is_object()) return {};
  ordered_json remotes = ordered_json::array({{{"type", "streamable-http"}, {"url", gateway_url}}});
  if (auto given = tree.find("remotes"); given != tree.end() && given->is_array()) {
    for (ordered_json& other : *given) remotes.push_back(std::move(other));
  }
  tree["remotes"] = std::move(remotes);
  return Dump(tree);
}

std::string Stage(const v1::Server& server) {
  const v1::Lifecycle::Stage stage = server.lifecycle();
  return Lower(v1::Lifecycle::Stage_Name(
      stage == v1::Lifecycle::UNSPECIFIED ? v1::Lifecycle::PRODUCTION : stage));
}

// Without the closing brace.
std::string OwnMeta(const v1::Resource& resource, const std::string& gateway_url) {
  const v1::Server& server = resource.server();
  ordered_json own = {{"lifecycle", Stage(server)}, {"revision", resource.revision()}};
  if (server.approval() != v1::Approval::APPROVED)
    own["approval"] = Lower(v1::Approval::State_Name(server.approval()));
  if (!gateway_url.empty()) {
    own["basePath"] = server.base_path();
    own["gatewayUrl"] = gateway_url;
  }
  if (!server.owner().empty()) own["owner"] = server.owner();
  if (server.tags_size() > 0)
    own["tags"] = std::vector<std::string>(server.tags().begin(), server.tags().end());
  if (!server.environment().empty()) own["environment"] = server.environment();
  if (!server.sunset().empty()) own["sunset"] = server.sunset();
  if (!server.successor().empty()) own["successor"] = server.successor();
  for (const v1::ExternalDocument& document : server.documents())
    own["documents"].push_back({{"title", document.title()}, {"url", document.url()}});
  if (!server.metadata_json().empty()) {
    ordered_json metadata = ordered_json::parse(server.metadata_json(), nullptr, false);
    if (metadata.is_object()) own["metadata"] = std::move(metadata);
  }
  std::string text = Dump(own);
  text.pop_back();
  return text;
}

}  // namespace

bool ServerListing::Known::VisibleTo(std::string_view name,
                                     const base::auth::Principal& who) const {
  return exists && (SeesAllOf(who, name) || (approved && CanSeeAudiences(who, name, audiences)));
}

bool ServerListing::Known::Passes(const Filter& filter, const Version& version) const {
  if (!filter.include_deleted && StatusOf(version) == Status::kDeleted) return false;
  if (filter.version == "latest" ? !version.latest
                                 : !filter.version.empty() && filter.version != version.version) {
    return false;
  }
  return !filter.updated_since_ms || UpdatedMs(version) > *filter.updated_since_ms;
}

void ServerListing::OnChanges(std::span<const v1::Change> changes) {
  std::unique_lock lock(mutex_);
  for (const v1::Change& change : changes) ChangeLocked(change);
}

void ServerListing::OnDefinitions(const v1::ServerDefinitions& definitions) {
  std::unique_lock lock(mutex_);
  known_[definitions.server()].tools = static_cast<int>(
      std::count_if(definitions.definitions().begin(), definitions.definitions().end(),
                    [](const v1::Definition& definition) {
                      return definition.kind() == v1::DefinitionKind::TOOL;
                    }));
}

void ServerListing::ChangeLocked(const v1::Change& change) {
  const v1::Resource& resource = change.resource();
  if (resource.kind() == "Server") {
    if (change.deleted()) {
      known_.erase(resource.name());
      texts_.Remove(resource.name());
    } else {
      TakeServerLocked(known_[resource.name()], resource);
    }
  } else if (resource.kind() == "ServerVersion") {
    const std::string server = ServerOf(resource.name());
    if (!change.deleted()) return TakeVersionLocked(known_[server], resource);
    const auto known = known_.find(server);
    if (known != known_.end()) DropVersionLocked(known->second, VersionOf(resource.name()));
  }
}

void ServerListing::TakeServerLocked(Known& known, const v1::Resource& resource) {
  const v1::Server& server = resource.server();
  known.exists = true;
  known.approved = server.approval() == v1::Approval::APPROVED;
  known.status = StatusOf(server);
  known.changed_ms = resource.updated_at_ms();
  known.audiences.assign(server.visibility().audiences().begin(),
                         server.visibility().audiences().end());
  known.current_version = server.current_version();
  texts_.Put(resource.name(),
             Lower(resource.name() + "\n" + server.title() + "\n" + server.description()));
  std::erase_if(known.versions, [](const Version& version) { return version.made; });
  if (known.versions.empty()) {
    Version& only = known.versions.emplace_back();
    only.version = import::MadeVersion(server);
    only.made = true;
    only.published_ms = resource.created_at_ms();
    only.changed_ms = resource.updated_at_ms();
  }
  SettleLocked(known);
}

void ServerListing::TakeVersionLocked(Known& known, const v1::Resource& resource) {
  std::erase_if(known.versions, [](const Version& version) { return version.made; });
  std::string name = VersionOf(resource.name());
  auto at = std::lower_bound(
      known.versions.begin(), known.versions.end(), name,
      [](const Version& version, const std::string& than) { return version.version < than; });
  if (at == known.versions.end() || at->version != name) {
    at = known.versions.emplace(at);
    at->version = std::move(name);
  }
  const v1::ServerVersion& version = resource.server_version();
  at->status = StatusOf(version);
  at->published_ms = resource.created_at_ms();
  at->changed_ms = resource.updated_at_ms();
  SettleLocked(known);
}

void ServerListing::DropVersionLocked(Known& known, std::string_view version) {
  const auto dropped = std::find_if(known.versions.begin(), known.versions.end(),
                                    [&](const Version& other) { return other.version == version; });
  if (dropped == known.versions.end()) return;
  if (known.versions.size() == 1) {
    dropped->made = true;
    dropped->status = Status::kActive;
  } else {
    known.versions.erase(dropped);
  }
  SettleLocked(known);
}

void ServerListing::SettleLocked(Known& known) {
  // The one that the server names, else the newest that is not deleted, else the newest.
  Version* latest = nullptr;
  for (Version& version : known.versions) {
    version.latest = false;
    const bool deleted = version.status == Status::kDeleted;
    const bool latest_deleted = latest && latest->status == Status::kDeleted;
    if (!latest || (latest_deleted && !deleted) ||
        (latest_deleted == deleted && CompareVersions(latest->version, version.version) < 0)) {
      latest = &version;
    }
  }
  for (Version& version : known.versions) {
    if (version.version == known.current_version && version.status != Status::kDeleted)
      latest = &version;
  }
  if (latest) latest->latest = true;
}

ServerListing::Chosen ServerListing::Choose(const std::string& name, const Known& known,
                                            const Version& version) {
  return {name, version, known.StatusOf(version), known.UpdatedMs(version), known.tools};
}

std::optional<ListedVersion> ServerListing::Show(const Chosen& one,
                                                 const v1::Resource& server) const {
  std::string document;
  std::string status_message;
  if (one.version.made) {
    ordered_json made = import::MakeServerJson(server);
    made["version"] = one.version.version;
    document = Dump(made);
  } else {
    const auto said = look_up_("ServerVersion", one.name + "@" + one.version.version);
    if (!said) return std::nullopt;
    document = Compact(said->server_version().server_json());
    status_message = said->server_version().status_message();
  }
  const ordered_json remote = import::GatewayRemote(server, gateway_public_url_);
  const std::string gateway_url = remote.is_null() ? "" : remote["url"].get<std::string>();
  if (one.version.latest && !gateway_url.empty()) {
    if (std::string routed = WithRemote(document, gateway_url); !routed.empty())
      document = std::move(routed);
  }

  ListedVersion shown{one.name, one.version.version, one.status, one.version.latest, {}};
  const std::string updated = base::FormatRfc3339(one.updated_ms);
  const std::string published = base::FormatRfc3339(one.version.published_ms);
  ordered_json official = {{"status", Word(shown.status)}};
  if (shown.status != Status::kActive && !status_message.empty())
    official["statusMessage"] = status_message;
  official["statusChangedAt"] = shown.status == Status::kActive ? published : updated;
  official["publishedAt"] = published;
  official["updatedAt"] = updated;
  official["isLatest"] = shown.latest;
  const std::string own_meta = OwnMeta(server, gateway_url);
  std::string& json = shown.json;
  json.reserve(document.size() + own_meta.size() + 400);
  json.append(R"({"server":)").append(document);
  json.append(R"(,"_meta":{")").append(kOfficialMeta).append(R"(":)").append(Dump(official));
  json.append(R"(,")").append(kOwnMeta).append(R"(":)").append(own_meta);
  json.append(R"(,"tools":)").append(std::to_string(one.tools)).append("}}}");
  return shown;
}

std::vector<ListedVersion> ServerListing::Show(const std::vector<Chosen>& chosen,
                                               const base::auth::Principal& who) const {
  std::vector<ListedVersion> shown;
  shown.reserve(chosen.size());
  std::optional<v1::Resource> server;
  for (const Chosen& one : chosen) {
    if (!server || server->name() != one.name) server = look_up_("Server", one.name);
    // It may have been hidden since.
    if (!server || !CanSee(who, one.name, server->server())) continue;
    HideSuccessor(*server, who);
    if (auto entry = Show(one, *server)) shown.push_back(std::move(*entry));
  }
  return shown;
}

void ServerListing::HideSuccessor(v1::Resource& server, const base::auth::Principal& who) const {
  const std::string& name = server.server().successor();
  if (name.empty()) return;
  const auto successor = look_up_("Server", name);
  if (!successor || !CanSee(who, name, successor->server()))
    server.mutable_server()->clear_successor();
}

std::vector<ServerListing::Chosen> ServerListing::ChooseLocked(const Filter& filter,
                                                               const Position& after,
                                                               std::size_t limit,
                                                               const base::auth::Principal& who,
                                                               bool& more) const {
  std::vector<Chosen> chosen;
  // False when the page is full, and there is more.
  const auto add = [&](const Map::value_type& entry) {
    const auto& [name, known] = entry;
    if (!known.VisibleTo(name, who)) return true;
    for (const Version& version : known.versions) {
      if (name == after.name && version.version <= after.version) continue;
      if (!known.Passes(filter, version)) continue;
      more = chosen.size() == limit;
      if (more) return false;
      chosen.push_back(Choose(name, known, version));
    }
    return true;
  };
  if (filter.search.empty()) {
    for (auto known = known_.lower_bound(after.name); known != known_.end(); ++known) {
      if (!add(*known)) break;
    }
    return chosen;
  }
  const std::string letters = Lower(filter.search);
  SearchTexts::Search search(texts_, after.name, letters);
  for (std::string_view name = search.Next(); !name.empty(); name = search.Next()) {
    const auto known = known_.find(name);
    if (known != known_.end() && !add(*known)) break;
  }
  return chosen;
}

ServerListing::Page ServerListing::List(const Filter& filter, const Position& after,
                                        std::size_t limit, const base::auth::Principal& who) const {
  Page page;
  std::shared_lock lock(mutex_);
  const std::vector<Chosen> chosen = ChooseLocked(filter, after, limit, who, page.more);
  lock.unlock();
  if (!chosen.empty()) page.last = {chosen.back().name, chosen.back().version.version};
  page.versions = Show(chosen, who);
  return page;
}

ServerListing::Map::const_iterator ServerListing::FindLocked(
    std::string_view name, const base::auth::Principal& who) const {
  const auto known = known_.find(name);
  return known != known_.end() && known->second.VisibleTo(name, who) ? known : known_.end();
}

std::vector<ListedVersion> ServerListing::Versions(std::string_view name, bool include_deleted,
                                                   const base::auth::Principal& who) const {
  std::shared_lock lock(mutex_);
  const auto known = FindLocked(name, who);
  if (known == known_.end()) return {};
  std::vector<const Version*> versions;
  for (const Version& version : known->second.versions) {
    if (include_deleted || known->second.StatusOf(version) != Status::kDeleted)
      versions.push_back(&version);
  }
  std::sort(versions.begin(), versions.end(), [](const Version* a, const Version* b) {
    const int order = CompareVersions(a->version, b->version);
    return order != 0 ? order > 0 : a->published_ms > b->published_ms;
  });
  std::vector<Chosen> chosen;
  for (const Version* version : versions)
    chosen.push_back(Choose(known->first, known->second, *version));
  lock.unlock();
  return Show(chosen, who);
}

void ServerListing::ForEachSeenBy(const base::auth::Principal& who,
                                  const std::function<void(std::string_view)>& each) const {
  std::shared_lock lock(mutex_);
  for (const auto& [name, known] : known_) {
    if (known.VisibleTo(name, who)) each(name);
  }
}

std::size_t ServerListing::CountVersions(std::string_view name) const {
  std::shared_lock lock(mutex_);
  const auto known = known_.find(name);
  return known == known_.end() ? 0 : known->second.versions.size();
}

std::optional<ListedVersion> ServerListing::Find(std::string_view name, std::string_view version,
                                                 const base::auth::Principal& who) const {
  std::shared_lock lock(mutex_);
  const auto known = FindLocked(name, who);
  if (known == known_.end()) return std::nullopt;
  const auto& versions = known->second.versions;
  const auto one = std::find_if(versions.begin(), versions.end(), [&](const Version& candidate) {
    return version == "latest" ? candidate.latest : candidate.version == version;
  });
  if (one == versions.end()) return std::nullopt;
  const std::vector<Chosen> chosen = {Choose(known->first, known->second, *one)};
  lock.unlock();
  std::vector<ListedVersion> shown = Show(chosen, who);
  if (shown.empty()) return std::nullopt;
  return std::move(shown.front());
}

}  // namespace registry
