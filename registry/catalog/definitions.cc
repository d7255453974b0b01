// What servers offer, as gateways report it, compared with what was accepted of it. Moves no
// resource's revision.
#include <set>

#include "base/json.h"
#include "base/log.h"
#include "registry/catalog/canonical.h"
#include "registry/catalog/catalog.h"
#include "registry/catalog/drift.h"
#include "registry/catalog/lint_findings.h"
#include "registry/catalog/pins.h"
#include "registry/catalog/stored_form.h"
#include "registry/catalog/validate.h"
#include "registry/store/store.h"

namespace registry {
namespace {

constexpr int kMaxDefinitions = 10'000;
constexpr std::size_t kMaxDefinitionBytes = 1024 * 1024;
constexpr std::size_t kMaxDefinitionNameBytes = 4096;

// The definition with its hash; an error when it is none.
base::Result<StoredDefinition> ToStored(const v1::Definition& definition,
                                        const std::string& pointer) {
  if (definition.kind() == v1::DefinitionKind::UNSPECIFIED ||
      definition.kind() == v1::DefinitionKind::INSTRUCTIONS ||
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
  return StoredDefinition{definition.kind(), definition.name(), CanonicalHash(*json),
                          definition.json()};
}

// What a report holds, with the server's instructions among the definitions: models read them too.
base::Result<StoredDefinitions> ToStored(const v1::ServerDefinitions& report) {
  if (report.definitions_size() > kMaxDefinitions)
    return FieldError("/definitions", "at most 10,000");
  StoredDefinitions stored;
  stored.info = report.info().SerializeAsString();
  if (stored.info.size() > kMaxDefinitionBytes) return FieldError("/info", "at most 1 MiB");
  std::set<std::pair<int, std::string_view>> names;
  for (int i = 0; i < report.definitions_size(); ++i) {
    const v1::Definition& definition = report.definitions(i);
    if (!names.emplace(definition.kind(), definition.name()).second) continue;  // the first counts
    auto item = ToStored(definition, "/definitions/" + std::to_string(i));
    if (item.has_error()) return item.error();
    stored.items.push_back(std::move(*item));
  }
  if (!report.info().instructions().empty()) {
    const nlohmann::json instructions = {
        {std::string(kInstructionsName), report.info().instructions()}};
    stored.items.push_back(
        {v1::DefinitionKind::INSTRUCTIONS, std::string(kInstructionsName),
         CanonicalHash(instructions),
         instructions.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace)});
  }
  return stored;
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

// What has just come to differ, one line each.
void Log(const std::string& server, const StoredDefinitions& known, std::int64_t now_ms) {
  for (const StoredDrift& item : known.drift) {
    if (item.since_ms != now_ms) continue;
    const auto level = item.state == v1::Drift::NOTED ? spdlog::level::info : spdlog::level::warn;
    spdlog::log(level,
                "server={} definition={} kind={} change={} state={} review=\"portolan diff {}\"",
                server, nlohmann::json(item.name).dump(-1, ' ', true),
                v1::DefinitionKind::Value_Name(static_cast<v1::DefinitionKind::Value>(item.kind)),
                v1::Drift::Change_Name(static_cast<v1::Drift::Change>(item.change)),
                v1::Drift::State_Name(static_cast<v1::Drift::State>(item.state)), server);
  }
}

}  // namespace

base::Result<void> Catalog::ReportDefinitions(const v1::ServerDefinitions& report) {
  auto offered = ToStored(report);
  if (offered.has_error()) return offered.error();
  const std::int64_t now_ms = clock_.UnixMillis();
  offered->listed_at_ms = now_ms;
  StoredDefinitions stored;
  bool changed = false;
  return store_.Write(
      [&](Transaction& store) -> base::Result<Store::Then> {
        stored = *offered;
        const auto server = ReadServer(store, report.server());
        if (server.has_error()) return server.error();
        auto before = store.Definitions(report.server());
        if (before.has_error()) return before.error();
        changed = !*before || !(*before)->pinned || !Same(**before, stored);
        if (!changed) {
          const auto touched = store.TouchDefinitions(report.server(), stored.listed_at_ms);
          if (touched.has_error()) return touched.error();
          return Store::Then::kCommit;
        }
        if (*before) {
          stored.pinned = (*before)->pinned;
          stored.drift = std::move((*before)->drift);
        }
        const auto settled = SettleAndPut(store, *server, now_ms, stored);
        if (settled.has_error()) return settled.error();
        return Store::Then::kCommit;
      },
      [&] {
        if (!changed) return;
        Log(report.server(), stored, now_ms);
        const v1::ServerDefinitions served = Served(report.server(), stored);
        for (Observer* observer : observers_) observer->OnDefinitions(served);
        bell_.Ring();
      });
}

base::Result<v1::GetDefinitionsResponse> Catalog::GetDefinitions(std::string_view server,
                                                                 Lint lint) const {
  const auto resource = Get("Server", server);
  if (resource.has_error()) return resource.error();
  const auto stored = store_.Definitions(resource->name());
  if (stored.has_error()) return stored.error();
  v1::GetDefinitionsResponse response;
  if (!*stored) return response;
  v1::ServerDefinitions served = Served(resource->name(), **stored);
  response.mutable_info()->Swap(served.mutable_info());
  response.mutable_definitions()->Swap(served.mutable_definitions());
  response.mutable_held()->Swap(served.mutable_held());
  response.set_listed_at_ms((*stored)->listed_at_ms);
  if (lint == Lint::kYes) AddFindings(response);
  return response;
}

base::Result<v1::ServerDefinitions> Catalog::ServedDefinitions(const std::string& server) const {
  const auto stored = store_.Definitions(server);
  if (stored.has_error()) return stored.error();
  if (!*stored) return base::Fail(base::Code::kNotFound, "'" + server + "' was never listed");
  return Served(server, **stored);
}

base::Result<Catalog::DefinitionsChanged> Catalog::DefinitionsAfter(std::int64_t sequence,
                                                                    int limit) const {
  auto after = store_.DefinitionsChangedAfter(sequence, limit);
  if (after.has_error()) return after.error();
  return DefinitionsChanged{after->sequence, std::move(after->servers)};
}

}  // namespace registry
