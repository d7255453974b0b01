#include "registry/sync/sync.h"

#include "base/http/outward_client.h"
#include "registry/store/store.h"
#include "registry/sync/merge.h"
#include "registry/sync/upstream.h"
#include "registry/sync/upstream_page.h"

namespace registry::sync {
namespace {

using base::Code;

constexpr std::int64_t kDefaultIntervalS = 3600;
// A run that failed is tried again sooner, and never sooner than that.
constexpr std::int64_t kRetryMs = 5 * 60 * 1000;
// Clocks of a busy registry's machines differ; what is read twice is not changed twice.
constexpr std::int64_t kOverlapMs = 60 * 1000;
constexpr std::chrono::minutes kLongestRun{30};
// A registry that never comes to an end is none.
constexpr std::int64_t kMaxPages = 20'000;
constexpr int kMaxRunning = 4;

base::http::ClientLimits Limits() {
  base::http::ClientLimits limits;
  limits.connect = std::chrono::seconds(10);
  limits.first_byte = std::chrono::seconds(30);
  limits.idle = std::chrono::seconds(30);
  limits.max_connections_per_origin = 2;
  return limits;
}

std::int64_t IntervalMs(const v1::SyncSource& spec) {
  return (spec.interval_s() > 0 ? spec.interval_s() : kDefaultIntervalS) * 1000;
}

std::int64_t NextMs(const v1::SyncSource& spec, const v1::SyncStatus& status) {
  const std::int64_t interval = IntervalMs(spec);
  const bool failed = status.state() == v1::SyncState::FAILED;
  return status.ended_at_ms() + (failed ? std::min(interval, kRetryMs) : interval);
}

base::Error NoSource(const std::string& name) {
  return base::Fail(Code::kNotFound, "no SyncSource '" + name.substr(0, 200) + "'");
}

base::Error Answered(int status) {
  const std::string number = std::to_string(status);
  if (status >= 300 && status < 400)
    return base::Fail(Code::kFailedPrecondition,
                      "the registry answered " + number +
                          ", to look elsewhere; write where it is as the source's URL");
  if (status == 401 || status == 403)
    return base::Fail(Code::kPermissionDenied,
                      "the registry answered " + number + ": it is not open to everybody");
  return base::Fail(Code::kUnavailable, "the registry answered " + number);
}

}  // namespace

Sync::Sync(Catalog& catalog, Store& store, WorkerPool& pool, base::Loop& loop,
           const base::Clock& clock)
    : catalog_(catalog),
      store_(store),
      pool_(pool),
      loop_(loop),
      clock_(clock),
      client_(base::http::CreateOutwardClient(loop, Limits())) {}

void Sync::OnChanges(std::span<const v1::Change> changes) {
  std::lock_guard lock(mutex_);
  for (const v1::Change& change : changes) {
    const v1::Resource& resource = change.resource();
    if (resource.kind() != "SyncSource") continue;
    if (change.deleted()) {
      // Its run finds out with the page that it cannot write.
      sources_.erase(resource.name());
      continue;
    }
    Source& source = sources_[resource.name()];
    if (source.spec.url() != resource.sync_source().url()) {
      source.status.Clear();
      source.status.set_source(resource.name());
      source.next_ms = 0;
    }
    source.spec = resource.sync_source();
  }
}

void Sync::Load() {
  std::lock_guard lock(mutex_);
  for (auto& [name, source] : sources_) {
    const auto stored = store_.SyncProgress(name);
    v1::SyncProgress progress;
    if (stored.has_error() || !*stored || !progress.ParseFromString(**stored) ||
        progress.url() != source.spec.url()) {
      continue;
    }
    source.status = progress.status();
    // What was under way when we were stopped goes on at once.
    if (progress.under_way() && progress.status().state() == v1::SyncState::RUNNING) {
      source.status.set_state(v1::SyncState::FAILED);
      continue;
    }
    source.next_ms = NextMs(source.spec, progress.status());
  }
}

void Sync::Tick() {
  if (draining_) return;
  const std::int64_t now = clock_.UnixMillis();
  std::vector<std::shared_ptr<Running>> too_long;
  {
    std::lock_guard lock(mutex_);
    int count = 0;
    for (auto& [name, source] : sources_) {
      if (!source.running) continue;
      ++count;
      if (clock_.Now() - source.running->began > kLongestRun) too_long.push_back(source.running);
    }
    for (auto& [name, source] : sources_) {
      // Further ahead than it can be: the clock was ahead when that was decided, and was set back.
      const bool misdated = source.next_ms - now > IntervalMs(source.spec);
      const bool due =
          source.asked || (!source.spec.paused() && (now >= source.next_ms || misdated));
      if (source.running || !due || count >= kMaxRunning) continue;
      ++count;
      source.running = std::make_shared<Running>();
      source.running->began = clock_.Now();
      const bool everything = source.everything;
      source.asked = source.everything = false;
      // Outside of this lock.
      loop_.Post([this, name = name, spec = source.spec, everything, running = source.running] {
        base::Spawn(Run(name, spec, everything, running));
      });
    }
  }
  for (const auto& running : too_long) running->cancel.Request();
}

void Sync::Drain() {
  draining_ = true;
  std::vector<std::shared_ptr<Running>> all;
  {
    std::lock_guard lock(mutex_);
    for (auto& [name, source] : sources_) {
      if (source.running) all.push_back(source.running);
    }
  }
  for (const auto& running : all) running->cancel.Request();
}

base::Result<void> Sync::Ask(const std::string& name, Extent extent) {
  std::lock_guard lock(mutex_);
  const auto source = sources_.find(name);
  if (source == sources_.end()) return NoSource(name);
  if (source->second.running) return {};
  source->second.asked = true;
  source->second.everything = extent == Extent::kEverything;
  return {};
}

base::Result<Sync::Seen> Sync::See(const std::string& name) const {
  std::lock_guard lock(mutex_);
  const auto source = sources_.find(name);
  if (source == sources_.end()) return NoSource(name);
  Seen seen{source->second.status, source->second.asked || source->second.running};
  seen.status.set_next_at_ms(source->second.spec.paused() ? 0 : source->second.next_ms);
  return seen;
}

std::vector<v1::SyncStatus> Sync::SeeAll() const {
  std::lock_guard lock(mutex_);
  std::vector<v1::SyncStatus> all;
  for (const auto& [name, source] : sources_) {
    all.push_back(source.status);
    all.back().set_next_at_ms(source.spec.paused() ? 0 : source.next_ms);
  }
  return all;
}

void Sync::Show(const std::string& name, const v1::SyncStatus& status) {
  {
    std::lock_guard lock(mutex_);
    const auto source = sources_.find(name);
    if (source != sources_.end()) source->second.status = status;
  }
  bell_.Ring();
}

// ---- One run

base::Result<v1::SyncProgress> Sync::Begin(const std::string& name, const v1::SyncSource& spec,
                                           bool everything) {
  v1::SyncProgress progress;
  const auto stored = store_.SyncProgress(name);
  if (stored.has_error()) return stored.error();
  if (*stored && !progress.ParseFromString(**stored))
    return base::Fail(Code::kDataLoss, "what is stored of the source is damaged");
  if (progress.url() != spec.url()) progress.Clear();
  progress.set_url(spec.url());
  v1::SyncStatus& status = *progress.mutable_status();
  if (progress.under_way() && !everything) {
    status.clear_error();
  } else {
    const std::int64_t since_ms = everything ? 0 : progress.next_since_ms();
    status.Clear();
    status.set_source(name);
    status.set_since_ms(since_ms);
    status.set_began_at_ms(clock_.UnixMillis());
    progress.set_under_way(true);
    progress.clear_cursor();
    progress.clear_next_since_ms();
  }
  status.set_state(v1::SyncState::RUNNING);
  status.clear_ended_at_ms();
  return progress;
}

void Sync::End(const std::string& name, const Running& running, v1::SyncProgress progress,
               const base::Result<void>& ended) {
  v1::SyncStatus& status = *progress.mutable_status();
  // Stopped with the registry, it goes on with the next start.
  if (ended.has_error() && !draining_) {
    status.set_state(v1::SyncState::FAILED);
    status.set_ended_at_ms(clock_.UnixMillis());
    status.set_error(ended.error().code == Code::kCancelled
                         ? "it took more than 30 minutes; the next run goes on there"
                         : ended.error().message.substr(0, 1000));
    // A source that was removed leaves nothing behind.
    (void)store_.Write([&](Transaction& store) -> base::Result<Store::Then> {
      const auto source = store.Find("SyncSource", name);
      if (source.has_error()) return source.error();
      if (!*source) return Store::Then::kUndo;
      const auto put = store.PutSyncProgress(name, progress.SerializeAsString());
      if (put.has_error()) return put.error();
      return Store::Then::kCommit;
    });
  }
  std::lock_guard lock(mutex_);
  const auto source = sources_.find(name);
  // The one of that name may be another by now.
  if (source == sources_.end() || source->second.running.get() != &running) return;
  source->second.running.reset();
  if (source->second.spec.url() != progress.url()) return;
  source->second.next_ms = NextMs(source->second.spec, status);
  source->second.status = status;
}

base::Task<base::Result<void>> Sync::RunPages(const std::string& name, const v1::SyncSource& spec,
                                              v1::SyncProgress& progress, Running& running) {
  bool began_again = false;
  while (progress.under_way()) {
    if (progress.status().pages() >= kMaxPages)
      co_return base::Fail(Code::kResourceExhausted, "more than 20,000 pages");
    std::string url = UpstreamPageUrl(spec.url(), progress.status().since_ms(), progress.cursor());
    auto fetched = co_await Fetch(*client_, std::move(url), running.cancel);
    if (fetched.has_error()) co_return fetched.error();
    if (fetched->status == 400 && !progress.cursor().empty() && !began_again) {
      began_again = true;
      progress.clear_cursor();
      continue;
    }
    if (fetched->status != 200) co_return Answered(fetched->status);
    const auto merge = [&]() -> base::Result<void> {
      const auto page = ReadUpstreamPage(fetched->body);
      if (page.has_error()) return page.error();
      if (!page->next_cursor.empty() && page->next_cursor == progress.cursor())
        return base::Fail(Code::kInvalidArgument, "the cursor does not move on");
      const std::int64_t now = clock_.UnixMillis();
      if (progress.next_since_ms() == 0) {
        const std::int64_t theirs = fetched->date_ms > 0 ? fetched->date_ms : now;
        progress.set_next_since_ms(theirs - kOverlapMs);
      }
      return MergePage(catalog_, store_, name, spec, *page, now, progress);
    };
    OnPool merging(pool_, loop_, merge);
    const base::Result<void> merged = co_await merging;
    if (merged.has_error()) co_return merged.error();
    Show(name, progress.status());
  }
  co_return base::Result<void>();
}

base::Task<void> Sync::Run(std::string name, v1::SyncSource spec, bool everything,
                           std::shared_ptr<Running> running) {
  const auto begin = [&] { return Begin(name, spec, everything); };
  OnPool beginning(pool_, loop_, begin);
  base::Result<v1::SyncProgress> begun = co_await beginning;
  v1::SyncProgress progress;
  base::Result<void> ended;
  if (begun.has_error()) {
    ended = begun.error();
    progress.mutable_status()->set_source(name);
    progress.set_url(spec.url());
  } else {
    progress = std::move(*begun);
    Show(name, progress.status());
    ended = co_await RunPages(name, spec, progress, *running);
  }
  const auto end = [&]() -> base::Result<void> {
    End(name, *running, std::move(progress), ended);
    return {};
  };
  OnPool ending(pool_, loop_, end);
  (void)co_await ending;
  bell_.Ring();
}

}  // namespace registry::sync
