#include "registry/catalog/audit.h"

#include <algorithm>
#include <optional>
#include <vector>

#include "base/auth/api_key.h"
#include "base/manifest.h"
#include "base/refusals.h"
#include "registry/catalog/masked.h"
#include "registry/catalog/validate.h"
#include "registry/store/store.h"

namespace registry {

namespace v1 = portolan::v1;

namespace {

constexpr int kDefaultPage = 100;
constexpr int kMaxPage = 1000;
constexpr int kVerifyTogether = 1000;
constexpr int kMaxRefusalsPerMinute = 2000;
constexpr std::size_t kMaxRefusalText = 512;

std::string SpecJson(const v1::Resource& resource) {
  v1::Resource shown = resource;
  ClearHashes(shown);
  MaskEnvironment(shown);
  MaskSecrets(shown);
  return base::Print(shown, base::Spelling::kSnakeCase)["spec"].dump(
      -1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

std::string BigEndian(std::int64_t number) {
  std::string bytes(8, '\0');
  for (int i = 7; i >= 0; --i, number >>= 8) {
    bytes[static_cast<std::size_t>(i)] = static_cast<char>(number & 0xff);
  }
  return bytes;
}

std::string Cut(const std::string& text) { return text.substr(0, kMaxRefusalText); }

v1::AuditRecord TogetherRecord(const std::string& gateway, const v1::RefusalBatch& batch) {
  v1::AuditRecord record;
  record.set_face(gateway.empty() ? "portolan" : "gateway/" + gateway);
  record.set_action(v1::AuditAction::REFUSED);
  record.set_rule(std::string(base::Refusals::kTooMany));
  record.set_count(batch.count());
  record.set_first_request_id(Cut(batch.first_request_id()));
  record.set_last_request_id(Cut(batch.last_request_id()));
  record.set_minute_ms(batch.minute_ms());
  return record;
}

v1::AuditRecord RefusalRecord(const std::string& gateway, const v1::RefusalBatch& batch) {
  v1::AuditRecord record = TogetherRecord(gateway, batch);
  record.set_principal(Cut(batch.principal()));
  record.set_authentication(Cut(batch.authentication()));
  record.set_address(Cut(batch.address()));
  if (!batch.server().empty()) record.set_kind("Server");
  record.set_name(Cut(batch.server()));
  record.set_item(Cut(batch.item()));
  record.set_rule(Cut(batch.rule()));
  return record;
}

base::Error Broken(std::int64_t sequence, std::string_view what) {
  return base::Fail(base::Code::kDataLoss,
                    "audit record " + std::to_string(sequence) + ": " + std::string(what));
}

}  // namespace

v1::AuditRecord ChangeRecord(const Writer& writer, const v1::Resource* before,
                             const v1::Resource* after) {
  v1::AuditRecord record;
  record.set_principal(writer.principal.id);
  record.set_authentication(std::string(writer.principal.authentication));
  record.set_address(std::string(writer.address));
  record.set_face(std::string(writer.face));
  record.set_reason(std::string(writer.reason));
  record.set_action(!before  ? v1::AuditAction::CREATED
                    : !after ? v1::AuditAction::DELETED
                             : v1::AuditAction::CHANGED);
  const v1::Resource& subject = after ? *after : *before;
  record.set_kind(KindOf(subject));
  record.set_name(subject.name());
  record.set_revision(subject.revision());
  if (before) record.set_before_json(SpecJson(*before));
  if (after) record.set_after_json(SpecJson(*after));
  return record;
}

std::string AuditLink(std::string_view previous, std::int64_t sequence, std::string_view body) {
  std::string bytes(previous);
  bytes += BigEndian(sequence);
  bytes += body;
  return base::auth::Sha256(bytes);
}

base::Result<void> AppendAudit(Transaction& store, v1::AuditRecord record, std::int64_t now_ms) {
  const auto newest = store.NewestAudit();
  if (newest.has_error()) return newest.error();
  record.set_sequence(newest->sequence + 1);
  record.set_at_ms(now_ms);
  StoredAudit stored;
  stored.sequence = record.sequence();
  stored.at_ms = now_ms;
  stored.principal = record.principal();
  stored.action = record.action();
  stored.kind = record.kind();
  stored.name = record.name();
  stored.body = record.SerializeAsString();
  stored.link = AuditLink(newest->link, stored.sequence, stored.body);
  return store.AppendAudit(stored);
}

base::Result<v1::VerifyAuditResponse> VerifyAudit(Reader& store) {
  const auto anchor = store.AuditAnchor();
  if (anchor.has_error()) return anchor.error();
  v1::VerifyAuditResponse response;
  std::int64_t sequence = anchor->sequence;
  std::string link = anchor->link;
  for (;;) {
    const auto records = store.AuditAfter(sequence, kVerifyTogether);
    if (records.has_error()) return records.error();
    if (records->empty()) break;
    for (const StoredAudit& stored : *records) {
      if (stored.sequence != sequence + 1) return Broken(sequence + 1, "is missing");
      v1::AuditRecord record;
      if (!record.ParseFromString(stored.body)) return Broken(stored.sequence, "is no record");
      if (AuditLink(link, stored.sequence, stored.body) != stored.link) {
        return Broken(stored.sequence, "was altered, or one before it was");
      }
      // The columns that lists filter by must say the same.
      if (record.sequence() != stored.sequence || record.at_ms() != stored.at_ms ||
          record.principal() != stored.principal || record.action() != stored.action ||
          record.kind() != stored.kind || record.name() != stored.name) {
        return Broken(stored.sequence, "its index columns were altered");
      }
      if (response.first_sequence() == 0) response.set_first_sequence(stored.sequence);
      sequence = stored.sequence;
      link = stored.link;
    }
  }
  response.set_last_sequence(sequence);
  response.set_head(base::auth::Hex(link));
  return response;
}

base::Result<v1::ListAuditResponse> Audit::List(const v1::ListAuditRequest& request) const {
  if (request.page_size() < 0 || request.page_size() > kMaxPage) {
    return FieldError("/page_size", "must be 1 to 1,000");
  }
  if (request.before_sequence() < 0) return FieldError("/before_sequence", "must not be negative");
  const int limit = request.page_size() == 0 ? kDefaultPage : request.page_size();
  AuditQuery query;
  query.principal = request.principal();
  query.kind = request.kind();
  query.name = request.name();
  query.action = request.action();
  query.before = request.before_sequence();
  query.limit = limit + 1;
  const auto rows = store_.NewestAudits(query);
  if (rows.has_error()) return rows.error();
  v1::ListAuditResponse response;
  for (const StoredAudit& row : *rows) {
    if (response.records_size() == limit) {
      response.set_next_before_sequence(response.records(limit - 1).sequence());
      break;
    }
    if (!response.add_records()->ParseFromString(row.body)) {
      return Broken(row.sequence, "is no record");
    }
  }
  return response;
}

base::Result<v1::VerifyAuditResponse> Audit::Verify() const { return VerifyAudit(store_); }

base::Result<void> Audit::Append(v1::AuditRecord record) {
  return store_.Write([&](Transaction& store) -> base::Result<Store::Then> {
    if (const auto ok = AppendAudit(store, record, clock_.UnixMillis()); ok.has_error())
      return ok.error();
    return Store::Then::kCommit;
  });
}

int Audit::Allow(int wanted) {
  const std::lock_guard lock(mutex_);
  const base::TimePoint now = clock_.Now();
  if (now - minute_began_ >= std::chrono::minutes(1)) {
    minute_began_ = now;
    in_this_minute_ = 0;
  }
  const int allowed = std::clamp(kMaxRefusalsPerMinute - in_this_minute_, 0, wanted);
  in_this_minute_ += allowed;
  return allowed;
}

base::Result<void> Audit::AppendRefusals(
    const std::string& gateway,
    const google::protobuf::RepeatedPtrField<v1::RefusalBatch>& batches) {
  if (batches.empty()) return {};
  std::vector<v1::AuditRecord> records;
  std::optional<v1::AuditRecord> together;
  const int allowed = Allow(batches.size());
  for (int i = 0; i < batches.size(); ++i) {
    const v1::RefusalBatch& batch = batches[i];
    if (batch.count() <= 0) continue;
    if (i < allowed) {
      records.push_back(RefusalRecord(gateway, batch));
    } else if (!together) {
      together = TogetherRecord(gateway, batch);
    } else {
      together->set_count(together->count() + batch.count());
      together->set_last_request_id(Cut(batch.last_request_id()));
    }
  }
  if (together) records.push_back(std::move(*together));
  if (records.empty()) return {};
  return store_.Write([&](Transaction& store) -> base::Result<Store::Then> {
    for (const v1::AuditRecord& record : records) {
      if (const auto ok = AppendAudit(store, record, clock_.UnixMillis()); ok.has_error())
        return ok.error();
    }
    return Store::Then::kCommit;
  });
}

base::Result<void> Audit::Trim(std::int64_t older_than_ms) {
  return store_.Write([&](Transaction& store) -> base::Result<Store::Then> {
    const auto dropped = store.TrimAudit(older_than_ms);
    if (dropped.has_error()) return dropped.error();
    if (*dropped == 0) return Store::Then::kUndo;
    v1::AuditRecord record;
    record.set_principal("portolan");
    record.set_face("portolan");
    record.set_action(v1::AuditAction::TRIMMED);
    record.set_revision(*dropped);
    if (const auto ok = AppendAudit(store, std::move(record), clock_.UnixMillis()); ok.has_error())
      return ok.error();
    return Store::Then::kCommit;
  });
}

}  // namespace registry
