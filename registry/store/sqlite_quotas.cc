// What of quotas was given to gateways.
#include "registry/store/sqlite_connection.h"

namespace registry {

base::Result<std::optional<StoredQuotaWindow>> SqliteConnection::QuotaWindow(const QuotaKey& key) {
  return CatchSqlite([&]() -> std::optional<StoredQuotaWindow> {
    Statement statement = database_.Prepare(
        "SELECT period, start_ms, end_ms, calls, bytes FROM quota_windows"
        " WHERE policy_set = ? AND rule = ? AND key = ?");
    statement.Text(key.set).Text(key.rule).Blob(key.key);
    if (!statement.Step()) return std::nullopt;
    return StoredQuotaWindow{std::string(statement.text(0)), statement.integer(1),
                             statement.integer(2), statement.integer(3), statement.integer(4)};
  });
}

base::Result<std::optional<StoredQuotaLease>> SqliteConnection::QuotaLease(
    const QuotaKey& key, std::string_view gateway) {
  return CatchSqlite([&]() -> std::optional<StoredQuotaLease> {
    Statement statement = database_.Prepare(
        "SELECT run, run_before, sequence, calls, calls_used, bytes, bytes_used FROM quota_leases"
        " WHERE policy_set = ? AND rule = ? AND key = ? AND gateway = ?");
    statement.Text(key.set).Text(key.rule).Blob(key.key).Text(gateway);
    if (!statement.Step()) return std::nullopt;
    return StoredQuotaLease{statement.integer(0), statement.integer(1), statement.integer(2),
                            statement.integer(3), statement.integer(4), statement.integer(5),
                            statement.integer(6)};
  });
}

base::Result<std::int64_t> SqliteConnection::CountQuotaKeys(std::string_view set,
                                                            std::string_view rule) {
  return CatchSqlite([&] {
    Statement statement =
        database_.Prepare("SELECT count(*) FROM quota_windows WHERE policy_set = ? AND rule = ?");
    statement.Text(set).Text(rule);
    return statement.Step() ? statement.integer(0) : std::int64_t{0};
  });
}

base::Result<void> SqliteConnection::PutQuotaWindow(const QuotaKey& key,
                                                    const StoredQuotaWindow& window) {
  return CatchSqlite([&] {
    database_.Prepare("INSERT OR REPLACE INTO quota_windows VALUES (?, ?, ?, ?, ?, ?, ?, ?)")
        .Text(key.set)
        .Text(key.rule)
        .Blob(key.key)
        .Text(window.period)
        .Int(window.start_ms)
        .Int(window.end_ms)
        .Int(window.calls)
        .Int(window.bytes)
        .Run();
  });
}

base::Result<void> SqliteConnection::PutQuotaLease(const QuotaKey& key, std::string_view gateway,
                                                   const StoredQuotaLease& lease) {
  return CatchSqlite([&] {
    database_
        .Prepare("INSERT OR REPLACE INTO quota_leases VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")
        .Text(key.set)
        .Text(key.rule)
        .Blob(key.key)
        .Text(gateway)
        .Int(lease.run)
        .Int(lease.run_before)
        .Int(lease.sequence)
        .Int(lease.calls)
        .Int(lease.calls_used)
        .Int(lease.bytes)
        .Int(lease.bytes_used)
        .Run();
  });
}

base::Result<void> SqliteConnection::DropQuotaLeases(const QuotaKey& key) {
  return CatchSqlite([&] {
    database_.Prepare("DELETE FROM quota_leases WHERE policy_set = ? AND rule = ? AND key = ?")
        .Text(key.set)
        .Text(key.rule)
        .Blob(key.key)
        .Run();
  });
}

base::Result<void> SqliteConnection::DropQuotas(std::int64_t ended_before_ms) {
  return CatchSqlite([&] {
    database_
        .Prepare(
            "DELETE FROM quota_windows WHERE (end_ms != 0 AND end_ms < ?) OR policy_set NOT IN"
            " (SELECT name FROM resources WHERE kind = 'PolicySet')")
        .Int(ended_before_ms)
        .Run();
    database_
        .Prepare(
            "DELETE FROM quota_leases WHERE NOT EXISTS (SELECT 1 FROM quota_windows AS windows"
            " WHERE windows.policy_set = quota_leases.policy_set AND windows.rule ="
            " quota_leases.rule AND windows.key = quota_leases.key)")
        .Run();
  });
}

}  // namespace registry
