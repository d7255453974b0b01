#include "gateway/feed/report_queue.h"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>
#include <random>
#include <span>
#include <vector>

#include "base/refusals.h"
#include "gateway/feed/call_record.h"
#include "portolan/v1/fleet_service.pb.h"

namespace gateway {
namespace {

namespace v1 = portolan::v1;
using std::chrono::milliseconds;

constexpr milliseconds kBatchInterval{250};
constexpr double kRecordsPerSecond = 200;
constexpr std::size_t kReservoir = 200;
constexpr std::size_t kMaxBacklog = 10'000;
constexpr std::size_t kMaxProbes = 1'000;
constexpr std::size_t kMaxCallsInReport = 1'000;
constexpr std::size_t kMaxRefusalsInReport = 1'000;
constexpr std::size_t kMaxReportBytes = 4 * 1024 * 1024;
constexpr std::size_t kMaxPurges = 1'000;
// Of what rules `record` keep of calls; what is beyond it is left out of their records.
constexpr std::size_t kMaxPayloadBytes = 32 * 1024 * 1024;

std::uint64_t Random(std::uint64_t below) {
  thread_local std::minstd_rand generator(std::random_device{}());
  return ((static_cast<std::uint64_t>(generator()) << 31) ^ generator()) % below;
}

// A fair sample of everything since the last Clear, however much it was (Vitter's algorithm R).
// Records are kept as they are, in memory that is used again: most are replaced by later ones, and
// only what is sent is worth the contract's form.
class Reservoir {
 public:
  // Where the next one belongs; at least kReservoir: nowhere.
  std::uint64_t Place() {
    const std::uint64_t before = seen_.fetch_add(1, std::memory_order_relaxed);
    return before < kReservoir ? before : Random(before + 1);
  }
  // Under the queue's lock. A place from before the last Clear is as good as any.
  void Keep(std::uint64_t place, const mcp::Record& record) {
    const std::size_t at = std::min<std::uint64_t>(place, count_);
    if (at == records_.size()) records_.emplace_back();
    records_[at] = record;
    if (at == count_) ++count_;
  }
  std::uint64_t seen() const { return seen_.load(std::memory_order_relaxed); }
  std::span<const mcp::Record> kept() const { return {records_.data(), count_}; }
  void Clear() {
    count_ = 0;
    seen_.store(0, std::memory_order_relaxed);
  }

 private:
  std::atomic<std::uint64_t> seen_{0};
  std::vector<mcp::Record> records_;
  std::size_t count_ = 0;  // of `records_`, those that count
};

bool WentWell(const mcp::Record& record) {
  return record.outcome == mcp::Outcome::kOk || record.outcome == mcp::Outcome::kCancelled;
}

}  // namespace

struct ReportQueue::State {
  State(std::string gateway_name, const base::Clock& wall)
      : name(std::move(gateway_name)), clock(wall), refilled(wall.Now()) {}

  // Constant after construction
  const std::string name;
  const base::Clock& clock;

  // Whether somebody has put something since the last Take; spares most callers the lock.
  std::atomic<bool> calls_pending{false};
  Reservoir failures;
  Reservoir successes;
  // For the audit; an admitted call never comes here.
  base::Refusals refusals;

  std::mutex mutex;
  std::condition_variable changed;
  // Under the lock
  std::map<std::string, v1::ServerStatus> statuses;
  std::map<std::string, v1::ServerDefinitions> definitions;
  std::deque<v1::ProbeReport> probes;
  std::map<std::pair<std::string, std::string>, v1::Rejection> rejections;
  std::deque<v1::CallRecord> backlog;
  std::size_t payload_bytes = 0;  // in the backlog
  std::vector<std::string> purged;
  std::deque<v1::RefusalBatch> refused;
  std::int64_t left_out = 0;
  std::int64_t in_force = 0;
  bool facts_pending = false;
  bool urgent = false;
  bool stopped = false;
  double tokens = kRecordsPerSecond;
  base::TimePoint refilled;
  base::TimePoint taken{};

  template <class Put>
  void PutFact(Put put, bool at_once) {
    const std::lock_guard lock(mutex);
    put();
    facts_pending = true;
    urgent |= at_once;
    changed.notify_one();
  }

  bool pending() const {
    const bool refusals_wait = stopped ? !refusals.empty() : refusals.due(clock.UnixMillis());
    return facts_pending || calls_pending || !backlog.empty() || !refused.empty() || refusals_wait;
  }

  void TakeRefusals() {
    using Which = base::Refusals::Which;
    const std::size_t room = refused.size() < kMaxBacklog ? kMaxBacklog - refused.size() : 0;
    for (base::RefusalCount& count :
         refusals.Take(stopped ? Which::kAll : Which::kOver, clock.UnixMillis(), room)) {
      refused.push_back(ToRefusalBatch(count));
    }
  }

  void TakeSamples() {
    const base::TimePoint now = clock.Now();
    const double passed = std::chrono::duration<double>(now - refilled).count();
    refilled = now;
    tokens = std::min(tokens + passed * kRecordsPerSecond, kRecordsPerSecond);
    calls_pending = false;
    for (Reservoir* reservoir : {&failures, &successes}) {  // what went wrong comes first
      const std::span<const mcp::Record> kept = reservoir->kept();
      const std::size_t room = backlog.size() < kMaxBacklog ? kMaxBacklog - backlog.size() : 0;
      const std::size_t count = std::min({kept.size(), static_cast<std::size_t>(tokens), room});
      left_out += static_cast<std::int64_t>(reservoir->seen()) - static_cast<std::int64_t>(count);
      tokens -= static_cast<double>(count);
      for (const mcp::Record& record : kept.first(count)) {
        backlog.push_back(ToCallRecord(record, name));
        BoundPayload(backlog.back());
      }
      reservoir->Clear();
    }
  }

  static std::size_t PayloadOf(const v1::CallRecord& call) {
    return call.arguments().size() + call.result().size();
  }
  // Of a record that has just come into the backlog.
  void BoundPayload(v1::CallRecord& call) {
    if (payload_bytes + PayloadOf(call) > kMaxPayloadBytes) {
      call.clear_arguments();
      call.clear_result();
    }
    payload_bytes += PayloadOf(call);
  }

  void Fill(v1::ReportRequest& report) {
    TakeSamples();
    TakeRefusals();
    facts_pending = false;
    urgent = false;
    report.set_revision(in_force);
    for (auto& [_, status] : statuses) *report.add_statuses() = std::move(status);
    statuses.clear();
    for (auto& probe : probes) *report.add_probes() = std::move(probe);
    probes.clear();
    for (auto& [_, rejection] : rejections) *report.add_rejections() = std::move(rejection);
    rejections.clear();
    report.set_calls_not_reported(left_out);
    left_out = 0;
    for (const std::string& id : purged) report.add_purges_done(id);
    purged.clear();
    std::size_t payload = 0;
    for (std::size_t i = 0; i < kMaxCallsInReport && !backlog.empty() && payload < kMaxReportBytes;
         ++i) {
      payload += PayloadOf(backlog.front());
      *report.add_calls() = std::move(backlog.front());
      backlog.pop_front();
    }
    payload_bytes -= payload;
    for (std::size_t i = 0; i < kMaxRefusalsInReport && !refused.empty(); ++i) {
      *report.add_refusals() = std::move(refused.front());
      refused.pop_front();
    }
    std::size_t bytes = 0;
    while (!definitions.empty() && bytes < kMaxReportBytes) {
      const auto first = definitions.begin();
      bytes += first->second.ByteSizeLong();
      *report.add_definitions() = std::move(first->second);
      definitions.erase(first);
    }
    if (!definitions.empty()) facts_pending = urgent = true;
  }
};

ReportQueue::ReportQueue(std::string gateway_name, const base::Clock& clock)
    : state_(std::make_unique<State>(std::move(gateway_name), clock)) {}
ReportQueue::~ReportQueue() = default;

void ReportQueue::Call(const mcp::Record& record) {
  const bool went_well = WentWell(record);
  if (record.outcome == mcp::Outcome::kRefused) {
    state_->refusals.Note({.principal = record.principal,
                           .authentication = record.authentication,
                           .address = record.peer_address,
                           .server = record.server,
                           .item = record.item.empty() ? record.method : record.item,
                           .rule = record.rule.empty() ? record.reason : record.rule,
                           .request_id = record.request_id},
                          state_->clock.UnixMillis());
  }
  // The policy's own share; what it leaves out was not wanted, so it is not counted either.
  if (went_well && record.sample < 1 &&
      static_cast<double>(Random(1'000'000)) >= record.sample * 1'000'000) {
    return;
  }
  State& state = *state_;
  Reservoir& reservoir = went_well ? state.successes : state.failures;
  const std::uint64_t place = reservoir.Place();
  if (place < kReservoir) {
    const std::lock_guard lock(state.mutex);
    reservoir.Keep(place, record);
  }
  if (!state.calls_pending.load(std::memory_order_relaxed)) {
    const std::lock_guard lock(state.mutex);
    state.calls_pending = true;
    state.changed.notify_one();
  }
}

void ReportQueue::Status(v1::ServerStatus&& status) {
  std::string server = status.server();
  state_->PutFact([&] { state_->statuses[server] = std::move(status); }, false);
}

void ReportQueue::Definitions(v1::ServerDefinitions&& definitions) {
  std::string server = definitions.server();
  state_->PutFact([&] { state_->definitions[server] = std::move(definitions); }, true);
}

void ReportQueue::Probe(v1::ProbeReport&& report) {
  state_->PutFact(
      [&] {
        if (state_->probes.size() == kMaxProbes) state_->probes.pop_front();
        state_->probes.push_back(std::move(report));
      },
      true);
}

void ReportQueue::InForce(std::int64_t revision) {
  state_->PutFact([&] { state_->in_force = std::max(state_->in_force, revision); }, false);
}

void ReportQueue::Reject(v1::Rejection&& rejection) {
  std::pair<std::string, std::string> key(rejection.kind(), rejection.name());
  state_->PutFact([&] { state_->rejections[std::move(key)] = std::move(rejection); }, false);
}

void ReportQueue::Purged(const std::string& purge_id) {
  state_->PutFact(
      [&] {
        if (state_->purged.size() < kMaxPurges) state_->purged.push_back(purge_id);
      },
      true);
}

bool ReportQueue::Take(v1::ReportRequest& report, milliseconds timeout) {
  report.Clear();
  State& state = *state_;
  std::unique_lock lock(state.mutex);
  const auto give_up = std::chrono::steady_clock::now() + timeout;
  const auto anything = [&] { return state.stopped || state.pending(); };
  if (!state.changed.wait_until(lock, give_up, anything)) return false;
  // A burst is one report; only what somebody waits for goes at once.
  const auto next = state.taken + kBatchInterval;
  state.changed.wait_until(lock, std::min(next, give_up),
                           [&] { return state.stopped || state.urgent; });
  const bool early = std::chrono::steady_clock::now() < next && !state.urgent && !state.stopped;
  if (early || !state.pending()) return false;
  state.taken = std::chrono::steady_clock::now();
  state.Fill(report);
  return true;
}

void ReportQueue::GiveBack(v1::ReportRequest&& report) {
  const std::lock_guard lock(state_->mutex);
  State& state = *state_;
  for (auto& status : *report.mutable_statuses()) {
    state.statuses.try_emplace(status.server(), status);
  }
  for (auto& definitions : *report.mutable_definitions()) {
    state.definitions.try_emplace(definitions.server(), std::move(definitions));
  }
  for (auto& rejection : *report.mutable_rejections()) {
    state.rejections.try_emplace({rejection.kind(), rejection.name()}, rejection);
  }
  for (int i = report.refusals_size() - 1; i >= 0; --i)
    state.refused.push_front(std::move(*report.mutable_refusals(i)));
  for (int i = report.probes_size() - 1; i >= 0 && state.probes.size() < kMaxProbes; --i) {
    state.probes.push_front(std::move(*report.mutable_probes(i)));
  }
  for (const std::string& id : report.purges_done()) {
    if (state.purged.size() < kMaxPurges) state.purged.push_back(id);
  }
  state.left_out += report.calls_not_reported();
  for (int i = report.calls_size() - 1; i >= 0; --i) {
    if (state.backlog.size() < kMaxBacklog) {
      state.backlog.push_front(std::move(*report.mutable_calls(i)));
      state.BoundPayload(state.backlog.front());
    } else {
      ++state.left_out;
    }
  }
  state.facts_pending = true;
}

void ReportQueue::Stop() {
  const std::lock_guard lock(state_->mutex);
  state_->stopped = true;
  state_->changed.notify_all();
}

}  // namespace gateway
