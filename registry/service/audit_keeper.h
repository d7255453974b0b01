// The AuditKeeper is what the audit needs from time to time: what the registry itself refused, of each minute when it is
// over, and, once a day, what is older than the retention dropped: records of the audit, and decided requests for access.
//
// How old something is, is measured by a clock that nobody sets while we run: a wall clock that jumps is told of and drops
// nothing. The first time is an hour after the start, so that a clock which is wrong when the machine starts can be mended.
#pragma once

#include <string>

#include "base/clock.h"
#include "base/clock_watch.h"
#include "base/refusals.h"
#include "registry/catalog/audit.h"
#include "registry/catalog/catalog.h"
#include "registry/service/caller.h"
#include "registry/service/worker_pool.h"

namespace registry {

class AuditKeeper {
 public:
  // All outlive it. Work that was begun ends with the pool.
  AuditKeeper(Audit& audit, Catalog& catalog, WorkerPool& pool, const base::Clock& clock);

  // 0: for ever.
  void SetRetention(int days) { retention_days_ = days; }
  // `what`: `CatalogService/Put`. Any thread.
  void Refused(const Caller& caller, const std::string& what, base::Code why);

  // Once a second, on one thread.
  void Tick();
  // Of the minute that is not over too: the end. REQUIRES: the pool has ended.
  void KeepRest() { KeepRefusals(base::Refusals::Which::kAll); }

 private:
  void LookAtClock();
  void Trim();
  void KeepRefusals(base::Refusals::Which which);

  Audit& audit_;
  Catalog& catalog_;
  WorkerPool& pool_;
  const base::Clock& clock_;
  base::ClockWatch watch_;
  base::Refusals refusals_;
  int retention_days_ = 0;
  base::TimePoint next_trim_;
};

}  // namespace registry
