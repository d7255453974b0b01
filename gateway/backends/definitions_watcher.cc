#include "gateway/backends/definitions_watcher.h"

#include <algorithm>
#include <deque>
#include <map>
#include <optional>
#include <vector>

#include "base/auth/api_key.h"
#include "gateway/backends/list_watch.h"
#include "gateway/backends/own_credential.h"
#include "gateway/backends/probe.h"
#include "gateway/backends/upstream.h"
#include "gateway/backends/upstream_table.h"
#include "mcp/raw_json.h"
#include "portolan/v1/server.pb.h"

namespace gateway {
namespace {

namespace v1 = portolan::v1;
using std::chrono::milliseconds;

constexpr milliseconds kInterval{5 * 60'000};
// A server that could not be reached is tried sooner, so that its return is noticed.
constexpr milliseconds kRetryInterval{30'000};
// What changes often is often changed in several steps.
constexpr milliseconds kChangeDelay{100};
// A server that says so again and again while its lists stay the same is asked ever less often.
constexpr int kMaxDoublings = 9;
// An order may come a moment before the server that it names.
constexpr milliseconds kOrderPatience{100};
constexpr int kOrderRounds = 30;
constexpr int kMaxAtOnce = 8;

bool MayBeContacted(const v1::Server& spec) {
  return spec.endpoint().transport_case() != v1::Endpoint::TRANSPORT_NOT_SET &&
         spec.approval() == v1::Approval::APPROVED && spec.lifecycle() != v1::Lifecycle::RETIRED;
}

// Whether the server says when one of its lists changes.
bool TellsOfChanges(const v1::ServerDefinitions& definitions) {
  const std::string& capabilities = definitions.info().capabilities_json();
  for (const std::string_view list : {"tools", "prompts", "resources"}) {
    if (mcp::Member(mcp::Member(capabilities, list), "listChanged") == "true") return true;
  }
  return false;
}

}  // namespace

struct DefinitionsWatcher::State : std::enable_shared_from_this<State> {
  State(BackendContext& lent, Reporter& to) : context(lent), reporter(to) {}

  struct Watched {
    State* state = nullptr;
    std::string name;
    std::string key;
    v1::Server spec;
    // Kept, so that what a probe started (a program, a session) serves the first call.
    std::shared_ptr<mcp::Handler> backend;
    bool queued = false;
    bool running = false;
    bool again = false;
    std::vector<std::string> probe_ids;  // who waits for the next probe
    std::string reported;                // hash of the definitions last told
    std::unique_ptr<ListWatch> lists;    // once the server was reached; not of programs
    bool change_told = false;            // the next probe looks for what the server said
    int in_vain = 0;                     // such probes that found nothing, in a row
    base::Timers::Timer timer;
  };

  void Queue(Watched& watched) {
    watched.timer.Disarm();
    if (watched.running) {
      watched.again = true;
    } else if (!std::exchange(watched.queued, true)) {
      queue.push_back(watched.name);
      RunNext();
    }
  }

  // A program says when its lists change, and is not woken, or kept awake, to be asked again.
  bool IsLeftToSleep(const Watched& watched) const {
    return watched.spec.endpoint().has_stdio() && context.upstreams.Find(watched.key)->revision();
  }

  void QueueAfter(Watched& watched, milliseconds delay) {
    const auto due = [](void* self) {
      auto* one = static_cast<Watched*>(self);
      one->state->Queue(*one);
    };
    context.loop.timers.Arm(watched.timer, delay, due, &watched);
  }

  void RunNext() {
    while (running < kMaxAtOnce && !queue.empty()) {
      const std::string name = queue.front();
      queue.pop_front();
      const auto found = servers.find(name);
      if (found == servers.end() || !found->second.queued) continue;
      found->second.queued = false;
      found->second.running = true;
      ++running;
      base::Spawn(Run(shared_from_this(), name));
    }
  }

  static base::Task<> Run(std::shared_ptr<State> self, std::string name) {
    Watched& watched = self->servers.at(name);
    const std::string key = watched.key;
    const std::vector<std::string> orders = std::exchange(watched.probe_ids, {});
    std::function<void(const v1::Stage&)> on_stage = [&](const v1::Stage& stage) {
      for (const std::string& id : orders) self->TellStage(id, stage);
    };
    v1::Server spec = watched.spec;
    std::shared_ptr<mcp::Handler> backend = watched.backend;
    ProbeResult result = co_await ProbeServer(name, std::move(spec), std::move(backend),
                                              self->context, self->stopping, std::move(on_stage));
    --self->running;
    self->Finish(name, key, orders, std::move(result));
    self->RunNext();
  }

  void Finish(const std::string& name, const std::string& key,
              const std::vector<std::string>& orders, ProbeResult result) {
    if (stopping.requested()) return;
    const bool healthy = result.status.health() == v1::Health::HEALTHY;
    const v1::ServerStatus status = result.status;
    const bool tells = healthy && TellsOfChanges(result.definitions);
    const auto found = servers.find(name);
    // It may be gone, or another one, by now.
    const bool current = found != servers.end() && found->second.key == key;
    if (current) {
      if (result.listed) {
        const std::string hash = base::auth::Sha256(result.definitions.SerializeAsString());
        const bool in_vain = found->second.change_told && hash == found->second.reported;
        found->second.in_vain = in_vain ? found->second.in_vain + 1 : 0;
        // Who ordered wants to be sure that the registry has them.
        if (hash != found->second.reported || !orders.empty()) {
          reporter.Definitions(std::move(result.definitions));
        }
        found->second.reported = hash;
      }
      reporter.Status(std::move(result.status));
    }
    for (const std::string& id : orders) TellStatus(id, status);
    if (found == servers.end()) return;
    Watched& watched = found->second;
    watched.running = false;
    watched.change_told = false;
    if (current && tells) Listen(watched);
    if (!watched.probe_ids.empty()) return Queue(watched);
    if (std::exchange(watched.again, false)) return ListChanged(name);
    if (healthy && IsLeftToSleep(watched)) return;
    QueueAfter(watched, healthy ? kInterval : kRetryInterval);
  }

  // A program says it by itself (StdioServers::OnListChanged): a listen would keep it running.
  void Listen(Watched& watched) {
    if (watched.lists || watched.spec.endpoint().has_stdio() || stopping.requested()) return;
    ++listening;
    const auto ended = [state = weak_from_this()] {
      if (const auto still = state.lock()) --still->listening;
    };
    watched.lists = std::make_unique<ListWatch>(
        context.loop, watched.backend, [this, name = watched.name] { ListChanged(name); }, ended);
  }

  void ListChanged(const std::string& name) {
    const auto found = servers.find(name);
    if (found == servers.end()) return;
    Watched& watched = found->second;
    const bool told = std::exchange(watched.change_told, true);
    if (watched.running) {
      watched.again = true;
    } else if (!watched.queued && !told) {
      QueueAfter(watched, kChangeDelay * (1 << std::min(watched.in_vain, kMaxDoublings)));
    }
  }

  void TellStage(const std::string& probe_id, const v1::Stage& stage) {
    v1::ProbeReport report;
    report.set_probe_id(probe_id);
    *report.mutable_event()->mutable_stage() = stage;
    reporter.Probe(std::move(report));
  }

  void TellStatus(const std::string& probe_id, const v1::ServerStatus& status) {
    v1::ProbeReport report;
    report.set_probe_id(probe_id);
    *report.mutable_event()->mutable_status() = status;
    reporter.Probe(std::move(report));
  }

  static base::Task<> TakeOrder(std::shared_ptr<State> self, v1::ProbeOrder order) {
    for (int round = 0; round < kOrderRounds; ++round) {
      const auto found = self->servers.find(order.server());
      if (found != self->servers.end()) {
        found->second.probe_ids.push_back(order.probe_id());
        self->Queue(found->second);
        co_return;
      }
      const bool waited = co_await self->context.loop.timers.Sleep(kOrderPatience, self->stopping);
      if (!waited) co_return;
    }
    v1::ServerStatus status;
    status.set_server(order.server());
    status.set_message("This gateway does not serve it: it has no endpoint, or is not approved.");
    self->TellStatus(order.probe_id(), status);
  }

  BackendContext& context;
  Reporter& reporter;
  base::CancelSignal stopping;
  std::map<std::string, Watched> servers;
  std::deque<std::string> queue;
  int running = 0;
  int listening = 0;
};

DefinitionsWatcher::DefinitionsWatcher(BackendContext& context, Reporter& reporter)
    : state_(std::make_shared<State>(context, reporter)) {}

DefinitionsWatcher::~DefinitionsWatcher() { Stop(); }

void DefinitionsWatcher::Stop() {
  state_->queue.clear();
  for (auto& [_, watched] : state_->servers) {
    watched.timer.Disarm();
    watched.lists.reset();
  }
  state_->stopping.Request();
}

bool DefinitionsWatcher::busy() const { return state_->running > 0 || state_->listening > 0; }

void DefinitionsWatcher::Put(const std::string& name, const v1::Server& spec) {
  if (!MayBeContacted(spec)) return Remove(name);
  std::string key = BackendKey(name, spec);
  State::Watched& watched = state_->servers[name];
  if (watched.key == key && watched.spec.credential() == spec.credential()) {
    watched.spec = spec;
    return;
  }
  watched.state = state_.get();
  watched.name = name;
  watched.key = std::move(key);
  watched.spec = spec;
  watched.lists.reset();
  watched.in_vain = 0;
  watched.backend =
      WithOwnCredential(MakeBackend(name, spec, state_->context), name, spec, state_->context);
  watched.reported.clear();
  // Who writes a server often orders a probe too: one serves both.
  if (watched.running) {
    watched.again = true;
  } else if (!watched.queued) {
    state_->QueueAfter(watched, kOrderPatience);
  }
}

void DefinitionsWatcher::Remove(const std::string& name) {
  const auto found = state_->servers.find(name);
  if (found == state_->servers.end()) return;
  for (const std::string& id : found->second.probe_ids) {
    v1::ServerStatus status;
    status.set_server(name);
    status.set_message("The server was removed.");
    state_->TellStatus(id, status);
  }
  state_->servers.erase(found);
}

void DefinitionsWatcher::Order(const v1::ProbeOrder& order) {
  base::Spawn(State::TakeOrder(state_, order));
}

void DefinitionsWatcher::ListChanged(const std::string& name) { state_->ListChanged(name); }

}  // namespace gateway
