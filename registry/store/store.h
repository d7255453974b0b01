// A Store keeps bytes at a revision: resources and their index columns, deletions, what servers
// offer, how they are, the newest call records, what of quotas was given away, and a few values of
// the registry's own. It knows no rule; registry/catalog does.
//
// SQL stays behind this header. Reading: any thread, a consistent picture per call. Writing:
// Write(), from any thread.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace registry {

struct StoredResource {
  std::string kind;
  std::string name;
  std::int64_t revision = 0;
  std::int64_t created_at_ms = 0;
  std::int64_t updated_at_ms = 0;
  // Opaque; empty when deleted.
  std::string spec;
  bool deleted = false;
};

// What lists filter by without reading a spec. Written in the same transaction.
struct IndexColumns {
  // The one in force first, then the aliases. Each leads to one resource only.
  std::vector<std::string> base_paths;
  int lifecycle = 0;
  int approval = 0;
  std::string owner;
  std::vector<std::string> tags;
};

struct ListQuery {
  std::string kind;
  std::string after_name;
  int limit = 100;
  std::vector<std::string> tags;  // all of them
  std::string owner;              // empty: any
  // From this one on in the contract's numbering, which is that of a life; 0: any.
  int least_lifecycle = 0;
};

// Resources and deletions after a revision.
struct ChangesQuery {
  std::int64_t after = 0;
  std::vector<std::string> kinds;  // empty: all
  std::size_t max_bytes = 1 << 20;
};
struct StoredChanges {
  std::vector<StoredResource> changes;
  // Of the store, when it was read.
  std::int64_t revision = 0;
  // Deletions up to here are not known any more.
  std::int64_t forgotten = 0;
  bool more = false;
};

struct StoredDefinition {
  int kind = 0;
  std::string name;
  std::string hash;
  std::string json;  // kept once for all servers
};
// One difference between what is offered and what was accepted. Change and state are opaque.
struct StoredDrift {
  int kind = 0;
  std::string name;
  int change = 0;
  int state = 0;
  std::int64_t since_ms = 0;
  // Empty hash: there is none.
  std::string old_hash;
  std::string old_json;
  std::string new_hash;
  std::string new_json;
};
struct StoredDefinitions {
  std::string info;  // opaque
  std::vector<StoredDefinition> items;
  std::int64_t listed_at_ms = 0;
  // Whether something was accepted, if only that there is nothing.
  bool pinned = false;
  std::vector<StoredDrift> drift;
};
// What was decided about a server's definitions. Read only to compare.
struct StoredPins {
  std::vector<StoredDefinition> accepted;
  // Without JSON: these hashes are refused.
  std::vector<StoredDefinition> rejected;
};
struct DriftCount {
  std::string server;
  int state = 0;
  int change = 0;
  int count = 0;
};

struct StoredStatus {
  std::string server;
  std::string body;  // opaque
};
struct StatusAfter {
  std::vector<StoredStatus> statuses;
  std::int64_t sequence = 0;
};
struct DefinitionsAfter {
  std::vector<std::string> servers;
  std::int64_t sequence = 0;
};

struct StoredCall {
  std::int64_t id = 0;  // given by the store, increasing
  std::string server;
  std::string principal;
  bool refused = false;
  std::string body;  // opaque
};
struct CallQuery {
  std::string server;
  std::string principal;
  bool refused = false;  // only these
  int limit = 100;
};

struct StoredAudit {
  std::int64_t sequence = 0;
  std::int64_t at_ms = 0;
  std::string principal;
  int action = 0;
  std::string kind;
  std::string name;
  std::string body;  // opaque
  std::string link;
};
struct AuditQuery {
  std::string principal;  // each empty (or 0): any
  std::string kind;
  std::string name;
  int action = 0;
  std::int64_t before = 0;  // only older ones
  int limit = 100;
};
// What a SyncSource brought.
struct StoredSyncMember {
  std::string kind;
  std::string name;
  std::string source;
  // Of the resource: another one of the same name is not it.
  std::int64_t created_at_ms = 0;
};
struct QuotaKey {
  std::string_view set;
  std::string_view rule;
  std::string_view key;
};
// What of a quota was given away in the current window of a key.
struct StoredQuotaWindow {
  std::string period;  // opaque
  std::int64_t start_ms = 0;
  std::int64_t end_ms = 0;  // 0: it never ends
  std::int64_t calls = 0;
  std::int64_t bytes = 0;
};
// What the present run of a gateway was given of that, and has spent.
struct StoredQuotaLease {
  std::int64_t run = 0;
  std::int64_t run_before = 0;
  std::int64_t sequence = 0;
  std::int64_t calls = 0;
  std::int64_t calls_used = 0;
  std::int64_t bytes = 0;
  std::int64_t bytes_used = 0;
};
// Where a chain hangs, or goes on.
struct AuditEnd {
  std::int64_t sequence = 0;
  std::string link;
};

inline constexpr std::int64_t kMaxCallRecords = 100'000;
// Of those that are long because they hold what was said in the call; the newest.
inline constexpr std::int64_t kMaxLongCallRecords = 10'000;
inline constexpr std::int64_t kLongCallRecordBytes = 8 * 1024;
inline constexpr std::int64_t kMaxDeletions = 10'000;

// What can be read, from the store or inside a transaction.
class Reader {
 public:
  virtual ~Reader() = default;

  virtual base::Result<std::optional<StoredResource>> Find(std::string_view kind,
                                                           std::string_view name) = 0;
  // The name of the resource that a base path (or alias) leads to.
  virtual base::Result<std::optional<std::string>> FindBasePath(std::string_view base_path) = 0;
  virtual base::Result<std::vector<StoredResource>> List(const ListQuery& query) = 0;
  virtual base::Result<StoredChanges> Changes(const ChangesQuery& query) = 0;
  virtual base::Result<std::int64_t> Revision() = 0;

  virtual base::Result<std::optional<StoredDefinitions>> Definitions(std::string_view server) = 0;
  virtual base::Result<StoredPins> Pins(std::string_view server) = 0;
  // Empty `servers`: all.
  virtual base::Result<std::vector<DriftCount>> CountDrift(
      std::span<const std::string> servers) = 0;
  virtual base::Result<DefinitionsAfter> DefinitionsChangedAfter(std::int64_t sequence,
                                                                 int limit) = 0;
  // Empty `servers`: all, ordered by name.
  virtual base::Result<std::vector<StoredStatus>> Status(std::span<const std::string> servers) = 0;
  virtual base::Result<StatusAfter> StatusChangedAfter(std::int64_t sequence, int limit) = 0;

  // The newest first.
  virtual base::Result<std::vector<StoredCall>> NewestCalls(const CallQuery& query) = 0;
  // In order, those with an id above `after`.
  virtual base::Result<std::vector<StoredCall>> CallsAfter(std::int64_t after,
                                                           const CallQuery& query) = 0;
  // 0: none yet.
  virtual base::Result<std::int64_t> NewestCall() = 0;

  virtual base::Result<std::vector<StoredAudit>> NewestAudits(const AuditQuery& query) = 0;
  // In order, those after `sequence`.
  virtual base::Result<std::vector<StoredAudit>> AuditAfter(std::int64_t sequence, int limit) = 0;
  virtual base::Result<AuditEnd> NewestAudit() = 0;
  // The last one that the retention dropped; 0: none.
  virtual base::Result<AuditEnd> AuditAnchor() = 0;

  // How far a SyncSource has come, opaque.
  virtual base::Result<std::optional<std::string>> SyncProgress(std::string_view source) = 0;
  virtual base::Result<std::optional<StoredSyncMember>> SyncMember(std::string_view kind,
                                                                   std::string_view name) = 0;

  virtual base::Result<std::optional<std::string>> Value(std::string_view key) = 0;
  // Keys that begin with `prefix`, in order.
  virtual base::Result<std::vector<std::pair<std::string, std::string>>> Values(
      std::string_view prefix) = 0;
};

class Transaction : public Reader {
 public:
  // Returns the new revision. The creation time of an existing resource stays.
  virtual base::Result<std::int64_t> Put(std::string_view kind, std::string_view name,
                                         std::string_view spec, const IndexColumns& columns,
                                         std::int64_t now_ms) = 0;
  // The same for a deletion. REQUIRES: it exists. Its definitions and status go with it.
  virtual base::Result<std::int64_t> Delete(std::string_view kind, std::string_view name) = 0;

  virtual base::Result<void> PutDefinitions(std::string_view server,
                                            const StoredDefinitions& definitions) = 0;
  // REQUIRES: its definitions are there.
  virtual base::Result<void> PutPins(std::string_view server, const StoredPins& pins) = 0;
  // Only the time: nothing else changed, and nobody is told.
  virtual base::Result<void> TouchDefinitions(std::string_view server,
                                              std::int64_t listed_at_ms) = 0;
  virtual base::Result<void> PutStatus(const StoredStatus& status) = 0;
  // Ids are given here. Beyond kMaxCallRecords the oldest leave, long ones sooner.
  virtual base::Result<void> AppendCalls(std::span<const StoredCall> calls) = 0;
  // REQUIRES: follows the newest one.
  virtual base::Result<void> AppendAudit(const StoredAudit& record) = 0;
  // Drops the oldest records up to that time, never the newest of all. Returns the last dropped
  // sequence; 0: none.
  virtual base::Result<std::int64_t> TrimAudit(std::int64_t older_than_ms) = 0;
  virtual base::Result<void> PutSyncProgress(std::string_view source,
                                             std::string_view progress) = 0;
  virtual base::Result<void> PutSyncMember(const StoredSyncMember& member) = 0;
  // Quotas are read only to be changed.
  virtual base::Result<std::optional<StoredQuotaWindow>> QuotaWindow(const QuotaKey& key) = 0;
  virtual base::Result<std::optional<StoredQuotaLease>> QuotaLease(const QuotaKey& key,
                                                                   std::string_view gateway) = 0;
  virtual base::Result<std::int64_t> CountQuotaKeys(std::string_view set,
                                                    std::string_view rule) = 0;
  virtual base::Result<void> PutQuotaWindow(const QuotaKey& key,
                                            const StoredQuotaWindow& window) = 0;
  virtual base::Result<void> PutQuotaLease(const QuotaKey& key, std::string_view gateway,
                                           const StoredQuotaLease& lease) = 0;
  // Of all gateways.
  virtual base::Result<void> DropQuotaLeases(const QuotaKey& key) = 0;
  // Windows that ended before then, and those of sets that are gone; with their leases.
  virtual base::Result<void> DropQuotas(std::int64_t ended_before_ms) = 0;
  virtual base::Result<void> PutValue(std::string_view key, std::string_view value) = 0;
};

class Store : public Reader {
 public:
  enum class Then { kCommit, kUndo };
  using Work = std::function<base::Result<Then>(Transaction&)>;

  // Runs `work` in a transaction of its own view: it sees what earlier writers wrote, and when it
  // fails or says kUndo nothing of it stays. Returns when the commit is on disk (one commit may
  // serve many writers) and after `committed` has run. `work` and `committed` run one at a time, in
  // the order of the commits, on any writer's thread; neither may write.
  virtual base::Result<void> Write(const Work& work,
                                   const std::function<void()>& committed = nullptr) = 0;

  // Writes all of it, as it is at this moment, to a new file that only its owner reads. Writers go
  // on meanwhile.
  virtual base::Result<void> CopyTo(const std::string& file) = 0;
};

}  // namespace registry
