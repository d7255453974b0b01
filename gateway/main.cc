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
#include "base/http/tls_files.h"
#include "base/log.h"
#include "base/openssl_lifetime.h"
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
#include "gateway/worker.h"

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
constexpr seconds kLookAtTlsEvery{1};

// The command line and the file it names, as they are now.
using SettingsReader = std::function<base::Result<Settings>()>;

// Everything that runs, in the order in which it is made; destroyed in reverse.
class Gateway {
 public:
  static base::Result<std::unique_ptr<Gateway>> Open(Settings settings,
                                                     SettingsReader read_settings,
                                                     std::unique_ptr<Guard> guard);
  // Until SIGTERM or SIGINT, and then until calls have finished.
  void Run();

 private:
  Gateway(Settings settings, SettingsReader read_settings, std::unique_ptr<Guard> guard,
          Hosts hosts)
      : settings_(std::move(settings)),
        read_settings_(std::move(read_settings)),
        guard_(std::move(guard)),
        ended_(settings_.data / "gateway" / "ended_sessions", clock_.UnixMillis()),
        gate_{std::move(hosts), settings_.trusted_proxies},
        reports_(settings_.name, clock_),
        keep_running_(loop_.io.get_executor()),
        signals_(loop_.io, SIGTERM, SIGINT, SIGHUP),
        tick_(loop_.io) {
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
    watcher_ = std::make_unique<DefinitionsWatcher>(*probe_context_, reports_);
  }

  base::Result<void> OpenTls();
  base::Result<void> StartWorkers();
  base::Result<void> StartAdmin();
  void MakeFollower();
  base::Result<void> StartFeed();

  void EndProbes();
  void EndStdio();
  void Publish(const std::shared_ptr<const RouteTable>& table);
  void TellListeners(const std::shared_ptr<const RouteTable>& table);
  void WaitForSignals();
  void Reload();
  void RenewTls(base::http::TlsFiles::When when);
  void Tick();
  void CheckStaleness();
  void Announce();
  std::size_t active() const;

  std::string NotReady() const;
  std::string Metrics() const;
  std::string HealthJson() const;

  const Settings settings_;
  const SettingsReader read_settings_;
  const base::SystemClock clock_;
  std::optional<base::http::TlsFiles> tls_;
  base::Loop loop_;
  base::Loop stdio_loop_;
  std::unique_ptr<Guard> guard_;
  std::unique_ptr<StdioServers> stdio_;

  state::Limits limits_{clock_};
  state::FloodGuard flood_{clock_};
  state::Tokens tokens_;
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
  std::unique_ptr<Admin> admin_;

  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> keep_running_;
  boost::asio::signal_set signals_;
  boost::asio::steady_timer tick_;
  const steady_clock::time_point started_ = steady_clock::now();
  bool announced_ = false;
  bool stale_ = false;
  bool draining_ = false;
  bool ending_ = false;
  steady_clock::time_point drain_until_{};
  steady_clock::time_point look_at_tls_{};
};

base::Result<std::unique_ptr<Gateway>> Gateway::Open(Settings settings,
                                                     SettingsReader read_settings,
                                                     std::unique_ptr<Guard> guard) {
  auto hosts = Hosts::Of(settings.listen, settings.public_url, settings.portal_url);
  if (!hosts) return hosts.error();
  std::unique_ptr<Gateway> gateway(new Gateway(std::move(settings), std::move(read_settings),
                                               std::move(guard), std::move(*hosts)));
  if (auto ok = gateway->OpenTls(); !ok) return ok.error();
  if (auto ok = gateway->StartWorkers(); !ok) return ok.error();
  if (auto ok = gateway->StartAdmin(); !ok) return ok.error();
  gateway->MakeFollower();
  if (auto ok = gateway->StartFeed(); !ok) return ok.error();
  return gateway;
}

base::Result<void> Gateway::OpenTls() {
  if (settings_.tls.empty()) return {};
  auto files = base::http::TlsFiles::Open(settings_.tls);
  if (!files) return files.error().WithContext("--tls-cert");
  tls_.emplace(std::move(*files));
  return {};
}

// New connections get what lies there now; what cannot be used changes nothing.
void Gateway::RenewTls(base::http::TlsFiles::When when) {
  if (!tls_ || ending_) return;
  const auto renewed = tls_->Renew(when);
  if (!renewed) return spdlog::error("the certificate in force stays: {}", renewed.error().message);
  if (!*renewed) return;
  for (auto& worker : workers_) worker->UseTls(tls_->context());
  spdlog::info("certificate read again: {}", tls_->files().certificate_file);
}

base::Result<void> Gateway::StartWorkers() {
  shared_.reset(new SharedByWorkers{.clock = clock_,
                                    .gate = gate_,
                                    .backend_limits = settings_.backend_limits,
                                    .server_limits = settings_.server_limits,
                                    .max_body_bytes = settings_.max_body_bytes,
                                    .tls = tls_ ? tls_->context() : nullptr,
                                    .flood = flood_,
                                    .tokens = tokens_,
                                    .ended_sessions = ended_,
                                    .sessions = sessions_,
                                    .make_backend = MakeBackend,
                                    .upstreams = upstreams_,
                                    .stdio = stdio_.get(),
                                    .reporter = reports_,
                                    .parked = &parked_,
                                    .sse = &sse_});
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
  sources.not_ready = [this] { return NotReady(); };
  sources.metrics = [this] { return Metrics(); };
  sources.health_json = [this] { return HealthJson(); };
  sources.snapshot = [this]() -> const Snapshot& { return follower_->snapshot(); };
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
    if (!stale_) Publish(table);
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
  follower_ = std::make_unique<Follower>(loop_, limits_, reports_, std::move(outlets));
}

base::Result<void> Gateway::StartFeed() {
  FeedOptions options;
  options.registry = settings_.registry;
  options.data = settings_.data;
  options.name = settings_.name;
  options.version = base::Version();
  options.admin_url = "http://" + admin_->address().ToString();
  options.allow_stdio = settings_.allow_stdio;
  auto feed = ResourceFeed::Open(std::move(options), *follower_, reports_);
  if (!feed) return feed.error();
  feed_ = std::move(*feed);
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
      Reload();
    } else if (draining_) {
      loop_.io.stop();  // asked twice
    } else {
      spdlog::info("draining: no new connections, {} calls running", active());
      draining_ = true;
      drain_until_ = steady_clock::now() + kDrainWithin;
      for (auto& worker : workers_) worker->Drain();
    }
    WaitForSignals();
  });
}

// SIGHUP. What else is in the settings holds until the next start.
void Gateway::Reload() {
  RenewTls(base::http::TlsFiles::When::kAsked);
  const auto settings = read_settings_();
  if (!settings)
    return spdlog::error("SIGHUP: the settings in force stay: {}", settings.error().message);
  base::SetLogLevel(settings->log_level);
  spdlog::info("SIGHUP: certificate and log level read again");
}

void Gateway::Tick() {
  if (draining_ && (active() == 0 || steady_clock::now() >= drain_until_)) {
    loop_.io.stop();
    return;
  }
  if (steady_clock::now() - started_ >= kAnnounceAtLatest) Announce();
  CheckStaleness();
  if (steady_clock::now() >= look_at_tls_) {
    look_at_tls_ = steady_clock::now() + kLookAtTlsEvery;
    RenewTls(base::http::TlsFiles::When::kChanged);
  }
  tick_.expires_after(std::chrono::milliseconds(50));
  tick_.async_wait([this](const boost::system::error_code& error) {
    if (!error && !ending_) Tick();
  });
}

// What nobody has confirmed for so long is not served any more.
void Gateway::CheckStaleness() {
  const bool stale = feed_->stale_s() > settings_.max_stale_s;
  if (stale == stale_) return;
  stale_ = stale;
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
      {"gateway", (tls_ ? "https://" : "http://") + workers_.front()->address().ToString()},
      {"admin", "http://" + admin_->address().ToString()}};
  if (auto written = base::WriteEndpoints(settings_.endpoints_file, endpoints); !written) {
    spdlog::error("--endpoints-file: {}", written.error().message);
  }
}

std::size_t Gateway::active() const {
  std::size_t sum = 0;
  for (const auto& worker : workers_) sum += worker->active();
  return sum;
}

std::string Gateway::NotReady() const {
  if (draining_) return "draining";
  if (!follower_->snapshot().complete())
    return "no snapshot of the catalog yet: " + feed_->problem();
  if (stale_) return "the registry was not heard for too long";
  return {};
}

std::string Gateway::HealthJson() const {
  return "\"revision\":" + std::to_string(follower_->table()->revision()) +
         ",\"registry_connected\":" + (feed_->connected() ? "true" : "false") +
         ",\"stale_s\":" + std::to_string(feed_->stale_s());
}

std::string Gateway::Metrics() const {
  state::Traffic::Sums sums;
  for (const auto& worker : workers_) worker->traffic().AddTo(sums);
  std::string out = sums.Render();
  auto gauge = [&out](const char* name, const char* help, std::int64_t value) {
    out.append("# HELP ")
        .append(name)
        .append(" ")
        .append(help)
        .append("\n# TYPE ")
        .append(name)
        .append(" gauge\n");
    out.append(name).append(" ").append(std::to_string(value)).append("\n");
  };
  gauge("gateway_calls_running", "Exchanges being served.", static_cast<std::int64_t>(active()));
  gauge("gateway_routes", "Servers that are routed.",
        static_cast<std::int64_t>(follower_->table()->routes().size()));
  gauge("gateway_revision", "Revision of the catalog in force.", follower_->table()->revision());
  gauge("gateway_registry_connected", "1 while the registry's stream is open.",
        feed_->connected() ? 1 : 0);
  gauge("gateway_registry_stale_seconds", "Since the registry was last heard; -1: never.",
        feed_->stale_s());
  return out;
}

int Main(int argc, char** argv) {
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
      std::move(*settings), [argc, argv] { return ReadSettings(argc, argv); }, std::move(guard));
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
