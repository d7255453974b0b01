// The audit: a chain of records, one for each change, written in the change's own transaction.
//
// A link is SHA-256 over the link before it, the sequence (8 bytes, big endian) and the record's
// bytes. The first link that the retention left hangs on the anchor, which keeps the last dropped
// one; the very first hangs on nothing.
#pragma once

#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "portolan/v1/audit_service.pb.h"
#include "portolan/v1/fleet_service.pb.h"
#include "portolan/v1/resource.pb.h"
#include "registry/catalog/writer.h"

namespace registry {

class Reader;
class Store;
class Transaction;

// The record of one change; null where there was nothing before, or is nothing after.
portolan::v1::AuditRecord ChangeRecord(const Writer& writer, const portolan::v1::Resource* before,
                                       const portolan::v1::Resource* after);

// Gives the record its sequence and adds it to the chain.
base::Result<void> AppendAudit(Transaction& store, portolan::v1::AuditRecord record,
                               std::int64_t now_ms);

std::string AuditLink(std::string_view previous, std::int64_t sequence, std::string_view body);

// Recomputes every link. kDataLoss names the first record that does not fit.
base::Result<portolan::v1::VerifyAuditResponse> VerifyAudit(Reader& store);

// Reads and trims the chain. Any thread; each call blocks (SQLite).
class Audit {
 public:
  Audit(Store& store, const base::Clock& clock) : store_(store), clock_(clock) {}

  // kInvalidArgument for a page size that is none.
  base::Result<portolan::v1::ListAuditResponse> List(
      const portolan::v1::ListAuditRequest& request) const;
  base::Result<portolan::v1::VerifyAuditResponse> Verify() const;
  // Adds one record of something that changed no resource.
  base::Result<void> Append(portolan::v1::AuditRecord record);
  // What a gateway refused, or (empty `gateway`) the registry itself: a record for each. Those beyond
  // 2,000 a minute are one record.
  base::Result<void> AppendRefusals(
      const std::string& gateway,
      const google::protobuf::RepeatedPtrField<portolan::v1::RefusalBatch>& batches);
  // Drops what is older than that, and records that it did. Nothing to drop: does nothing.
  base::Result<void> Trim(std::int64_t older_than_ms);

 private:
  // How many of `wanted` records may still be written in this minute.
  int Allow(int wanted);

  Store& store_;
  const base::Clock& clock_;

  std::mutex mutex_;
  // Under mutex_
  base::TimePoint minute_began_{};
  int in_this_minute_ = 0;
};

}  // namespace registry
