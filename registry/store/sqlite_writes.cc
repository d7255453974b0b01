#include "registry/store/sqlite_connection.h"

namespace registry {

std::int64_t SqliteConnection::NextOf(std::string_view sequence) {
  Statement statement =
      database_.Prepare("UPDATE sequences SET value = value + 1 WHERE name = ? RETURNING value");
  statement.Text(sequence);
  statement.Step();
  const std::int64_t value = statement.integer(0);
  while (statement.Step()) {
  }
  return value;
}

base::Result<std::int64_t> SqliteConnection::Put(std::string_view kind, std::string_view name,
                                                 std::string_view spec, const IndexColumns& columns,
                                                 std::int64_t now_ms) {
  return CatchSqlite([&] {
    const std::int64_t revision = NextOf("revision");
    database_
        .Prepare(
            "INSERT INTO resources (kind, name, revision, created_at_ms, updated_at_ms, lifecycle, "
            "approval, owner, spec)"
            " VALUES (?1, ?2, ?3, ?4, ?4, ?5, ?6, ?7, ?8)"
            " ON CONFLICT (kind, name) DO UPDATE SET revision = ?3, updated_at_ms = ?4, lifecycle "
            "= ?5, approval = ?6,"
            " owner = ?7, spec = ?8")
        .Text(kind)
        .Text(name)
        .Int(revision)
        .Int(now_ms)
        .Int(columns.lifecycle)
        .Int(columns.approval)
        .Text(columns.owner)
        .Blob(spec)
        .Run();
    database_.Prepare("DELETE FROM deletions WHERE kind = ? AND name = ?")
        .Text(kind)
        .Text(name)
        .Run();
    database_.Prepare("DELETE FROM resource_tags WHERE kind = ? AND name = ?")
        .Text(kind)
        .Text(name)
        .Run();
    for (const std::string& tag : columns.tags) {
      database_.Prepare("INSERT OR IGNORE INTO resource_tags VALUES (?, ?, ?)")
          .Text(kind)
          .Text(name)
          .Text(tag)
          .Run();
    }
    if (kind != "Server") return revision;
    database_.Prepare("DELETE FROM base_paths WHERE server = ?").Text(name).Run();
    std::int64_t position = 0;
    for (const std::string& path : columns.base_paths) {
      database_.Prepare("INSERT INTO base_paths VALUES (?, ?, ?)")
          .Text(path)
          .Text(name)
          .Int(position++)
          .Run();
    }
    return revision;
  });
}

base::Result<std::int64_t> SqliteConnection::Delete(std::string_view kind, std::string_view name) {
  return CatchSqlite([&] {
    const std::int64_t revision = NextOf("revision");
    database_.Prepare("DELETE FROM resources WHERE kind = ? AND name = ?")
        .Text(kind)
        .Text(name)
        .Run();
    database_.Prepare("DELETE FROM resource_tags WHERE kind = ? AND name = ?")
        .Text(kind)
        .Text(name)
        .Run();
    database_.Prepare("INSERT OR REPLACE INTO deletions VALUES (?, ?, ?)")
        .Text(kind)
        .Text(name)
        .Int(revision)
        .Run();
    if (kind == "Server") {
      database_.Prepare("DELETE FROM base_paths WHERE server = ?").Text(name).Run();
      database_.Prepare("DELETE FROM status WHERE server = ?").Text(name).Run();
      RemoveDefinitions(name);
    }
    ForgetOldDeletions();
    return revision;
  });
}

void SqliteConnection::ForgetOldDeletions() {
  std::int64_t forgotten = 0;
  {
    Statement oldest =
        database_.Prepare("SELECT revision FROM deletions ORDER BY revision DESC LIMIT 1 OFFSET ?");
    oldest.Int(kMaxDeletions);
    if (!oldest.Step()) return;
    forgotten = oldest.integer(0);
  }
  database_.Prepare("DELETE FROM deletions WHERE revision <= ?").Int(forgotten).Run();
  database_.Prepare("UPDATE sequences SET value = ? WHERE name = 'forgotten'").Int(forgotten).Run();
}

base::Result<void> SqliteConnection::PutStatus(const StoredStatus& status) {
  return CatchSqlite([&] {
    database_.Prepare("INSERT OR REPLACE INTO status (server, sequence, body) VALUES (?, ?, ?)")
        .Text(status.server)
        .Int(NextOf("status"))
        .Blob(status.body)
        .Run();
  });
}

base::Result<void> SqliteConnection::AppendCalls(std::span<const StoredCall> calls) {
  return CatchSqlite([&] {
    for (const StoredCall& call : calls) {
      database_.Prepare("INSERT INTO calls (server, principal, refused, body) VALUES (?, ?, ?, ?)")
          .Text(call.server)
          .Text(call.principal)
          .Int(call.refused ? 1 : 0)
          .Blob(call.body)
          .Run();
    }
    database_.Prepare("DELETE FROM calls WHERE id <= (SELECT max(id) FROM calls) - ?")
        .Int(kMaxCallRecords)
        .Run();
    // Those that are no more among the newest by what came now.
    database_
        .Prepare(
            "DELETE FROM calls WHERE id > (SELECT max(id) FROM calls) - ? AND "
            "id <= (SELECT max(id) FROM calls) - ? AND length(body) > ?")
        .Int(kMaxLongCallRecords + static_cast<std::int64_t>(calls.size()))
        .Int(kMaxLongCallRecords)
        .Int(kLongCallRecordBytes)
        .Run();
  });
}

base::Result<void> SqliteConnection::PutValue(std::string_view key, std::string_view value) {
  return CatchSqlite([&] {
    database_.Prepare("INSERT OR REPLACE INTO own_values VALUES (?, ?)")
        .Text(key)
        .Blob(value)
        .Run();
  });
}

}  // namespace registry
