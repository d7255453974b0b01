// The AuditKeeper is what the audit needs from time to time: what the registry itself refused, of each minute when it is
// over, and records that are too old dropped, at the start and once a day.
#pragma once

#include <string>

#include "base/clock.h"
#include "base/refusals.h"
#include "registry/catalog/audit.h"
#include "registry/service/caller.h"
#include "registry/service/worker_pool.h"

namespace registry {

class AuditKeeper {
 public:
  // All outlive it. Work that was begun ends with the pool.
  AuditKeeper(Audit& audit, WorkerPool& pool, const base::Clock& clock)
      : audit_(audit), pool_(pool), clock_(clock) {}

  // 0: for ever.
  void SetRetention(int days) { retention_days_ = days; }
  // `what`: `CatalogService/Put`. Any thread.
  void Refused(const Caller& caller, const std::string& what, base::Code why);

  // Once a second, on one thread.
  void Tick();
  // Of the minute that is not over too: the end. REQUIRES: the pool has ended.
  void KeepRest() { KeepRefusals(base::Refusals::Which::kAll); }

 private:
  void Trim();
  void KeepRefusals(base::Refusals::Which which);

  Audit& audit_;
  WorkerPool& pool_;
  const base::Clock& clock_;
  base::Refusals refusals_;
  int retention_days_ = 0;
  base::TimePoint next_trim_{};
  base::TimePoint trimmed_at_{};
  std::int64_t trimmed_wall_ms_ = 0;
};

}  // namespace registry
