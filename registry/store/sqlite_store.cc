#include "registry/store/sqlite_store.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <system_error>
#include <utility>

#include "base/log.h"
#include "registry/store/migrations.h"
#include "registry/store/sqlite_connection.h"

namespace registry {
namespace {

constexpr int kReaders = 4;
constexpr std::size_t kMaxTogether = 128;

// "Port": so that `file` and other registries know the database.
constexpr int kApplicationId = 0x506f7274;

void Migrate(Database& database) {
  const std::size_t version = std::stoul(database.Single("PRAGMA user_version"));
  const auto migrations = Migrations();
  if (version > migrations.size()) {
    throw std::runtime_error("it was made by a newer portolan (version " + std::to_string(version) +
                             ", this one knows " + std::to_string(migrations.size()) + ")");
  }
  for (std::size_t next = version; next < migrations.size(); ++next) {
    database.Execute("BEGIN IMMEDIATE");
    database.Execute(std::string(migrations[next]));
    database.Execute("PRAGMA application_id = " + std::to_string(kApplicationId));
    database.Execute("PRAGMA user_version = " + std::to_string(next + 1));
    database.Execute("COMMIT");
  }
}

enum class Pages { kTrusted, kCheck };

void Prepare(Database& database, Pages pages) {
  database.Execute("PRAGMA journal_mode = WAL");
  database.Execute("PRAGMA synchronous = FULL");
  database.Execute("PRAGMA wal_autocheckpoint = 1000");
  // KiB. At the start everything is read over this connection, definitions by their hashes.
  database.Execute("PRAGMA cache_size = -8192");
  if (pages == Pages::kCheck) {
    const std::string integrity = database.Single("PRAGMA quick_check(1)");
    if (integrity != "ok") throw SqliteError(11 /* SQLITE_CORRUPT */, integrity);
  }
  Migrate(database);
}

}  // namespace

// A writer in the queue. The front one commits for itself and for those behind it.
struct SqliteStore::Writer {
  const Work& work;
  const std::function<void()>& committed;
  base::Result<void> result = base::Result<void>();
  bool kept = false;
  bool done = false;
};

// A reading connection, given back at the end of the expression.
class SqliteStore::Borrowed {
 public:
  Borrowed(SqliteStore& store, std::unique_ptr<SqliteConnection> connection)
      : store_(store), connection_(std::move(connection)) {}
  ~Borrowed() {
    std::lock_guard lock(store_.readers_mutex_);
    store_.readers_.push_back(std::move(connection_));
    store_.reader_free_.notify_one();
  }
  SqliteConnection* operator->() { return connection_.get(); }

 private:
  SqliteStore& store_;
  std::unique_ptr<SqliteConnection> connection_;
};

SqliteStore::SqliteStore(std::string path) : path_(std::move(path)), clean_stop_(path_) {}

SqliteStore::~SqliteStore() {
  readers_.clear();
  writer_.reset();
  if (opened_) clean_stop_.Leave();
}

base::Result<std::unique_ptr<SqliteStore>> SqliteStore::Open(const std::string& path) {
  // SQLite would make it with the mode of the umask.
  const int file = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (file >= 0) ::close(file);
  try {
    std::unique_ptr<SqliteStore> store(new SqliteStore(path));
    const bool in_order = store->clean_stop_.Take();
    std::error_code unknown;
    if (!in_order && std::filesystem::file_size(path, unknown) > 0 && !unknown)
      spdlog::info("database={} was not stopped in order: checking its pages", path);
    store->writer_ = std::make_unique<SqliteConnection>(path, Database::Mode::kReadWrite);
    Prepare(store->writer_->database(), in_order ? Pages::kTrusted : Pages::kCheck);
    for (int i = 0; i < kReaders; ++i) {
      store->readers_.push_back(
          std::make_unique<SqliteConnection>(path, Database::Mode::kReadOnly));
    }
    store->opened_ = true;
    return store;
  } catch (const SqliteError& error) {
    return ToError(error).WithContext(path);
  } catch (const std::exception& error) {
    return base::Fail(base::Code::kFailedPrecondition, path + ": " + error.what());
  }
}

base::Result<std::unique_ptr<Reader>> SqliteStore::OpenCopy(const std::string& path) {
  try {
    auto copy = std::make_unique<SqliteConnection>(path, Database::Mode::kReadOnly);
    if (copy->database().Single("PRAGMA application_id") != std::to_string(kApplicationId))
      return base::Fail(base::Code::kFailedPrecondition, path + ": is no database of portolan's");
    return copy;
  } catch (const SqliteError& error) {
    return ToError(error).WithContext(path);
  }
}

base::Result<void> SqliteStore::CheckFile(const std::string& path) {
  try {
    Database database(path, Database::Mode::kReadOnly);
    const std::string integrity = database.Single("PRAGMA integrity_check(1)");
    if (integrity == "ok") return {};
    return base::Fail(base::Code::kDataLoss, path + ": it is damaged: " + integrity);
  } catch (const SqliteError& error) {
    return ToError(error).WithContext(path);
  }
}

base::Result<void> SqliteStore::CopyTo(const std::string& file) {
  // Made here, since SQLite would make it with the mode of the umask; an empty file is as good to it
  // as none.
  const int made = ::open(file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (made < 0) {
    return base::Fail(base::Code::kUnavailable,
                      file + ": " + std::error_code(errno, std::generic_category()).message());
  }
  ::close(made);
  return CatchSqlite([&] {
    Database source(path_, Database::Mode::kReadOnly);
    Statement copy = source.Prepare("VACUUM INTO ?");
    copy.Text(file).Run();
  });
}

base::Result<void> SqliteStore::Write(const Work& work, const std::function<void()>& committed) {
  Writer me{work, committed};
  std::unique_lock lock(queue_mutex_);
  queue_.push_back(&me);
  queue_moved_.wait(lock, [&] { return me.done || queue_.front() == &me; });
  if (me.done) return me.result;

  const auto count = std::min(queue_.size(), kMaxTogether);
  const std::vector<Writer*> together(queue_.begin(),
                                      queue_.begin() + static_cast<std::ptrdiff_t>(count));
  lock.unlock();
  CommitTogether(together);
  lock.lock();
  for (Writer* writer : together) {
    queue_.pop_front();
    writer->done = true;
  }
  queue_moved_.notify_all();
  return me.result;
}

void SqliteStore::CommitTogether(const std::vector<Writer*>& writers) {
  Database& database = writer_->database();
  bool anything = false;
  bool no_room = false;
  // When one writer's failure has ended the transaction of all.
  std::optional<base::Error> ended;
  auto commit = CatchSqlite([&] {
    database.Execute("BEGIN IMMEDIATE");
    for (Writer* writer : writers) {
      database.Execute("SAVEPOINT one");
      const base::Result<Then> then = writer->work(*writer_);
      if (then.has_error()) {
        writer->result = then.error();
        no_room = no_room || IsNoRoom(then.error());
        if (!database.in_transaction()) {
          ended = then.error();
          return;
        }
      }
      writer->kept = then.has_value() && *then == Then::kCommit;
      if (!writer->kept) database.Execute("ROLLBACK TO one");
      database.Execute("RELEASE one");
      anything = anything || writer->kept;
    }
    database.Execute(anything ? "COMMIT" : "ROLLBACK");
  });
  if (commit.has_value() && ended) commit = *ended;
  if (commit.has_error()) {
    // Whatever was in it is not stored; who was refused already keeps the better reason.
    (void)CatchSqlite([&] {
      if (database.in_transaction()) database.Execute("ROLLBACK");
    });
    for (Writer* writer : writers) {
      if (writer->result.has_value()) writer->result = commit.error().WithContext("not stored");
    }
    if (no_room || IsNoRoom(commit.error())) NoteRoom(false);
    return;
  }
  // A statement may find no room in the middle, and the commit that others share still succeed.
  if (no_room || anything) NoteRoom(!no_room);
  for (Writer* writer : writers) {
    if (writer->kept && writer->committed) writer->committed();
  }
}

void SqliteStore::NoteRoom(bool there_is) {
  if (out_of_room_.exchange(!there_is) == !there_is) return;
  if (there_is) {
    spdlog::info("database={} there is room again: writing goes on", path_);
  } else {
    spdlog::error("database={} {}", path_, kNoRoom);
  }
}

SqliteStore::Borrowed SqliteStore::Borrow() {
  std::unique_lock lock(readers_mutex_);
  reader_free_.wait(lock, [&] { return !readers_.empty(); });
  std::unique_ptr<SqliteConnection> connection = std::move(readers_.back());
  readers_.pop_back();
  return Borrowed(*this, std::move(connection));
}

base::Result<std::optional<StoredResource>> SqliteStore::Find(std::string_view kind,
                                                              std::string_view name) {
  return Borrow()->Find(kind, name);
}
base::Result<std::optional<std::string>> SqliteStore::FindBasePath(std::string_view base_path) {
  return Borrow()->FindBasePath(base_path);
}
base::Result<std::vector<StoredResource>> SqliteStore::List(const ListQuery& query) {
  return Borrow()->List(query);
}
base::Result<StoredChanges> SqliteStore::Changes(const ChangesQuery& query) {
  return Borrow()->Changes(query);
}
base::Result<std::int64_t> SqliteStore::Revision() { return Borrow()->Revision(); }
base::Result<std::optional<StoredDefinitions>> SqliteStore::Definitions(std::string_view server) {
  return Borrow()->Definitions(server);
}
base::Result<StoredPins> SqliteStore::Pins(std::string_view server) {
  return Borrow()->Pins(server);
}
base::Result<std::vector<DriftCount>> SqliteStore::CountDrift(
    std::span<const std::string> servers) {
  return Borrow()->CountDrift(servers);
}
base::Result<DefinitionsAfter> SqliteStore::DefinitionsChangedAfter(std::int64_t sequence,
                                                                    int limit) {
  return Borrow()->DefinitionsChangedAfter(sequence, limit);
}
base::Result<std::vector<StoredStatus>> SqliteStore::Status(std::span<const std::string> servers) {
  return Borrow()->Status(servers);
}
base::Result<StatusAfter> SqliteStore::StatusChangedAfter(std::int64_t sequence, int limit) {
  return Borrow()->StatusChangedAfter(sequence, limit);
}
base::Result<std::vector<StoredCall>> SqliteStore::NewestCalls(const CallQuery& query) {
  return Borrow()->NewestCalls(query);
}
base::Result<std::vector<StoredCall>> SqliteStore::CallsAfter(std::int64_t after,
                                                              const CallQuery& query) {
  return Borrow()->CallsAfter(after, query);
}
base::Result<std::int64_t> SqliteStore::NewestCall() { return Borrow()->NewestCall(); }
base::Result<std::vector<StoredAudit>> SqliteStore::NewestAudits(const AuditQuery& query) {
  return Borrow()->NewestAudits(query);
}
base::Result<std::vector<StoredAudit>> SqliteStore::AuditAfter(std::int64_t sequence, int limit) {
  return Borrow()->AuditAfter(sequence, limit);
}
base::Result<AuditEnd> SqliteStore::NewestAudit() { return Borrow()->NewestAudit(); }
base::Result<AuditEnd> SqliteStore::AuditAnchor() { return Borrow()->AuditAnchor(); }
base::Result<std::optional<std::string>> SqliteStore::SyncProgress(std::string_view source) {
  return Borrow()->SyncProgress(source);
}
base::Result<std::optional<StoredSyncMember>> SqliteStore::SyncMember(std::string_view kind,
                                                                      std::string_view name) {
  return Borrow()->SyncMember(kind, name);
}
base::Result<std::optional<std::string>> SqliteStore::Value(std::string_view key) {
  return Borrow()->Value(key);
}
base::Result<std::vector<std::pair<std::string, std::string>>> SqliteStore::Values(
    std::string_view prefix) {
  return Borrow()->Values(prefix);
}

}  // namespace registry
