// What came from other registries.
#include "registry/store/sqlite_connection.h"

namespace registry {

base::Result<std::optional<std::string>> SqliteConnection::SyncProgress(std::string_view source) {
  return CatchSqlite([&]() -> std::optional<std::string> {
    Statement statement = database_.Prepare("SELECT progress FROM sync_sources WHERE source = ?");
    statement.Text(source);
    if (!statement.Step()) return std::nullopt;
    return std::string(statement.blob(0));
  });
}

base::Result<std::optional<StoredSyncMember>> SqliteConnection::SyncMember(std::string_view kind,
                                                                           std::string_view name) {
  return CatchSqlite([&]() -> std::optional<StoredSyncMember> {
    Statement statement = database_.Prepare(
        "SELECT source, created_at_ms FROM sync_members WHERE kind = ? AND name = ?");
    statement.Text(kind).Text(name);
    if (!statement.Step()) return std::nullopt;
    return StoredSyncMember{std::string(kind), std::string(name), std::string(statement.text(0)),
                            statement.integer(1)};
  });
}

base::Result<void> SqliteConnection::PutSyncProgress(std::string_view source,
                                                     std::string_view progress) {
  return CatchSqlite([&] {
    database_.Prepare("INSERT OR REPLACE INTO sync_sources VALUES (?, ?)")
        .Text(source)
        .Blob(progress)
        .Run();
  });
}

base::Result<void> SqliteConnection::PutSyncMember(const StoredSyncMember& member) {
  return CatchSqlite([&] {
    database_.Prepare("INSERT OR REPLACE INTO sync_members VALUES (?, ?, ?, ?)")
        .Text(member.kind)
        .Text(member.name)
        .Text(member.source)
        .Int(member.created_at_ms)
        .Run();
  });
}

}  // namespace registry
