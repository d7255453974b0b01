#include "registry/service/audit_keeper.h"

#include <chrono>
#include <cstdlib>

#include "base/log.h"

namespace registry {
namespace {

constexpr std::chrono::hours kFirstTrim{1};
constexpr std::chrono::hours kTrimEvery{24};
constexpr std::int64_t kDayMs = 24 * 3'600'000;

}  // namespace

AuditKeeper::AuditKeeper(Audit& audit, Catalog& catalog, WorkerPool& pool, const base::Clock& clock)
    : audit_(audit),
      catalog_(catalog),
      pool_(pool),
      clock_(clock),
      watch_(clock),
      next_trim_(clock.Now() + kFirstTrim) {}

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
  LookAtClock();
  Trim();
  if (refusals_.due(clock_.UnixMillis()))
    pool_.Post([this] { KeepRefusals(base::Refusals::Which::kOver); });
}

void AuditKeeper::LookAtClock() {
  const std::int64_t jumped = watch_.Look();
  if (jumped == 0) return;
  spdlog::warn(
      "the clock was set {} by {} s: what is written now has that time, tokens and keys end by it, "
      "and the retention goes on "
      "by the time that has passed",
      jumped < 0 ? "back" : "forward", std::abs(jumped) / 1000);
}

void AuditKeeper::Trim() {
  const base::TimePoint now = clock_.Now();
  if (retention_days_ == 0 || now < next_trim_) return;
  next_trim_ = now + kTrimEvery;
  const std::int64_t older_than = watch_.CautiousUnixMillis() - retention_days_ * kDayMs;
  pool_.Post([this, older_than] {
    if (const auto ok = audit_.Trim(older_than); ok.has_error())
      spdlog::error("audit retention: {}", ok.error().message);
    if (const auto ok = catalog_.ForgetDecidedAccess(older_than); ok.has_error())
      spdlog::error("retention of decided requests for access: {}", ok.error().message);
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
