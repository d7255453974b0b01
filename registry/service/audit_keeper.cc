#include "registry/service/audit_keeper.h"

#include <chrono>

#include "base/log.h"

namespace registry {
namespace {

constexpr std::chrono::hours kTrimEvery{24};
// By so much the wall clock may be corrected within a day.
constexpr std::chrono::hours kTolerated{1};

}  // namespace

void AuditKeeper::Refused(const Caller& caller, const std::string& what, base::Code why) {
  refusals_.Note({.principal = caller.principal.id,
                  .authentication = caller.principal.authentication,
                  .address = caller.address,
                  .server = {},
                  .item = what,
                  .rule = base::CodeName(why),
                  .request_id = {}},
                 clock_.UnixMillis());
}

void AuditKeeper::Tick() {
  Trim();
  if (refusals_.due(clock_.UnixMillis()))
    pool_.Post([this] { KeepRefusals(base::Refusals::Which::kOver); });
}

// A wall clock that has jumped is no reason to drop anything: then it waits for the next day.
void AuditKeeper::Trim() {
  const base::TimePoint now = clock_.Now();
  if (retention_days_ == 0 || now < next_trim_) return;
  next_trim_ = now + kTrimEvery;
  const std::int64_t wall = clock_.UnixMillis();
  const auto passed = std::chrono::duration_cast<std::chrono::milliseconds>(now - trimmed_at_);
  const bool jumped =
      trimmed_wall_ms_ != 0 && wall - trimmed_wall_ms_ > (passed + kTolerated).count();
  trimmed_at_ = now;
  trimmed_wall_ms_ = wall;
  if (jumped) return spdlog::warn("the clock has jumped forward: the audit is not trimmed today");
  const std::int64_t older_than =
      wall - std::int64_t{retention_days_} * kTrimEvery.count() * 3'600'000;
  pool_.Post([this, older_than] {
    if (const auto ok = audit_.Trim(older_than); ok.has_error())
      spdlog::error("audit retention: {}", ok.error().message);
  });
}

void AuditKeeper::KeepRefusals(base::Refusals::Which which) {
  google::protobuf::RepeatedPtrField<portolan::v1::RefusalBatch> batches;
  for (base::RefusalCount& count : refusals_.Take(which, clock_.UnixMillis())) {
    portolan::v1::RefusalBatch& batch = *batches.Add();
    batch.set_minute_ms(count.minute_ms);
    batch.set_principal(std::move(count.principal));
    batch.set_authentication(std::move(count.authentication));
    batch.set_address(std::move(count.address));
    batch.set_item(std::move(count.item));
    batch.set_rule(std::move(count.rule));
    batch.set_count(count.count);
  }
  if (const auto kept = audit_.AppendRefusals("", batches); kept.has_error())
    spdlog::error("refusals are not in the audit: {}", kept.error().message);
}

}  // namespace registry
