#include "registry/store/sqlite.h"

#include <sqlite3.h>

namespace registry {
namespace {

// Full as SQLite says it; over a quota or a limit on files, which it does not tell apart from a disk
// that fails.
bool CannotBeWritten(int code) {
  return code == SQLITE_IOERR_WRITE || code == SQLITE_IOERR_FSYNC ||
         code == SQLITE_IOERR_TRUNCATE || code == SQLITE_IOERR_SHMSIZE;
}

[[noreturn]] void Throw(sqlite3* database, std::string_view what) {
  int code = sqlite3_extended_errcode(database);
  if (CannotBeWritten(code)) code = SQLITE_FULL;
  throw SqliteError(code, std::string(what) + ": " + sqlite3_errmsg(database));
}

}  // namespace

Statement::~Statement() {
  sqlite3_reset(statement_);
  sqlite3_clear_bindings(statement_);
}

Statement& Statement::Text(std::string_view value) {
  const char* data = value.empty() ? "" : value.data();
  if (sqlite3_bind_text64(statement_, ++bound_, data, value.size(), SQLITE_STATIC, SQLITE_UTF8)) {
    Throw(database_, "bind text");
  }
  return *this;
}

Statement& Statement::Blob(std::string_view value) {
  const char* data = value.empty() ? "" : value.data();
  if (sqlite3_bind_blob64(statement_, ++bound_, data, value.size(), SQLITE_STATIC))
    Throw(database_, "bind blob");
  return *this;
}

Statement& Statement::Int(std::int64_t value) {
  if (sqlite3_bind_int64(statement_, ++bound_, value)) Throw(database_, "bind integer");
  return *this;
}

bool Statement::Step() {
  switch (sqlite3_step(statement_)) {
    case SQLITE_ROW: return true;
    case SQLITE_DONE: return false;
    default: Throw(database_, "the database");
  }
}

void Statement::Run() {
  while (Step()) {
  }
}

std::string_view Statement::text(int column) const { return blob(column); }

std::string_view Statement::blob(int column) const {
  const void* data = sqlite3_column_blob(statement_, column);
  const int bytes = sqlite3_column_bytes(statement_, column);
  return {static_cast<const char*>(data), data ? static_cast<std::size_t>(bytes) : 0};
}

std::int64_t Statement::integer(int column) const {
  return sqlite3_column_int64(statement_, column);
}

Database::Database(const std::string& path, Mode mode) {
  // Each connection is used by one thread at a time: SQLite's own mutexes are not needed.
  const int flags =
      SQLITE_OPEN_NOMUTEX |
      (mode == Mode::kReadOnly ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE);
  if (sqlite3_open_v2(path.c_str(), &database_, flags, nullptr)) {
    const SqliteError error(sqlite3_errcode(database_),
                            "open " + path + ": " + sqlite3_errmsg(database_));
    sqlite3_close_v2(database_);
    throw error;
  }
  sqlite3_extended_result_codes(database_, 1);
  sqlite3_busy_timeout(database_, 10'000);
}

Database::~Database() {
  for (const auto& [sql, statement] : statements_) sqlite3_finalize(statement);
  sqlite3_close_v2(database_);
}

void Database::Execute(const std::string& sql) {
  if (sqlite3_exec(database_, sql.c_str(), nullptr, nullptr, nullptr))
    Throw(database_, "the database");
}

Statement Database::Prepare(const char* sql) {
  sqlite3_stmt*& statement = statements_[sql];
  if (!statement &&
      sqlite3_prepare_v3(database_, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement, nullptr)) {
    Throw(database_, "prepare a statement");
  }
  return Statement(database_, statement);
}

std::string Database::Single(const char* sql) {
  Statement statement = Prepare(sql);
  return statement.Step() ? std::string(statement.text(0)) : std::string();
}

bool Database::in_transaction() const { return sqlite3_get_autocommit(database_) == 0; }

}  // namespace registry
