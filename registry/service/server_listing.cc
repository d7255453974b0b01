#include "registry/service/server_listing.h"

#include <algorithm>
#include <mutex>
#include <nlohmann/json.hpp>

#include "base/rfc3339.h"
#include "registry/catalog/visibility.h"
#include "registry/import/resources.h"
#include "registry/import/server_json.h"
#include "registry/service/version_order.h"

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

std::string Text(const ordered_json& object, const char* key) {
  auto member = object.find(key);
  return member != object.end() && member->is_string() ? member->get<std::string>() : "";
}

std::string_view Word(Status status) {
  switch (status) {
    case Status::kDeprecated: return "deprecated";
    case Status::kDeleted: return "deleted";
    case Status::kActive: break;
  }
  return "active";
}

// The graver of what is said of the server and of this version.
Status StatusOf(const v1::Server& server, const v1::ServerVersion& version) {
  Status status = server.lifecycle() == v1::Lifecycle::RETIRED      ? Status::kDeleted
                  : server.lifecycle() == v1::Lifecycle::DEPRECATED ? Status::kDeprecated
                                                                    : Status::kActive;
  if (version.status() == v1::VersionStatus::DELETED) return Status::kDeleted;
  if (version.status() == v1::VersionStatus::DEPRECATED)
    return std::max(status, Status::kDeprecated);
  return status;
}

std::string VersionOf(std::string_view resource_name) {
  return std::string(
      resource_name.substr(std::min(resource_name.find('@') + 1, resource_name.size())));
}

std::string ServerOf(std::string_view resource_name) {
  return std::string(resource_name.substr(0, resource_name.find('@')));
}

// Clients read an object with these texts filled, whatever was published long ago.
ordered_json ReadDocument(const v1::Resource& server, const std::string& server_json) {
  ordered_json made = import::MakeServerJson(server);
  ordered_json document = ordered_json::parse(server_json, nullptr, /*allow_exceptions=*/false);
  if (!document.is_object()) return made;
  for (const char* key : {"name", "description", "version"}) {
    if (Text(document, key).empty()) document[key] = made[key];
  }
  return document;
}

std::string LifecycleWord(const v1::Server& server) {
  v1::Lifecycle::Stage stage = server.lifecycle();
  return Lower(v1::Lifecycle::Stage_Name(
      stage == v1::Lifecycle::UNSPECIFIED ? v1::Lifecycle::PRODUCTION : stage));
}

ordered_json OwnMeta(const v1::Resource& resource, int tools, const ordered_json& gateway_remote) {
  const v1::Server& server = resource.server();
  ordered_json own = {
      {"lifecycle", LifecycleWord(server)}, {"tools", tools}, {"revision", resource.revision()}};
  if (!gateway_remote.is_null()) {
    own["basePath"] = server.base_path();
    own["gatewayUrl"] = gateway_remote["url"];
  }
  if (!server.owner().empty()) own["owner"] = server.owner();
  if (server.tags_size() > 0)
    own["tags"] = std::vector<std::string>(server.tags().begin(), server.tags().end());
  return own;
}

ordered_json OfficialMeta(const ListedVersion& listed, const std::string& message) {
  ordered_json meta = {{"status", Word(listed.status)}};
  if (listed.status != Status::kActive && !message.empty()) meta["statusMessage"] = message;
  meta["statusChangedAt"] = base::FormatRfc3339(
      listed.status == Status::kActive ? listed.published_ms : listed.updated_ms);
  meta["publishedAt"] = base::FormatRfc3339(listed.published_ms);
  meta["updatedAt"] = base::FormatRfc3339(listed.updated_ms);
  meta["isLatest"] = listed.latest;
  return meta;
}

bool Passes(const ServerListing::Filter& filter, const ListedVersion& version) {
  if (!filter.include_deleted && version.status == Status::kDeleted) return false;
  if (filter.version == "latest" ? !version.latest
                                 : !filter.version.empty() && filter.version != version.version) {
    return false;
  }
  if (filter.updated_since_ms && version.updated_ms <= *filter.updated_since_ms) return false;
  return filter.search.empty() || version.searched.find(filter.search) != std::string::npos;
}

}  // namespace

bool ServerListing::Known::VisibleTo(const base::auth::Principal& who) const {
  return server && server->server().approval() == v1::Approval::APPROVED &&
         CanSee(who, server->name(), server->server());
}

void ServerListing::OnChanges(std::span<const v1::Change> changes) {
  std::unique_lock lock(mutex_);
  for (const v1::Change& change : changes) ChangeLocked(change);
}

void ServerListing::OnDefinitions(const v1::ServerDefinitions& definitions) {
  std::unique_lock lock(mutex_);
  Known& known = known_[definitions.server()];
  known.tools = static_cast<int>(
      std::count_if(definitions.definitions().begin(), definitions.definitions().end(),
                    [](const v1::Definition& definition) {
                      return definition.kind() == v1::DefinitionKind::TOOL;
                    }));
  RenderLocked(known);
}

void ServerListing::ChangeLocked(const v1::Change& change) {
  const v1::Resource& resource = change.resource();
  if (resource.kind() == "Server") {
    if (change.deleted()) {
      known_.erase(resource.name());
      return;
    }
    Known& known = known_[resource.name()];
    known.server = resource;
    RenderLocked(known);
  } else if (resource.kind() == "ServerVersion") {
    auto known = known_.find(ServerOf(resource.name()));
    if (change.deleted()) {
      if (known == known_.end()) return;
      known->second.versions.erase(VersionOf(resource.name()));
      RenderLocked(known->second);
      return;
    }
    Known& owner = known_[ServerOf(resource.name())];
    owner.versions[VersionOf(resource.name())] = resource;
    RenderLocked(owner);
  }
}

void ServerListing::RenderLocked(Known& known) const {
  known.listed.clear();
  if (!known.server) return;
  const v1::Resource& server = *known.server;
  std::map<std::string, v1::Resource> versions = known.versions;
  if (versions.empty()) {
    ordered_json made = import::MakeServerJson(server);
    v1::Resource& only = versions[Text(made, "version")];
    only.set_created_at_ms(server.created_at_ms());
    only.set_updated_at_ms(server.updated_at_ms());
    only.mutable_server_version()->set_server_json(made.dump());
  }
  // The one that the server names, else the newest that is not deleted, else the newest.
  std::string latest;
  bool latest_deleted = true;
  for (const auto& [version, resource] : versions) {
    bool deleted = resource.server_version().status() == v1::VersionStatus::DELETED;
    bool better = latest.empty() || (latest_deleted && !deleted) ||
                  (latest_deleted == deleted && CompareVersions(latest, version) < 0);
    if (!better) continue;
    latest = version;
    latest_deleted = deleted;
  }
  auto named = versions.find(server.server().current_version());
  if (named != versions.end() &&
      named->second.server_version().status() != v1::VersionStatus::DELETED) {
    latest = named->first;
  }
  ordered_json remote = import::GatewayRemote(server, gateway_public_url_);
  for (const auto& [version, resource] : versions) {
    auto listed = std::make_shared<ListedVersion>();
    listed->name = server.name();
    listed->version = version;
    listed->latest = version == latest;
    listed->status = StatusOf(server.server(), resource.server_version());
    listed->published_ms = resource.created_at_ms();
    listed->updated_ms = std::max(resource.updated_at_ms(), server.updated_at_ms());
    ordered_json document = ReadDocument(server, resource.server_version().server_json());
    // Who goes through us finds us first.
    if (listed->latest && !remote.is_null()) {
      ordered_json remotes = ordered_json::array({remote});
      if (auto given = document.find("remotes"); given != document.end() && given->is_array()) {
        for (ordered_json& other : *given) remotes.push_back(std::move(other));
      }
      document["remotes"] = std::move(remotes);
    }
    listed->searched =
        Lower(listed->name + "\n" + Text(document, "title") + "\n" + Text(document, "description"));
    ordered_json entry = {{"server", std::move(document)}};
    entry["_meta"][kOfficialMeta] =
        OfficialMeta(*listed, resource.server_version().status_message());
    entry["_meta"][kOwnMeta] = OwnMeta(server, known.tools, remote);
    listed->json = entry.dump(-1, ' ', false, ordered_json::error_handler_t::replace);
    known.listed.push_back(std::move(listed));
  }
}

ServerListing::Page ServerListing::List(const Filter& filter, const Position& after,
                                        std::size_t limit, const base::auth::Principal& who) const {
  Filter lowered = filter;
  lowered.search = Lower(lowered.search);
  Page page;
  std::shared_lock lock(mutex_);
  for (auto known = known_.lower_bound(after.name); known != known_.end(); ++known) {
    if (!known->second.VisibleTo(who)) continue;
    for (const auto& version : known->second.listed) {
      if (known->first == after.name && version->version <= after.version) continue;
      if (!Passes(lowered, *version)) continue;
      if (page.versions.size() == limit) {
        page.more = true;
        return page;
      }
      page.versions.push_back(version);
    }
  }
  return page;
}

const ServerListing::Known* ServerListing::FindLocked(std::string_view name,
                                                      const base::auth::Principal& who) const {
  auto known = known_.find(name);
  return known != known_.end() && known->second.VisibleTo(who) ? &known->second : nullptr;
}

std::vector<std::shared_ptr<const ListedVersion>> ServerListing::Versions(
    std::string_view name, bool include_deleted, const base::auth::Principal& who) const {
  std::vector<std::shared_ptr<const ListedVersion>> versions;
  std::shared_lock lock(mutex_);
  const Known* known = FindLocked(name, who);
  if (!known) return versions;
  for (const auto& version : known->listed) {
    if (include_deleted || version->status != Status::kDeleted) versions.push_back(version);
  }
  std::sort(versions.begin(), versions.end(), [](const auto& a, const auto& b) {
    int order = CompareVersions(a->version, b->version);
    return order != 0 ? order > 0 : a->published_ms > b->published_ms;
  });
  return versions;
}

std::shared_ptr<const ListedVersion> ServerListing::Find(std::string_view name,
                                                         std::string_view version,
                                                         const base::auth::Principal& who) const {
  std::shared_lock lock(mutex_);
  const Known* known = FindLocked(name, who);
  if (!known) return nullptr;
  for (const auto& listed : known->listed) {
    if (version == "latest" ? listed->latest : listed->version == version) return listed;
  }
  return nullptr;
}

}  // namespace registry
