// A SqliteConnection speaks the store's words to one SQLite connection. One thread at a time.
//
// The reads are in sqlite_connection.cc, the writes in sqlite_writes.cc, the audit in
// sqlite_audit.cc, what was synced in sqlite_sync.cc, quotas in sqlite_quotas.cc, definitions and what was accepted of them in sqlite_definitions.cc.
#pragma once

#include <string>
#include <vector>

#include "registry/store/sqlite.h"
#include "registry/store/store.h"

namespace registry {

// How the error begins when nothing can be written; its code is kResourceExhausted.
inline constexpr std::string_view kNoRoom =
    "the disk takes nothing more: the catalog is read-only until it does";

// Whatever context it was given.
inline bool IsNoRoom(const base::Error& error) {
  return error.code == base::Code::kResourceExhausted &&
         error.message.find(kNoRoom) != std::string::npos;
}

// What an SQLite failure means to the rest of the house.
base::Error ToError(const SqliteError& error);

// Runs `function`, with a thrown SqliteError as its Error.
template <class Function>
auto CatchSqlite(Function function) -> base::Result<decltype(function())> {
  try {
    if constexpr (std::is_void_v<decltype(function())>) {
      function();
      return {};
    } else {
      return function();
    }
  } catch (const SqliteError& error) {
    return ToError(error);
  }
}

class SqliteConnection final : public Transaction {
 public:
  SqliteConnection(const std::string& path, Database::Mode mode) : database_(path, mode) {}

  Database& database() { return database_; }

  base::Result<std::optional<StoredResource>> Find(std::string_view kind,
                                                   std::string_view name) override;
  base::Result<std::optional<std::string>> FindBasePath(std::string_view base_path) override;
  base::Result<std::vector<StoredResource>> List(const ListQuery& query) override;
  base::Result<StoredChanges> Changes(const ChangesQuery& query) override;
  base::Result<std::int64_t> Revision() override;
  base::Result<std::optional<StoredDefinitions>> Definitions(std::string_view server) override;
  base::Result<StoredPins> Pins(std::string_view server) override;
  base::Result<std::vector<DriftCount>> CountDrift(std::span<const std::string> servers) override;
  base::Result<DefinitionsAfter> DefinitionsChangedAfter(std::int64_t sequence, int limit) override;
  base::Result<std::vector<StoredStatus>> Status(std::span<const std::string> servers) override;
  base::Result<StatusAfter> StatusChangedAfter(std::int64_t sequence, int limit) override;
  base::Result<std::vector<StoredCall>> NewestCalls(const CallQuery& query) override;
  base::Result<std::vector<StoredCall>> CallsAfter(std::int64_t after,
                                                   const CallQuery& query) override;
  base::Result<std::int64_t> NewestCall() override;
  base::Result<std::vector<StoredAudit>> NewestAudits(const AuditQuery& query) override;
  base::Result<std::vector<StoredAudit>> AuditAfter(std::int64_t sequence, int limit) override;
  base::Result<AuditEnd> NewestAudit() override;
  base::Result<AuditEnd> AuditAnchor() override;
  base::Result<std::optional<std::string>> SyncProgress(std::string_view source) override;
  base::Result<std::optional<StoredSyncMember>> SyncMember(std::string_view kind,
                                                           std::string_view name) override;
  base::Result<std::optional<std::string>> Value(std::string_view key) override;
  base::Result<std::vector<std::pair<std::string, std::string>>> Values(
      std::string_view prefix) override;

  base::Result<std::int64_t> Put(std::string_view kind, std::string_view name,
                                 std::string_view spec, const IndexColumns& columns,
                                 std::int64_t now_ms) override;
  base::Result<std::int64_t> Delete(std::string_view kind, std::string_view name) override;
  base::Result<void> PutDefinitions(std::string_view server,
                                    const StoredDefinitions& definitions) override;
  base::Result<void> PutPins(std::string_view server, const StoredPins& pins) override;
  base::Result<void> TouchDefinitions(std::string_view server, std::int64_t listed_at_ms) override;
  base::Result<void> PutStatus(const StoredStatus& status) override;
  base::Result<void> AppendCalls(std::span<const StoredCall> calls) override;
  base::Result<void> AppendAudit(const StoredAudit& record) override;
  base::Result<std::int64_t> TrimAudit(std::int64_t older_than_ms) override;
  base::Result<void> PutSyncProgress(std::string_view source, std::string_view progress) override;
  base::Result<void> PutSyncMember(const StoredSyncMember& member) override;
  base::Result<std::optional<StoredQuotaWindow>> QuotaWindow(const QuotaKey& key) override;
  base::Result<std::optional<StoredQuotaLease>> QuotaLease(const QuotaKey& key,
                                                           std::string_view gateway) override;
  base::Result<std::int64_t> CountQuotaKeys(std::string_view set, std::string_view rule) override;
  base::Result<void> PutQuotaWindow(const QuotaKey& key, const StoredQuotaWindow& window) override;
  base::Result<void> PutQuotaLease(const QuotaKey& key, std::string_view gateway,
                                   const StoredQuotaLease& lease) override;
  base::Result<void> DropQuotaLeases(const QuotaKey& key) override;
  base::Result<void> DropQuotas(std::int64_t ended_before_ms) override;
  base::Result<void> PutValue(std::string_view key, std::string_view value) override;

 private:
  std::int64_t Sequence(std::string_view name);
  std::int64_t NextOf(std::string_view sequence);
  void ForgetOldDeletions();
  void RemoveDefinitions(std::string_view server);
  // Keeps a definition's text, once for all who have it; its key.
  std::string KeepBody(std::string_view json);
  // In their order; `sql` takes server, position, kind, name, hash and the body's key.
  void InsertItems(const char* sql, std::string_view server,
                   const std::vector<StoredDefinition>& items);
  std::vector<std::string> BodiesOf(std::string_view server);
  void DropUnusedBodies(const std::vector<std::string>& bodies);

  Database database_;
};

}  // namespace registry
