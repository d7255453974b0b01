// The audit's chain of records.
#include "registry/store/sqlite_connection.h"

namespace registry {
namespace {

std::vector<StoredAudit> ReadAudits(Statement& statement) {
  std::vector<StoredAudit> records;
  while (statement.Step()) {
    StoredAudit& record = records.emplace_back();
    record.sequence = statement.integer(0);
    record.at_ms = statement.integer(1);
    record.principal = statement.text(2);
    record.action = static_cast<int>(statement.integer(3));
    record.kind = statement.text(4);
    record.name = statement.text(5);
    record.body = statement.blob(6);
    record.link = statement.blob(7);
  }
  return records;
}

}  // namespace

base::Result<std::vector<StoredAudit>> SqliteConnection::NewestAudits(const AuditQuery& query) {
  return CatchSqlite([&] {
    Statement statement = database_.Prepare(
        "SELECT sequence, at_ms, principal, action, kind, name, body, link FROM audit"
        " WHERE (?1 = '' OR principal = ?1) AND (?2 = '' OR kind = ?2) AND (?3 = '' OR name = ?3)"
        " AND (?4 = 0 OR action = ?4) AND (?5 = 0 OR sequence < ?5)"
        " ORDER BY sequence DESC LIMIT ?6");
    statement.Text(query.principal)
        .Text(query.kind)
        .Text(query.name)
        .Int(query.action)
        .Int(query.before)
        .Int(query.limit);
    return ReadAudits(statement);
  });
}

base::Result<std::vector<StoredAudit>> SqliteConnection::AuditAfter(std::int64_t sequence,
                                                                    int limit) {
  return CatchSqlite([&] {
    Statement statement = database_.Prepare(
        "SELECT sequence, at_ms, principal, action, kind, name, body, link FROM audit"
        " WHERE sequence > ? ORDER BY sequence LIMIT ?");
    statement.Int(sequence).Int(limit);
    return ReadAudits(statement);
  });
}

base::Result<AuditEnd> SqliteConnection::NewestAudit() {
  auto newest = CatchSqlite([&] {
    AuditEnd end;
    Statement statement =
        database_.Prepare("SELECT sequence, link FROM audit ORDER BY sequence DESC LIMIT 1");
    if (statement.Step()) end = {statement.integer(0), std::string(statement.blob(1))};
    return end;
  });
  if (newest.has_error() || newest->sequence != 0) return newest;
  return AuditAnchor();
}

base::Result<AuditEnd> SqliteConnection::AuditAnchor() {
  return CatchSqlite([&] {
    AuditEnd end;
    Statement statement = database_.Prepare("SELECT sequence, link FROM audit_anchor");
    if (statement.Step()) end = {statement.integer(0), std::string(statement.blob(1))};
    return end;
  });
}

base::Result<void> SqliteConnection::AppendAudit(const StoredAudit& record) {
  return CatchSqlite([&] {
    database_.Prepare("INSERT INTO audit VALUES (?, ?, ?, ?, ?, ?, ?, ?)")
        .Int(record.sequence)
        .Int(record.at_ms)
        .Text(record.principal)
        .Int(record.action)
        .Text(record.kind)
        .Text(record.name)
        .Blob(record.body)
        .Blob(record.link)
        .Run();
  });
}

base::Result<std::int64_t> SqliteConnection::TrimAudit(std::int64_t older_than_ms) {
  return CatchSqlite([&] {
    AuditEnd last;
    {
      // The clock may have jumped: only what lies before the first record that stays goes.
      Statement statement = database_.Prepare(
          "SELECT sequence, link FROM audit WHERE sequence < (SELECT ifnull(min(sequence),"
          " (SELECT max(sequence) FROM audit)) FROM audit WHERE at_ms >= ?)"
          " ORDER BY sequence DESC LIMIT 1");
      statement.Int(older_than_ms);
      if (!statement.Step()) return std::int64_t{0};
      last = {statement.integer(0), std::string(statement.blob(1))};
    }
    database_.Prepare("DELETE FROM audit WHERE sequence <= ?").Int(last.sequence).Run();
    database_.Prepare("UPDATE audit_anchor SET sequence = ?, link = ?")
        .Int(last.sequence)
        .Blob(last.link)
        .Run();
    return last.sequence;
  });
}

}  // namespace registry
