// What servers offer, what was accepted of it, and how the two differ. The text of a definition is kept once, by its own
// hash, and goes when nobody has it any more.
#include <nlohmann/json.hpp>

#include "base/auth/api_key.h"
#include "registry/store/sqlite_connection.h"

namespace registry {
namespace {

std::string JsonArray(std::span<const std::string> values) {
  return nlohmann::json(std::vector<std::string>(values.begin(), values.end()))
      .dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace

base::Result<std::optional<StoredDefinitions>> SqliteConnection::Definitions(
    std::string_view server) {
  return CatchSqlite([&]() -> std::optional<StoredDefinitions> {
    Picture picture(database_);
    Statement list = database_.Prepare(
        "SELECT listed_at_ms, info, pinned FROM definition_lists WHERE server = ?");
    list.Text(server);
    if (!list.Step()) return std::nullopt;
    StoredDefinitions definitions;
    definitions.listed_at_ms = list.integer(0);
    definitions.info = list.blob(1);
    definitions.pinned = list.integer(2) != 0;
    Statement items = database_.Prepare(
        "SELECT kind, name, hash, json FROM definition_items JOIN definition_bodies ON sha256 = "
        "body"
        " WHERE server = ? ORDER BY position");
    items.Text(server);
    while (items.Step()) {
      definitions.items.push_back({static_cast<int>(items.integer(0)), std::string(items.text(1)),
                                   std::string(items.text(2)), std::string(items.text(3))});
    }
    Statement drift = database_.Prepare(
        "SELECT kind, name, change, state, since_ms, old_hash, coalesce(o.json, ''), new_hash,"
        " coalesce(n.json, '') FROM drift_items LEFT JOIN definition_bodies o ON o.sha256 = "
        "old_body"
        " LEFT JOIN definition_bodies n ON n.sha256 = new_body WHERE server = ? ORDER BY position");
    drift.Text(server);
    while (drift.Step()) {
      definitions.drift.push_back({static_cast<int>(drift.integer(0)), std::string(drift.text(1)),
                                   static_cast<int>(drift.integer(2)),
                                   static_cast<int>(drift.integer(3)), drift.integer(4),
                                   std::string(drift.text(5)), std::string(drift.text(6)),
                                   std::string(drift.text(7)), std::string(drift.text(8))});
    }
    return definitions;
  });
}

base::Result<StoredPins> SqliteConnection::Pins(std::string_view server) {
  return CatchSqlite([&] {
    Picture picture(database_);
    StoredPins pins;
    Statement accepted = database_.Prepare(
        "SELECT kind, name, hash, json FROM pinned_items JOIN definition_bodies ON sha256 = body"
        " WHERE server = ? ORDER BY position");
    accepted.Text(server);
    while (accepted.Step()) {
      pins.accepted.push_back({static_cast<int>(accepted.integer(0)), std::string(accepted.text(1)),
                               std::string(accepted.text(2)), std::string(accepted.text(3))});
    }
    Statement rejected =
        database_.Prepare("SELECT kind, name, hash FROM rejected_items WHERE server = ?");
    rejected.Text(server);
    while (rejected.Step()) {
      pins.rejected.push_back({static_cast<int>(rejected.integer(0)),
                               std::string(rejected.text(1)),
                               std::string(rejected.text(2)),
                               {}});
    }
    return pins;
  });
}

base::Result<std::vector<DriftCount>> SqliteConnection::CountDrift(
    std::span<const std::string> servers) {
  return CatchSqlite([&] {
    Statement statement = database_.Prepare(
        "SELECT server, state, change, count(*) FROM drift_items"
        " WHERE ?1 = '[]' OR server IN (SELECT value FROM json_each(?1))"
        " GROUP BY server, state, change ORDER BY server");
    const std::string names = JsonArray(servers);
    statement.Text(names);
    std::vector<DriftCount> counts;
    while (statement.Step()) {
      counts.push_back({std::string(statement.text(0)), static_cast<int>(statement.integer(1)),
                        static_cast<int>(statement.integer(2)),
                        static_cast<int>(statement.integer(3))});
    }
    return counts;
  });
}

base::Result<DefinitionsAfter> SqliteConnection::DefinitionsChangedAfter(std::int64_t sequence,
                                                                         int limit) {
  return CatchSqlite([&] {
    DefinitionsAfter result;
    result.sequence = sequence;
    Statement statement = database_.Prepare(
        "SELECT server, sequence FROM definition_lists WHERE sequence > ? ORDER BY sequence LIMIT "
        "?");
    statement.Int(sequence).Int(limit);
    while (statement.Step()) {
      result.servers.emplace_back(statement.text(0));
      result.sequence = statement.integer(1);
    }
    return result;
  });
}

std::string SqliteConnection::KeepBody(std::string_view json) {
  if (json.empty()) return {};
  std::string body = base::auth::Sha256(json);
  database_.Prepare("INSERT OR IGNORE INTO definition_bodies VALUES (?, ?)")
      .Blob(body)
      .Text(json)
      .Run();
  return body;
}

std::vector<std::string> SqliteConnection::BodiesOf(std::string_view server) {
  std::vector<std::string> bodies;
  Statement statement = database_.Prepare(
      "SELECT body FROM definition_items WHERE server = ?1"
      " UNION SELECT body FROM pinned_items WHERE server = ?1"
      " UNION SELECT old_body FROM drift_items WHERE server = ?1"
      " UNION SELECT new_body FROM drift_items WHERE server = ?1");
  statement.Text(server);
  while (statement.Step()) {
    if (!statement.blob(0).empty()) bodies.emplace_back(statement.blob(0));
  }
  return bodies;
}

void SqliteConnection::DropUnusedBodies(const std::vector<std::string>& bodies) {
  for (const std::string& body : bodies) {
    database_
        .Prepare(
            "DELETE FROM definition_bodies WHERE sha256 = ?1"
            " AND NOT EXISTS (SELECT 1 FROM definition_items WHERE body = ?1)"
            " AND NOT EXISTS (SELECT 1 FROM pinned_items WHERE body = ?1)"
            " AND NOT EXISTS (SELECT 1 FROM drift_items WHERE old_body = ?1)"
            " AND NOT EXISTS (SELECT 1 FROM drift_items WHERE new_body = ?1)")
        .Blob(body)
        .Run();
  }
}

void SqliteConnection::RemoveDefinitions(std::string_view server) {
  const std::vector<std::string> bodies = BodiesOf(server);
  database_.Prepare("DELETE FROM definition_items WHERE server = ?").Text(server).Run();
  database_.Prepare("DELETE FROM pinned_items WHERE server = ?").Text(server).Run();
  database_.Prepare("DELETE FROM drift_items WHERE server = ?").Text(server).Run();
  database_.Prepare("DELETE FROM rejected_items WHERE server = ?").Text(server).Run();
  database_.Prepare("DELETE FROM definition_lists WHERE server = ?").Text(server).Run();
  DropUnusedBodies(bodies);
}

void SqliteConnection::InsertItems(const char* sql, std::string_view server,
                                   const std::vector<StoredDefinition>& items) {
  std::int64_t position = 0;
  for (const StoredDefinition& item : items) {
    const std::string body = KeepBody(item.json);
    database_.Prepare(sql)
        .Text(server)
        .Int(position++)
        .Int(item.kind)
        .Text(item.name)
        .Text(item.hash)
        .Blob(body)
        .Run();
  }
}

base::Result<void> SqliteConnection::PutDefinitions(std::string_view server,
                                                    const StoredDefinitions& definitions) {
  return CatchSqlite([&] {
    const std::vector<std::string> before = BodiesOf(server);
    database_.Prepare("DELETE FROM definition_items WHERE server = ?").Text(server).Run();
    database_.Prepare("DELETE FROM drift_items WHERE server = ?").Text(server).Run();
    database_
        .Prepare(
            "INSERT OR REPLACE INTO definition_lists (server, sequence, listed_at_ms, info, pinned)"
            " VALUES (?, ?, ?, ?, ?)")
        .Text(server)
        .Int(NextOf("definitions"))
        .Int(definitions.listed_at_ms)
        .Blob(definitions.info)
        .Int(definitions.pinned ? 1 : 0)
        .Run();
    InsertItems("INSERT INTO definition_items VALUES (?, ?, ?, ?, ?, ?)", server,
                definitions.items);
    std::int64_t position = 0;
    for (const StoredDrift& item : definitions.drift) {
      const std::string old_body = KeepBody(item.old_json);
      const std::string new_body = KeepBody(item.new_json);
      database_.Prepare("INSERT INTO drift_items VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")
          .Text(server)
          .Int(position++)
          .Int(item.kind)
          .Text(item.name)
          .Int(item.change)
          .Int(item.state)
          .Int(item.since_ms)
          .Text(item.old_hash)
          .Blob(old_body)
          .Text(item.new_hash)
          .Blob(new_body)
          .Run();
    }
    DropUnusedBodies(before);
  });
}

base::Result<void> SqliteConnection::PutPins(std::string_view server, const StoredPins& pins) {
  return CatchSqlite([&] {
    const std::vector<std::string> before = BodiesOf(server);
    database_.Prepare("DELETE FROM pinned_items WHERE server = ?").Text(server).Run();
    database_.Prepare("DELETE FROM rejected_items WHERE server = ?").Text(server).Run();
    InsertItems("INSERT INTO pinned_items VALUES (?, ?, ?, ?, ?, ?)", server, pins.accepted);
    for (const StoredDefinition& item : pins.rejected) {
      database_.Prepare("INSERT OR IGNORE INTO rejected_items VALUES (?, ?, ?, ?)")
          .Text(server)
          .Int(item.kind)
          .Text(item.name)
          .Text(item.hash)
          .Run();
    }
    DropUnusedBodies(before);
  });
}

base::Result<void> SqliteConnection::TouchDefinitions(std::string_view server,
                                                      std::int64_t listed_at_ms) {
  return CatchSqlite([&] {
    database_.Prepare("UPDATE definition_lists SET listed_at_ms = ? WHERE server = ?")
        .Int(listed_at_ms)
        .Text(server)
        .Run();
  });
}

}  // namespace registry
