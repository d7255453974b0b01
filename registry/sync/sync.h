// Sync reads the SyncSources: each when its time has come, page by page, a page being written
// (merge.h) before the next one is asked for. So a run costs the memory of one page, can end
// anywhere, and goes on there.
//
//   Tick (each second) --due--> Run: fetch (on the loop) -> MergePage (on the pool) -> ... -> done
//
// A run asks for what has changed since the run before began, by the other registry's own clock and
// a minute more. The same cursor goes on after a kill; one that the other side does not know any
// more begins the same run again. Several sources run side by side, each once.
//
// Tick and Drain are called on the loop, the rest from any thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/cancel.h"
#include "base/clock.h"
#include "base/http/client.h"
#include "base/loop.h"
#include "base/result.h"
#include "base/task.h"
#include "portolan/v1/sync_service.pb.h"
#include "registry/catalog/catalog.h"
#include "registry/service/worker_pool.h"

namespace registry::sync {

class Sync final : public Observer {
 public:
  Sync(Catalog& catalog, Store& store, WorkerPool& pool, base::Loop& loop,
       const base::Clock& clock);

  // Once, when every source is known and before the first tick: how far each has come.
  void Load();

  // SyncSources come and go.
  void OnChanges(std::span<const v1::Change> changes) override;
  void OnDefinitions(const v1::ServerDefinitions&) override {}

  // Begins what is due, and ends what has taken too long.
  void Tick();
  // Ends every run; none begins any more.
  void Drain();

  // Runs it with the next tick, unless it is running. kNotFound.
  enum class Extent { kWhatChanged, kEverything };
  base::Result<void> Ask(const std::string& source, Extent extent);
  struct Seen {
    v1::SyncStatus status;
    // It was asked for, or is under way.
    bool busy = false;
  };
  // kNotFound.
  base::Result<Seen> See(const std::string& source) const;
  std::vector<v1::SyncStatus> SeeAll() const;
  // Rings with each page and each end.
  Bell& bell() { return bell_; }

 private:
  // What a run is stopped by. Shared by the run and the source that it belongs to.
  struct Running {
    base::CancelSignal cancel;  // on the loop
    base::TimePoint began;
  };
  struct Source {
    v1::SyncSource spec;
    v1::SyncStatus status;
    // 0: at once.
    std::int64_t next_ms = 0;
    bool asked = false;
    bool everything = false;
    std::shared_ptr<Running> running;
  };

  base::Task<void> Run(std::string name, v1::SyncSource spec, bool everything,
                       std::shared_ptr<Running> running);
  base::Task<base::Result<void>> RunPages(const std::string& name, const v1::SyncSource& spec,
                                          v1::SyncProgress& progress, Running& running);
  base::Result<v1::SyncProgress> Begin(const std::string& name, const v1::SyncSource& spec,
                                       bool everything);
  void End(const std::string& name, const Running& running, v1::SyncProgress progress,
           const base::Result<void>& ended);
  void Show(const std::string& name, const v1::SyncStatus& status);

  Catalog& catalog_;
  Store& store_;
  WorkerPool& pool_;
  base::Loop& loop_;
  const base::Clock& clock_;
  const std::unique_ptr<base::http::Client> client_;
  Bell bell_;
  std::atomic<bool> draining_{false};

  mutable std::mutex mutex_;
  std::map<std::string, Source> sources_;  // under mutex_
};

}  // namespace registry::sync
