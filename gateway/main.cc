// portolan-gateway: the wiring diagram as code.
//
//                                                           callers
//                                                              |
//   registry <==> ResourceFeed --> Follower ----- table ----> Workers ------> servers over HTTP
//      ^          (2 threads)      (main loop)              (N threads)
//      |                              |                      |       |
//      |                              v                      |       v
//      |                       DefinitionsWatcher            |  StdioServers, SseServers
//      |                          (main loop)                |  (their own thread: programs that
//      |                              |                      |   flood us wait for nobody else)
//      '--------- ReportQueue <-------+------- records ------'       |
//                                                                    v
//                                                               guard process
#include <unistd.h>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <csignal>
#include <functional>
#include <iostream>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "base/auth/api_key.h"
#include "base/daemon.h"
#include "base/http/outward_client.h"
#include "base/log.h"
#include "base/openssl_lifetime.h"
#include "base/renewal.h"
#include "base/service_manager.h"
#include "base/version.h"
#include "gateway/backends/definitions_watcher.h"
#include "gateway/backends/sse_servers.h"
#include "gateway/backends/stdio_servers.h"
#include "gateway/backends/upstream_table.h"
#include "gateway/edge/admin.h"
#include "gateway/feed/report_queue.h"
#include "gateway/feed/resource_feed.h"
#include "gateway/guard/guard.h"
#include "gateway/routing/follower.h"
#include "gateway/settings.h"
#include "gateway/vitals.h"
#include "gateway/worker.h"
#include "policy/identity_provider.h"

namespace gateway {
namespace {

using std::chrono::seconds;
using std::chrono::steady_clock;

// Calls may finish for so long after SIGTERM.
constexpr seconds kDrainWithin{30};
// What the gateway itself asks of servers is called off when it ends.
constexpr std::chrono::milliseconds kEndProbesWithin{1'000};
// A gateway that hears nothing and has no snapshot says its addresses after so long all the same.
constexpr seconds kAnnounceAtLatest{2};

// The command line and the file it names, as they are now.
using SettingsReader = std::function<base::Result<Settings>()>;

// Everything that runs, in the order in which it is made; destroyed in reverse.
class Gateway {
 public:
  static base::Result<std::unique_ptr<Gateway>> Open(Settings settings,
                                                     SettingsReader read_settings,
                                                     base::ServiceManager manager,
                                                     std::unique_ptr<Guard> guard);
  // Until SIGTERM or SIGINT, and then until calls have finished.
  void Run();

 private:
  Gateway(Settings settings, base::Renewal renewal, base::ServiceManager manager,
          std::unique_ptr<Guard> guard, Hosts hosts)
      : settings_(std::move(settings)),
        renewal_(std::move(renewal)),
        manager_(std::move(manager)),
        guard_(std::move(guard)),
        ended_(settings_.data / "gateway" / "ended_sessions", clock_.UnixMillis()),
        gate_{std::move(hosts), settings_.trusted_proxies},
        reports_(settings_.name, clock_),
        keep_running_(loop_.io.get_executor()),
        signals_(loop_.io, SIGTERM, SIGINT, SIGHUP),
        tick_(loop_.io) {
    rule_state_.upstream_tokens.FetchBy(loop_, *key_client_);
    rule_state_.upstream_tokens.ReadFilesOf(settings_.secrets);
    sessions_.OnFreed([this](std::string_view key) { upstreams_.ReleaseSession(key); });
    if (guard_) {
      guard_->Attach(stdio_loop_);
      stdio_ = std::make_unique<StdioServers>(stdio_loop_, *guard_, settings_.backend_limits);
      stdio_->OnListChanged([this](const std::string& server) {
        loop_.Post([this, server] {
          if (watcher_) watcher_->ListChanged(server);
        });
      });
    }
    probe_context_.reset(new BackendContext{loop_, *probe_client_, upstreams_, stdio_.get(),
                                            settings_.backend_limits});
    probe_context_->sse = &sse_;
    probe_context_->credentials = &rule_state_.upstream_tokens;
    watcher_ = std::make_unique<DefinitionsWatcher>(*probe_context_, reports_);
  }

  base::Result<void> StartWorkers();
  base::Result<void> StartAdmin();
  void MakeFollower();
  base::Result<void> StartFeed();

  void EndProbes();
  void EndStdio();
  void Publish(const std::shared_ptr<const RouteTable>& table);
  void TellListeners(const std::shared_ptr<const RouteTable>& table);
  void WaitForSignals();
  void RenewFrom(SettingsReader read_settings);
  void Tick();
  void CheckStaleness();
  void Announce();
  void TellManager();
  void ProveAlive();

  const Settings settings_;
  base::Renewal renewal_;
  base::ServiceManager manager_;
  const base::SystemClock clock_;
  base::Loop loop_;
  base::Loop stdio_loop_;
  std::unique_ptr<Guard> guard_;
  std::unique_ptr<StdioServers> stdio_;

  state::RuleState rule_state_{clock_, settings_.max_cache_bytes};
  state::FloodGuard flood_{clock_};
  state::Tokens tokens_;
  // The keys of identity providers are fetched on the main loop.
  const std::unique_ptr<base::http::Client> key_client_ =
      base::http::CreateOutwardClient(loop_, {});
  base::auth::IdentityProviders providers_{loop_, *key_client_, clock_};
  state::EndedSessions ended_;
  mcp::legacy::SessionTable sessions_{clock_};
  UpstreamTable upstreams_{clock_};
  mcp::legacy::ParkedCalls parked_{clock_};
  const GateOptions gate_;

  ReportQueue reports_;
  // Probes have connections of their own, on this loop.
  std::unique_ptr<base::http::Client> probe_client_ =
      base::http::Client::Create(loop_, settings_.backend_limits.ForClient());
  // Streams that belong to calls of all workers are read beside the programs.
  std::unique_ptr<base::http::Client> sse_client_ =
      base::http::Client::Create(stdio_loop_, settings_.backend_limits.ForClient());
  SseServers sse_{
      BackendContext{stdio_loop_, *sse_client_, upstreams_, nullptr, settings_.backend_limits}};
  std::unique_ptr<BackendContext> probe_context_;
  std::unique_ptr<DefinitionsWatcher> watcher_;
  std::unique_ptr<SharedByWorkers> shared_;
  std::unique_ptr<Follower> follower_;
  std::unique_ptr<ResourceFeed> feed_;
  std::vector<std::unique_ptr<Worker>> workers_;
  std::unique_ptr<Vitals> vitals_;
  std::unique_ptr<Admin> admin_;

  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> keep_running_;
  boost::asio::signal_set signals_;
  boost::asio::steady_timer tick_;
  const steady_clock::time_point started_ = steady_clock::now();
  bool announced_ = false;
  bool told_ready_ = false;
  std::string told_;
  bool ending_ = false;
  steady_clock::time_point drain_until_{};
};

base::Result<std::unique_ptr<Gateway>> Gateway::Open(Settings settings,
                                                     SettingsReader read_settings,
                                                     base::ServiceManager manager,
                                                     std::unique_ptr<Guard> guard) {
  auto hosts = Hosts::Of(settings.listen, settings.public_url, settings.portal_url);
  if (!hosts) return hosts.error();
  auto renewal = base::Renewal::Open(settings.tls);
  if (!renewal) return renewal.error();
  std::unique_ptr<Gateway> gateway(new Gateway(std::move(settings), std::move(*renewal),
                                               std::move(manager), std::move(guard),
                                               std::move(*hosts)));
  gateway->RenewFrom(std::move(read_settings));
  if (auto ok = gateway->StartWorkers(); !ok) return ok.error();
  if (auto ok = gateway->StartAdmin(); !ok) return ok.error();
  gateway->MakeFollower();
  if (auto ok = gateway->StartFeed(); !ok) return ok.error();
  return gateway;
}

// What else is in the settings holds until the next start.
void Gateway::RenewFrom(SettingsReader read_settings) {
  base::Renewal::Outlets outlets;
  outlets.certificate = [this](const std::shared_ptr<const base::http::TlsContext>& tls) {
    if (ending_) return;
    for (auto& worker : workers_) worker->UseTls(tls);
  };
  outlets.settings = [read = std::move(read_settings)]() -> base::Result<std::string> {
    const auto settings = read();
    if (!settings) return settings.error();
    return settings->log_level;
  };
  renewal_.To(std::move(outlets));
}

base::Result<void> Gateway::StartWorkers() {
  shared_.reset(new SharedByWorkers{.clock = clock_,
                                    .gate = gate_,
                                    .backend_limits = settings_.backend_limits,
                                    .server_limits = settings_.server_limits,
                                    .max_body_bytes = settings_.max_body_bytes,
                                    .tls = renewal_.tls(),
                                    .flood = flood_,
                                    .tokens = tokens_,
                                    .providers = providers_,
                                    .ended_sessions = ended_,
                                    .sessions = sessions_,
                                    .make_backend = MakeBackend,
                                    .upstreams = upstreams_,
                                    .stdio = stdio_.get(),
                                    .reporter = reports_,
                                    .parked = &parked_,
                                    .sse = &sse_,
                                    .credentials = &rule_state_.upstream_tokens});
  // Until the registry's keys come; sessions sealed with it do not outlive this process.
  const std::vector<std::string> ring = {base::auth::RandomBytes(32)};
  parked_.SetKeyRing(ring);
  for (int i = 0; i < settings_.workers; ++i) {
    const base::http::ListenAddress address =
        i == 0 ? settings_.listen : workers_.front()->address();
    auto worker = Worker::Listen(address, ring, *shared_);
    if (!worker) return worker.error().WithContext("--listen " + settings_.listen.ToString());
    workers_.push_back(std::move(*worker));
  }
  return {};
}

base::Result<void> Gateway::StartAdmin() {
  Admin::Sources sources;
  sources.not_ready = [this] { return vitals_->NotReady(); };
  sources.metrics = [this] { return vitals_->Metrics(); };
  sources.health_json = [this] { return vitals_->HealthJson(); };
  sources.snapshot = [this]() -> const Snapshot& { return follower_->snapshot(); };
  sources.clear_cache = [this] { rule_state_.results.Clear(); };
  auto admin = Admin::Listen(loop_, settings_.admin_listen, std::move(sources));
  if (!admin)
    return admin.error().WithContext("--admin-listen " + settings_.admin_listen.ToString());
  admin_ = std::move(*admin);
  admin_->Start();
  return {};
}

void Gateway::MakeFollower() {
  Follower::Outlets outlets;
  outlets.publish = [this](const std::shared_ptr<const RouteTable>& table) {
    if (!vitals_->stale()) Publish(table);
  };
  outlets.keys = [this](const FeedKeys& keys) {
    tokens_.Forget();
    if (ending_) return;
    if (!keys.session_ring.empty()) parked_.SetKeyRing(keys.session_ring);
    for (auto& worker : workers_) worker->SetKeys(keys);
  };
  outlets.probe = [this](const portolan::v1::ProbeOrder& order) { watcher_->Order(order); };
  outlets.server_put = [this](const ServerEntry& server) {
    watcher_->Put(server.name, server.spec);
  };
  outlets.server_removed = [this](const std::string& name) { watcher_->Remove(name); };
  outlets.provider_put = [this](const ProviderEntry& provider) {
    providers_.Put(policy::SettingsOf(provider.name, provider.spec));
  };
  outlets.credential_put = [this](const CredentialEntry& credential) {
    if (const auto ok = rule_state_.upstream_tokens.Put(credential.name, credential.spec); !ok)
      spdlog::error("credential={} {}", credential.name, ok.error().message);
  };
  outlets.credential_removed = [this](const std::string& name) {
    rule_state_.upstream_tokens.Remove(name);
  };
  outlets.provider_removed = [this](const std::string& name) { providers_.Remove(name); };
  follower_ = std::make_unique<Follower>(loop_, rule_state_, reports_, std::move(outlets));
}

base::Result<void> Gateway::StartFeed() {
  FeedOptions options;
  options.registry = settings_.registry;
  options.data = settings_.data;
  options.name = settings_.name;
  options.version = base::Version();
  options.admin_url = "http://" + admin_->address().ToString();
  options.allow_stdio = settings_.allow_stdio;
  auto feed = ResourceFeed::Open(std::move(options), *follower_, reports_, rule_state_.quotas);
  if (!feed) return feed.error();
  feed_ = std::move(*feed);
  vitals_ = std::make_unique<Vitals>(*follower_, *feed_, workers_);
  feed_->Start();
  return {};
}

void Gateway::Publish(const std::shared_ptr<const RouteTable>& table) {
  if (ending_) return;
  auto waiting = std::make_shared<std::atomic<std::size_t>>(workers_.size());
  for (auto& worker : workers_) {
    worker->SetTable(table, [this, waiting, table] {
      if (waiting->fetch_sub(1) != 1) return;
      reports_.InForce(table->revision());
      loop_.Post([this, table] { TellListeners(table); });
    });
  }
  if (follower_->snapshot().complete()) Announce();
}

void Gateway::TellListeners(const std::shared_ptr<const RouteTable>& table) {
  if (ending_) return;
  for (auto& worker : workers_) worker->TellListeners(table);
}

void Gateway::Run() {
  WaitForSignals();
  Tick();
  spdlog::info("serving listen={} admin={} workers={} registry={}",
               workers_.front()->address().ToString(), admin_->address().ToString(),
               workers_.size(), settings_.registry.address);
  std::thread stdio([this] {
    const auto keep = boost::asio::make_work_guard(stdio_loop_.io);
    stdio_loop_.io.run();
  });
  loop_.io.run();
  spdlog::info("stopping");
  // First who takes calls, then who reports them, then the programs, which get to know that they
  // are ended.
  tick_.cancel();
  signals_.cancel();
  admin_.reset();
  ending_ = true;
  // Whose token waits for keys is answered before its worker ends.
  providers_.Stop();
  rule_state_.upstream_tokens.Stop();
  workers_.clear();
  feed_.reset();
  EndProbes();
  EndStdio();
  stdio.join();
}

// Those that are under way at a program come back to this loop.
void Gateway::EndProbes() {
  watcher_->Stop();
  const auto at_latest = steady_clock::now() + kEndProbesWithin;
  loop_.io.restart();
  loop_.io.poll();
  while (watcher_->busy() && steady_clock::now() < at_latest) {
    loop_.io.run_one_for(std::chrono::milliseconds(10));
  }
  // A loop that has ended says: the gateway goes, not the servers, whose sessions may go on.
  loop_.io.stop();
  watcher_.reset();
  loop_.io.restart();
  loop_.io.poll();
}

// The last handlers have gone, and have posted there that their programs are to be ended; what is
// closed with them comes after that.
void Gateway::EndStdio() {
  stdio_loop_.Post([this] { stdio_loop_.Post([this] { stdio_loop_.io.stop(); }); });
}

void Gateway::WaitForSignals() {
  signals_.async_wait([this](const boost::system::error_code& error, int number) {
    if (error || ending_) return;
    if (number == SIGHUP) {
      manager_.Reloading();
      renewal_.Reload();
      manager_.Ready(told_);
    } else if (vitals_->draining()) {
      loop_.io.stop();  // asked twice
    } else {
      spdlog::info("draining: no new connections, {} calls running", vitals_->active());
      manager_.Stopping();
      vitals_->Drain();
      drain_until_ = steady_clock::now() + kDrainWithin;
      for (auto& worker : workers_) worker->Drain();
    }
    WaitForSignals();
  });
}

void Gateway::Tick() {
  const bool drained = vitals_->active() == 0 || steady_clock::now() >= drain_until_;
  if (vitals_->draining() && drained) {
    loop_.io.stop();
    return;
  }
  if (steady_clock::now() - started_ >= kAnnounceAtLatest) Announce();
  CheckStaleness();
  renewal_.Look();
  TellManager();
  ProveAlive();
  tick_.expires_after(std::chrono::milliseconds(50));
  tick_.async_wait([this](const boost::system::error_code& error) {
    if (!error && !ending_) Tick();
  });
}

// What nobody has confirmed for so long is not served any more.
void Gateway::CheckStaleness() {
  const bool stale = feed_->stale_s() > settings_.max_stale_s;
  if (stale == vitals_->stale()) return;
  vitals_->SetStale(stale);
  if (stale)
    spdlog::error("the registry was not heard for {} s: nothing is served", settings_.max_stale_s);
  Publish(stale ? std::make_shared<const RouteTable>() : follower_->table());
}

void Gateway::Announce() {
  if (announced_) return;
  announced_ = true;
  // Not before there is something to serve: who comes early waits in the backlog instead of hearing
  // that there is nothing here.
  for (auto& worker : workers_) worker->Start();
  const std::pair<std::string, std::string> endpoints[] = {
      {"gateway", renewal_.scheme() + workers_.front()->address().ToString()},
      {"admin", "http://" + admin_->address().ToString()}};
  if (auto written = base::WriteEndpoints(settings_.endpoints_file, endpoints); !written) {
    spdlog::error("--endpoints-file: {}", written.error().message);
  }
}

// What it was told last is not told again.
void Gateway::TellManager() {
  std::string status = vitals_->NotReady();
  const bool serves = announced_ && status.empty();
  if (serves) status = "serving on " + workers_.front()->address().ToString();
  if (serves && !std::exchange(told_ready_, true)) {
    manager_.Ready(status);
  } else if (status != told_) {
    manager_.Status(status);
  }
  told_ = std::move(status);
}

// It lives while every loop that serves calls still turns.
void Gateway::ProveAlive() {
  if (!announced_ || ending_ || !manager_.AliveIsDue()) return;
  const auto waiting = std::make_shared<std::atomic<std::size_t>>(workers_.size() + 1);
  const auto turn = [this, waiting] {
    if (waiting->fetch_sub(1) == 1) manager_.Alive();
  };
  stdio_loop_.Post(turn);
  for (auto& worker : workers_) worker->Post(turn);
}

int Main(int argc, char** argv) {
  auto manager = base::ServiceManager::TakeFromEnvironment();
  auto settings = ReadSettings(argc, argv);
  if (!settings) {
    if (settings.error().code == base::Code::kCancelled) return 0;
    std::cerr << "portolan-gateway: " << settings.error().message << "\n";
    return settings.error().code == base::Code::kInvalidArgument ? 2 : 1;
  }
  // Before there is a second thread: the guard is a fork of this process. And before the lock,
  // which a fork would hold on to.
  std::unique_ptr<Guard> guard;
  if (settings->allow_stdio) {
    auto started = Guard::Start();
    if (!started) {
      std::cerr << "portolan-gateway: guard: " << started.error().message << "\n";
      return 1;
    }
    guard = std::move(*started);
  }
  auto lock = base::DataLock::Take(settings->data / "gateway" / "lock", "gateway");
  if (!lock) {
    std::cerr << "portolan-gateway: " << lock.error().message << "\n";
    return 1;
  }
  std::signal(SIGPIPE, SIG_IGN);
  base::RaiseFileLimit();
  base::StartLog("portolan-gateway", settings->log_level);
  auto gateway = Gateway::Open(
      std::move(*settings), [argc, argv] { return ReadSettings(argc, argv); }, std::move(manager),
      std::move(guard));
  if (!gateway) {
    std::cerr << "portolan-gateway: " << gateway.error().message << "\n";
    return 1;
  }
  (*gateway)->Run();
  return 0;
}

}  // namespace
}  // namespace gateway

int main(int argc, char** argv) {
  base::KeepOpensslToTheEnd();
  return gateway::Main(argc, argv);
}
