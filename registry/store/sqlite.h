// SQLite, as little of it as we need: a Database is one connection, a Statement one prepared
// statement in use.
//
// One thread at a time. Failures are exceptions (SqliteError) that stay inside this folder:
// SqliteStore turns them into Results.
#pragma once

#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <unordered_map>

struct sqlite3;
struct sqlite3_stmt;

namespace registry {

class SqliteError : public std::runtime_error {
 public:
  SqliteError(int code, const std::string& message) : std::runtime_error(message), code_(code) {}
  int code() const { return code_; }

 private:
  int code_;
};

// A prepared statement borrowed from its Database; reset when destroyed.
class Statement {
 public:
  Statement(sqlite3* database, sqlite3_stmt* statement)
      : database_(database), statement_(statement) {}
  ~Statement();
  Statement(const Statement&) = delete;
  Statement& operator=(const Statement&) = delete;

  // Binds the next parameter. Text and blobs must outlive the statement's use.
  Statement& Text(std::string_view value);
  Statement& Blob(std::string_view value);
  Statement& Int(std::int64_t value);

  // True while there is a row.
  bool Step();
  // Runs a statement without rows.
  void Run();

  // Columns of the current row; views until the next Step.
  std::string_view text(int column) const;
  std::string_view blob(int column) const;
  std::int64_t integer(int column) const;

 private:
  sqlite3* database_;
  sqlite3_stmt* statement_;
  int bound_ = 0;
};

class Database {
 public:
  enum class Mode { kReadWrite, kReadOnly };
  Database(const std::string& path, Mode mode);
  ~Database();
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  // Several statements without parameters or rows.
  void Execute(const std::string& sql);
  // Prepared once for each text. REQUIRES: `sql` is a literal, and not in use already.
  Statement Prepare(const char* sql);
  // The first column of the first row of a statement without parameters.
  std::string Single(const char* sql);
  bool in_transaction() const;

 private:
  sqlite3* database_ = nullptr;
  std::unordered_map<const char*, sqlite3_stmt*> statements_;
};

// While it lives, several statements see one picture. Nothing when a transaction is open already.
class Picture {
 public:
  explicit Picture(Database& database) : database_(database), mine_(!database.in_transaction()) {
    if (mine_) database_.Execute("BEGIN");
  }
  ~Picture() {
    try {
      if (mine_) database_.Execute("COMMIT");
    } catch (const SqliteError&) {  // it only read
    }
  }
  Picture(const Picture&) = delete;
  Picture& operator=(const Picture&) = delete;

 private:
  Database& database_;
  bool mine_;
};

}  // namespace registry
