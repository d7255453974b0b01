// A SqliteStore keeps everything in one SQLite file: WAL, synchronous=FULL, one connection that
// writes and a few that read.
//
// Writers that come while a commit is being written to disk share the next one. When the disk is
// full, writers are told (kResourceExhausted), readers go on, and the first write that finds room
// is the end of it.
#pragma once

#include <atomic>
#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "registry/store/clean_stop.h"
#include "registry/store/store.h"

namespace registry {

class SqliteConnection;

class SqliteStore final : public Store {
 public:
  // Makes the file (mode 0600) or brings it to this version. After anything but a stop in order each
  // of its pages is checked. kDataLoss: damaged; kFailedPrecondition: made by a newer one.
  static base::Result<std::unique_ptr<SqliteStore>> Open(const std::string& path);
  // Whether every page of a database that nobody has open is what it should be. kDataLoss says what
  // is not.
  static base::Result<void> CheckFile(const std::string& path);
  // For reading only, one thread at a time: a copy, which may be of another version. Writes nothing.
  static base::Result<std::unique_ptr<Reader>> OpenCopy(const std::string& path);
  ~SqliteStore() override;

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

  base::Result<void> Write(const Work& work, const std::function<void()>& committed) override;
  base::Result<void> CopyTo(const std::string& file) override;

  // The last write found no room.
  bool out_of_room() const { return out_of_room_; }

 private:
  struct Writer;
  class Borrowed;
  explicit SqliteStore(std::string path);
  void CommitTogether(const std::vector<Writer*>& writers);
  void NoteRoom(bool there_is);
  Borrowed Borrow();

  // Constant after construction
  const std::string path_;
  const CleanStop clean_stop_;
  bool opened_ = false;

  // Used by the front of the queue only
  std::unique_ptr<SqliteConnection> writer_;

  std::atomic<bool> out_of_room_ = false;

  std::mutex queue_mutex_;
  std::condition_variable queue_moved_;
  std::deque<Writer*> queue_;

  std::mutex readers_mutex_;
  std::condition_variable reader_free_;
  std::vector<std::unique_ptr<SqliteConnection>> readers_;
};

}  // namespace registry
