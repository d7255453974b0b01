// What gateways report: what servers offer, and how they are. Neither moves a resource's revision.
#include "base/auth/api_key.h"
#include "base/json.h"
#include "registry/catalog/catalog.h"
#include "registry/catalog/stored_form.h"
#include "registry/catalog/validate.h"
#include "registry/store/store.h"

namespace registry {
namespace {

constexpr int kMaxDefinitions = 10'000;
constexpr std::size_t kMaxDefinitionBytes = 1024 * 1024;
constexpr std::size_t kMaxDefinitionNameBytes = 4096;
constexpr std::size_t kMaxStages = 32;

// The definition with its hash; an error when it is none.
base::Result<StoredDefinition> ToStored(const v1::Definition& definition,
                                        const std::string& pointer) {
  if (definition.kind() == v1::DefinitionKind::UNSPECIFIED ||
      !v1::DefinitionKind::Value_IsValid(definition.kind())) {
    return FieldError(pointer + "/kind", "is none");
  }
  if (definition.name().empty() || definition.name().size() > kMaxDefinitionNameBytes) {
    return FieldError(pointer + "/name", "must have 1 to 4,096 bytes");
  }
  if (definition.json().size() > kMaxDefinitionBytes)
    return FieldError(pointer + "/json", "at most 1 MiB");
  const auto json = base::ParseJson(definition.json());
  if (json.has_error()) return FieldError(pointer + "/json", json.error().message);
  if (!json->is_object()) return FieldError(pointer + "/json", "is not an object");
  // nlohmann keeps members sorted by key, and dumps without white space.
  return StoredDefinition{definition.kind(), definition.name(),
                          base::auth::Hex(base::auth::Sha256(json->dump())), definition.json()};
}

bool Same(const StoredDefinitions& a, const StoredDefinitions& b) {
  if (a.info != b.info || a.items.size() != b.items.size()) return false;
  for (std::size_t i = 0; i < a.items.size(); ++i) {
    if (a.items[i].kind != b.items[i].kind || a.items[i].name != b.items[i].name ||
        a.items[i].json != b.items[i].json) {
      return false;
    }
  }
  return true;
}

base::Result<bool> HasServer(Reader& store, std::string_view server) {
  const auto found = store.Find("Server", server);
  if (found.has_error()) return found.error();
  return found->has_value();
}

base::Error NoServer(std::string_view server) {
  return base::Fail(base::Code::kNotFound,
                    "no Server '" + std::string(server.substr(0, 200)) + "'");
}

}  // namespace

v1::ServerDefinitions ToServerDefinitions(std::string_view server,
                                          const StoredDefinitions& stored) {
  v1::ServerDefinitions definitions;
  definitions.set_server(std::string(server));
  definitions.mutable_info()->ParseFromString(stored.info);
  for (const StoredDefinition& item : stored.items) {
    v1::Definition& definition = *definitions.add_definitions();
    definition.set_kind(static_cast<v1::DefinitionKind::Value>(item.kind));
    definition.set_name(item.name);
    definition.set_hash(item.hash);
    definition.set_json(item.json);
  }
  return definitions;
}

base::Result<void> Catalog::ReportDefinitions(const v1::ServerDefinitions& report) {
  if (report.definitions_size() > kMaxDefinitions)
    return FieldError("/definitions", "at most 10,000");
  StoredDefinitions stored;
  stored.info = report.info().SerializeAsString();
  stored.listed_at_ms = clock_.UnixMillis();
  if (stored.info.size() > kMaxDefinitionBytes) return FieldError("/info", "at most 1 MiB");
  for (int i = 0; i < report.definitions_size(); ++i) {
    auto item = ToStored(report.definitions(i), "/definitions/" + std::to_string(i));
    if (item.has_error()) return item.error();
    stored.items.push_back(std::move(*item));
  }
  bool changed = false;
  return store_.Write(
      [&](Transaction& store) -> base::Result<Store::Then> {
        changed = false;
        const auto exists = HasServer(store, report.server());
        if (exists.has_error()) return exists.error();
        if (!*exists) return NoServer(report.server());
        const auto before = store.Definitions(report.server());
        if (before.has_error()) return before.error();
        changed = !*before || !Same(**before, stored);
        const auto done = changed ? store.PutDefinitions(report.server(), stored)
                                  : store.TouchDefinitions(report.server(), stored.listed_at_ms);
        if (done.has_error()) return done.error();
        return Store::Then::kCommit;
      },
      [&] {
        if (!changed) return;
        const v1::ServerDefinitions definitions = ToServerDefinitions(report.server(), stored);
        for (Observer* observer : observers_) observer->OnDefinitions(definitions);
        bell_.Ring();
      });
}

base::Result<v1::GetDefinitionsResponse> Catalog::GetDefinitions(std::string_view server) const {
  const auto resource = Get("Server", server);
  if (resource.has_error()) return resource.error();
  const auto stored = store_.Definitions(resource->name());
  if (stored.has_error()) return stored.error();
  v1::GetDefinitionsResponse response;
  if (!*stored) return response;
  v1::ServerDefinitions definitions = ToServerDefinitions(resource->name(), **stored);
  response.mutable_info()->Swap(definitions.mutable_info());
  response.mutable_definitions()->Swap(definitions.mutable_definitions());
  response.set_listed_at_ms((*stored)->listed_at_ms);
  return response;
}

base::Result<Catalog::DefinitionsChanged> Catalog::DefinitionsAfter(std::int64_t sequence,
                                                                    int limit) const {
  auto after = store_.DefinitionsChangedAfter(sequence, limit);
  if (after.has_error()) return after.error();
  return DefinitionsChanged{after->sequence, std::move(after->servers)};
}

base::Result<void> Catalog::ReportStatus(std::span<const v1::ServerStatus> statuses) {
  if (statuses.empty()) return {};
  return store_.Write(
      [&](Transaction& store) -> base::Result<Store::Then> {
        bool any = false;
        for (const v1::ServerStatus& status : statuses) {
          if (static_cast<std::size_t>(status.stages_size()) > kMaxStages ||
              status.ByteSizeLong() > 64 * 1024)
            continue;
          // It may just have been deleted: a gateway hears of that a moment later.
          const auto exists = HasServer(store, status.server());
          if (exists.has_error()) return exists.error();
          if (!*exists) continue;
          const auto done = store.PutStatus({status.server(), status.SerializeAsString()});
          if (done.has_error()) return done.error();
          any = true;
        }
        return any ? Store::Then::kCommit : Store::Then::kUndo;
      },
      [&] { status_bell_.Ring(); });
}

base::Result<v1::ListStatusResponse> Catalog::ListStatus(
    const v1::ListStatusRequest& request) const {
  if (request.servers_size() > 1000) return FieldError("/servers", "at most 1,000");
  const std::vector<std::string> servers(request.servers().begin(), request.servers().end());
  const auto stored = store_.Status(servers);
  if (stored.has_error()) return stored.error();
  v1::ListStatusResponse response;
  for (const StoredStatus& status : *stored) response.add_statuses()->ParseFromString(status.body);
  return response;
}

base::Result<Catalog::StatusChanged> Catalog::StatusAfter(std::int64_t sequence, int limit) const {
  const auto stored = store_.StatusChangedAfter(sequence, limit);
  if (stored.has_error()) return stored.error();
  StatusChanged changed;
  changed.sequence = stored->sequence;
  for (const StoredStatus& status : stored->statuses) {
    changed.statuses.emplace_back().ParseFromString(status.body);
  }
  return changed;
}

}  // namespace registry
