#include "registry/catalog/pins.h"

#include <nlohmann/json.hpp>
#include <vector>

#include "base/log.h"
#include "registry/catalog/audit.h"
#include "registry/catalog/catalog.h"
#include "registry/catalog/drift.h"
#include "registry/catalog/lint_findings.h"
#include "registry/catalog/permissions.h"
#include "registry/catalog/stored_form.h"

namespace registry {
namespace {

v1::DefinitionChange::Action ActionOf(const v1::Server& server) {
  return server.on_definition_change() == v1::DefinitionChange::UNSPECIFIED
             ? v1::DefinitionChange::WARN
             : server.on_definition_change();
}

// Whoever watches statuses is told the new count of what waits.
base::Result<void> TellStatus(Transaction& store, const std::string& server) {
  const std::vector<std::string> one = {server};
  const auto status = store.Status(one);
  if (status.has_error()) return status.error();
  return status->empty() ? base::Result<void>() : store.PutStatus(status->front());
}

// What somebody decided, as the audit keeps it: the hashes before and after.
v1::AuditRecord DecisionRecord(const Writer& writer, const v1::Resource& server,
                               v1::Decision::Value decision,
                               const std::vector<StoredDrift>& decided) {
  v1::AuditRecord record = ChangeRecord(writer, &server, &server);
  nlohmann::ordered_json before = nlohmann::ordered_json::array();
  nlohmann::ordered_json after = nlohmann::ordered_json::array();
  for (const StoredDrift& item : decided) {
    const std::string& kind =
        v1::DefinitionKind::Value_Name(static_cast<v1::DefinitionKind::Value>(item.kind));
    before.push_back({{"kind", kind}, {"name", item.name}, {"hash", item.old_hash}});
    after.push_back({{"kind", kind}, {"name", item.name}, {"hash", item.new_hash}});
  }
  const auto write = [](const nlohmann::ordered_json& tree) {
    return tree.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
  };
  record.set_before_json(write({{"definitions", before}}));
  record.set_after_json(
      write({{"decision", v1::Decision::Value_Name(decision)}, {"definitions", after}}));
  return record;
}

}  // namespace

base::Result<v1::Resource> ReadServer(Reader& store, std::string_view name) {
  auto found = store.Find("Server", name);
  if (found.has_error()) return found.error();
  if (!*found) {
    const auto by_path = store.FindBasePath(name);
    if (by_path.has_error()) return by_path.error();
    if (*by_path) found = store.Find("Server", **by_path);
    if (found.has_error()) return found.error();
  }
  if (!*found) {
    return base::Fail(base::Code::kNotFound,
                      "no Server '" + std::string(name.substr(0, 200)) + "'");
  }
  return ToResource(**found);
}

base::Result<void> SettleAndPut(Transaction& store, const v1::Resource& server, std::int64_t now_ms,
                                StoredDefinitions& known) {
  if (known.pinned || server.server().approval() == v1::Approval::APPROVED) {
    auto pins = store.Pins(server.name());
    if (pins.has_error()) return pins.error();
    Settle(ActionOf(server.server()), now_ms, known, *pins);
    if (const auto ok = store.PutPins(server.name(), *pins); ok.has_error()) return ok.error();
  }
  if (const auto ok = store.PutDefinitions(server.name(), known); ok.has_error()) return ok.error();
  return TellStatus(store, server.name());
}

base::Result<bool> SettleWritten(Transaction& store, const v1::Resource& server,
                                 const v1::Resource& before, std::int64_t now_ms) {
  const bool decides_anew = ActionOf(server.server()) != ActionOf(before.server()) ||
                            (server.server().approval() == v1::Approval::APPROVED &&
                             before.server().approval() != v1::Approval::APPROVED);
  if (!decides_anew) return false;
  auto known = store.Definitions(server.name());
  if (known.has_error()) return known.error();
  if (!*known) return false;
  const auto settled = SettleAndPut(store, server, now_ms, **known);
  if (settled.has_error()) return settled.error();
  return true;
}

base::Result<v1::GetDriftResponse> Catalog::GetDrift(std::string_view server) const {
  const auto resource = Get("Server", server);
  if (resource.has_error()) return resource.error();
  const auto stored = store_.Definitions(resource->name());
  if (stored.has_error()) return stored.error();
  v1::GetDriftResponse response;
  response.set_server(resource->name());
  response.set_action(ActionOf(resource->server()));
  if (!*stored) return response;
  for (v1::DriftItem& item : ToDriftItems((*stored)->drift)) {
    if (item.has_offered()) AddFindings(*item.mutable_offered());
    *response.add_items() = std::move(item);
  }
  return response;
}

base::Result<v1::DecideDriftResponse> Catalog::DecideDrift(const Writer& writer,
                                                           const v1::DecideDriftRequest& request) {
  const auto resource = Get("Server", request.server());
  if (resource.has_error()) return resource.error();
  const std::string& name = resource->name();
  const auto may = CheckMay(writer.principal, {Right::kApprove, NamespaceOf(name)});
  if (may.has_error()) return may.error();
  const std::int64_t now_ms = clock_.UnixMillis();
  std::vector<StoredDrift> decided;
  const auto written = store_.Write(
      [&](Transaction& store) -> base::Result<Store::Then> {
        const auto server = ReadServer(store, name);
        if (server.has_error()) return server.error();
        auto known = store.Definitions(name);
        if (known.has_error()) return known.error();
        auto pins = store.Pins(name);
        if (pins.has_error()) return pins.error();
        auto done = Decide(request, *known ? **known : StoredDefinitions(), *pins);
        if (done.has_error()) return done.error();
        decided = std::move(*done);
        if (const auto ok = store.PutPins(name, *pins); ok.has_error()) return ok.error();
        const auto settled = SettleAndPut(store, *server, now_ms, **known);
        if (settled.has_error()) return settled.error();
        const auto recorded = AppendAudit(
            store, DecisionRecord(writer, *server, request.decision(), decided), now_ms);
        if (recorded.has_error()) return recorded.error();
        return Store::Then::kCommit;
      },
      [&] { PublishDefinitions({name}); });
  if (written.has_error()) return written.error();
  spdlog::info("server={} decision={} definitions={} by={}", name,
               v1::Decision::Value_Name(request.decision()), decided.size(), writer.principal.id);
  v1::DecideDriftResponse response;
  for (v1::DriftItem& item : ToDriftItems(decided)) *response.add_items() = std::move(item);
  return response;
}

void Catalog::PublishDefinitions(const std::vector<std::string>& servers) {
  if (servers.empty()) return;
  for (const std::string& server : servers) {
    const auto served = ServedDefinitions(server);
    if (served.has_error()) continue;  // deleted by a later writer of the same commit
    for (Observer* observer : observers_) observer->OnDefinitions(*served);
  }
  bell_.Ring();
  status_bell_.Ring();
}

}  // namespace registry
