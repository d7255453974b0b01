#include "registry/store/sqlite_connection.h"

#include <sqlite3.h>

#include <nlohmann/json.hpp>

namespace registry {
namespace {

std::string JsonArray(std::span<const std::string> values) {
  return nlohmann::json(std::vector<std::string>(values.begin(), values.end()))
      .dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

StoredResource ReadResource(const Statement& row) {
  StoredResource resource;
  resource.kind = row.text(0);
  resource.name = row.text(1);
  resource.revision = row.integer(2);
  resource.created_at_ms = row.integer(3);
  resource.updated_at_ms = row.integer(4);
  resource.spec = row.blob(5);
  return resource;
}

StoredCall ReadCall(const Statement& row) {
  return {row.integer(0), std::string(row.text(1)), std::string(row.text(2)), row.integer(3) != 0,
          std::string(row.blob(4))};
}

std::vector<StoredCall> ReadCalls(Statement& statement) {
  std::vector<StoredCall> calls;
  while (statement.Step()) calls.push_back(ReadCall(statement));
  return calls;
}

}  // namespace

base::Error ToError(const SqliteError& error) {
  base::Code code = base::Code::kInternal;
  switch (error.code() & 0xff) {
    case SQLITE_FULL: code = base::Code::kResourceExhausted; break;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_IOERR: code = base::Code::kUnavailable; break;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB: code = base::Code::kDataLoss; break;
    case SQLITE_CANTOPEN:
    case SQLITE_READONLY:
    case SQLITE_PERM: code = base::Code::kFailedPrecondition; break;
  }
  switch (code) {
    case base::Code::kResourceExhausted:
      return {code, std::string(kNoRoom) + " (" + error.what() + ")"};
    case base::Code::kDataLoss:
      return {code, "the file is damaged (" + std::string(error.what()) +
                        "); nothing was changed: put it aside and restore the newest backup "
                        "(portolan restore)"};
    default: return {code, error.what()};
  }
}

std::int64_t SqliteConnection::Sequence(std::string_view name) {
  Statement statement = database_.Prepare("SELECT value FROM sequences WHERE name = ?");
  statement.Text(name);
  return statement.Step() ? statement.integer(0) : 0;
}

base::Result<std::optional<StoredResource>> SqliteConnection::Find(std::string_view kind,
                                                                   std::string_view name) {
  return CatchSqlite([&]() -> std::optional<StoredResource> {
    Statement statement = database_.Prepare(
        "SELECT kind, name, revision, created_at_ms, updated_at_ms, spec FROM resources WHERE kind "
        "= ? AND name = ?");
    statement.Text(kind).Text(name);
    if (!statement.Step()) return std::nullopt;
    return ReadResource(statement);
  });
}

base::Result<std::optional<std::string>> SqliteConnection::FindBasePath(
    std::string_view base_path) {
  return CatchSqlite([&]() -> std::optional<std::string> {
    Statement statement = database_.Prepare("SELECT server FROM base_paths WHERE base_path = ?");
    statement.Text(base_path);
    if (!statement.Step()) return std::nullopt;
    return std::string(statement.text(0));
  });
}

base::Result<std::vector<StoredResource>> SqliteConnection::List(const ListQuery& query) {
  return CatchSqlite([&] {
    Statement statement = database_.Prepare(
        "SELECT kind, name, revision, created_at_ms, updated_at_ms, spec FROM resources AS r"
        " WHERE kind = ?1 AND name > ?2 AND (?3 = '' OR owner = ?3) AND lifecycle >= ?6"
        " AND NOT EXISTS ("
        "  SELECT 1 FROM json_each(?4) WHERE value NOT IN ("
        "   SELECT tag FROM resource_tags AS t WHERE t.kind = r.kind AND t.name = r.name))"
        " ORDER BY name LIMIT ?5");
    const std::string tags = JsonArray(query.tags);
    statement.Text(query.kind).Text(query.after_name).Text(query.owner).Text(tags).Int(query.limit);
    statement.Int(query.least_lifecycle);
    std::vector<StoredResource> resources;
    while (statement.Step()) resources.push_back(ReadResource(statement));
    return resources;
  });
}

base::Result<StoredChanges> SqliteConnection::Changes(const ChangesQuery& query) {
  return CatchSqlite([&] {
    Picture picture(database_);
    StoredChanges result;
    result.revision = Sequence("revision");
    result.forgotten = Sequence("forgotten");
    Statement statement = database_.Prepare(
        "SELECT kind, name, revision, created_at_ms, updated_at_ms, spec, 0 FROM resources"
        " WHERE revision > ?1 AND (?2 = '[]' OR kind IN (SELECT value FROM json_each(?2)))"
        " UNION ALL "
        "SELECT kind, name, revision, 0, 0, x'', 1 FROM deletions"
        " WHERE revision > ?1 AND (?2 = '[]' OR kind IN (SELECT value FROM json_each(?2)))"
        " ORDER BY revision");
    const std::string kinds = JsonArray(query.kinds);
    statement.Int(query.after).Text(kinds);
    std::size_t bytes = 0;
    while (statement.Step()) {
      if (bytes >= query.max_bytes) {
        result.more = true;
        break;
      }
      StoredResource change = ReadResource(statement);
      change.deleted = statement.integer(6) != 0;
      bytes += change.spec.size() + change.name.size() + 64;
      result.changes.push_back(std::move(change));
    }
    return result;
  });
}

base::Result<std::int64_t> SqliteConnection::Revision() {
  return CatchSqlite([&] { return Sequence("revision"); });
}

base::Result<std::vector<StoredStatus>> SqliteConnection::Status(
    std::span<const std::string> servers) {
  return CatchSqlite([&] {
    Statement statement = database_.Prepare(
        "SELECT server, body FROM status"
        " WHERE ?1 = '[]' OR server IN (SELECT value FROM json_each(?1)) ORDER BY server");
    const std::string names = JsonArray(servers);
    statement.Text(names);
    std::vector<StoredStatus> result;
    while (statement.Step())
      result.push_back({std::string(statement.text(0)), std::string(statement.blob(1))});
    return result;
  });
}

base::Result<StatusAfter> SqliteConnection::StatusChangedAfter(std::int64_t sequence, int limit) {
  return CatchSqlite([&] {
    StatusAfter result;
    result.sequence = sequence;
    Statement statement = database_.Prepare(
        "SELECT server, body, sequence FROM status WHERE sequence > ? ORDER BY sequence LIMIT ?");
    statement.Int(sequence).Int(limit);
    while (statement.Step()) {
      result.statuses.push_back({std::string(statement.text(0)), std::string(statement.blob(1))});
      result.sequence = statement.integer(2);
    }
    return result;
  });
}

base::Result<std::vector<StoredCall>> SqliteConnection::NewestCalls(const CallQuery& query) {
  return CatchSqlite([&] {
    Statement statement = database_.Prepare(
        "SELECT id, server, principal, refused, body FROM calls"
        " WHERE (?1 = '' OR server = ?1) AND (?2 = '' OR principal = ?2) AND refused >= ?3"
        " ORDER BY id DESC LIMIT ?4");
    statement.Text(query.server).Text(query.principal).Int(query.refused ? 1 : 0).Int(query.limit);
    return ReadCalls(statement);
  });
}

base::Result<std::vector<StoredCall>> SqliteConnection::CallsAfter(std::int64_t after,
                                                                   const CallQuery& query) {
  return CatchSqlite([&] {
    Statement statement = database_.Prepare(
        "SELECT id, server, principal, refused, body FROM calls"
        " WHERE (?1 = '' OR server = ?1) AND (?2 = '' OR principal = ?2) AND refused >= ?3 AND id "
        "> ?4"
        " ORDER BY id LIMIT ?5");
    statement.Text(query.server)
        .Text(query.principal)
        .Int(query.refused ? 1 : 0)
        .Int(after)
        .Int(query.limit);
    return ReadCalls(statement);
  });
}

base::Result<std::int64_t> SqliteConnection::NewestCall() {
  return CatchSqlite([&] {
    Statement statement = database_.Prepare("SELECT ifnull(max(id), 0) FROM calls");
    return statement.Step() ? statement.integer(0) : std::int64_t{0};
  });
}

base::Result<std::optional<std::string>> SqliteConnection::Value(std::string_view key) {
  return CatchSqlite([&]() -> std::optional<std::string> {
    Statement statement = database_.Prepare("SELECT value FROM own_values WHERE key = ?");
    statement.Text(key);
    if (!statement.Step()) return std::nullopt;
    return std::string(statement.blob(0));
  });
}

base::Result<std::vector<std::pair<std::string, std::string>>> SqliteConnection::Values(
    std::string_view prefix) {
  return CatchSqlite([&] {
    Statement statement = database_.Prepare(
        "SELECT key, value FROM own_values WHERE substr(key, 1, length(?1)) = ?1 ORDER BY key");
    statement.Text(prefix);
    std::vector<std::pair<std::string, std::string>> values;
    while (statement.Step()) values.emplace_back(statement.text(0), statement.blob(1));
    return values;
  });
}

}  // namespace registry
