// portolan-registry: the wiring diagram as code.
//
//   SqliteStore <-- Catalog --changes--> search::Feed, DiscoveryServer, ServerListing
//                      ^
//   methods (Catalog, Access, Audit, Fleet, Usage, Sync) <-- GrpcFace, ConnectFace (on the WorkerPool)
//   HttpFace (one loop) --> ConnectFace, DiscoveryServer, RegistryApi, portal
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <csignal>
#include <iostream>
#include <memory>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/daemon.h"
#include "base/http/static_files.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/version.h"
#include "mcp/legacy/token_session_host.h"
#include "portal/embedded.h"
#include "registry/catalog/audit.h"
#include "registry/catalog/call_log.h"
#include "registry/catalog/catalog.h"
#include "registry/search/answer.h"
#include "registry/search/eval_command.h"
#include "registry/search/feed.h"
#include "registry/search/index.h"
#include "registry/service/access_service.h"
#include "registry/service/audit_service.h"
#include "registry/service/catalog_service.h"
#include "registry/service/connect_face.h"
#include "registry/service/discovery_server.h"
#include "registry/service/fleet_service.h"
#include "registry/service/grpc_face.h"
#include "registry/service/http_face.h"
#include "registry/service/registry_api.h"
#include "registry/service/role_book.h"
#include "registry/service/server_listing.h"
#include "registry/service/sync_service.h"
#include "registry/service/usage_service.h"
#include "registry/settings.h"
#include "registry/store/sqlite_store.h"
#include "registry/sync/sync.h"
#include "registry/verify_command.h"

namespace registry {
namespace {

constexpr int kPoolThreads = 8;
// Streams that follow end at once after it; unary calls are long done.
constexpr std::chrono::milliseconds kDrainWithin{500};

// The listener comes first, since the face that answers must know the port it got.
class Doorway final : public base::http::Service {
 public:
  void LeadTo(base::http::Service& face) { face_ = &face; }
  base::Task<void> Serve(base::http::Exchange& exchange) override { return face_->Serve(exchange); }

 private:
  base::http::Service* face_ = nullptr;
};

// Everything that runs, in the order in which it is made; destroyed in reverse.
class Registry {
 public:
  static base::Result<std::unique_ptr<Registry>> Open(Settings settings);
  // Until SIGTERM or SIGINT.
  void Run();

 private:
  Registry(Settings settings, base::DataLock lock, std::unique_ptr<SqliteStore> store, OwnKeys keys)
      : settings_(std::move(settings)),
        lock_(std::move(lock)),
        store_(std::move(store)),
        keys_(std::move(keys)) {}

  base::Result<void> Listen();
  base::Result<void> Attach();
  void MakeFaces();
  std::string Metrics() const;
  void WaitForSignals();
  void Tick();
  void Drain();

  Settings settings_;
  const base::DataLock lock_;
  const base::SystemClock clock_;
  base::Loop loop_;
  WorkerPool pool_{kPoolThreads};

  const std::unique_ptr<SqliteStore> store_;
  const OwnKeys keys_;
  Catalog catalog_{*store_, clock_};
  CallLog calls_{*store_};
  Bell second_;
  Fleet fleet_{clock_};
  Audit audit_{*store_, clock_};
  RoleBook roles_;
  Authenticator authenticator_{keys_, catalog_, *store_, roles_, clock_};

  search::Index index_;
  search::Feed index_feed_{index_};
  std::unique_ptr<ServerListing> listing_;
  std::unique_ptr<DiscoveryServer> discovery_;

  std::unique_ptr<CatalogService> catalog_service_;
  std::unique_ptr<AccessService> access_service_;
  FleetService fleet_service_{catalog_, calls_, fleet_, authenticator_, keys_, second_, clock_};
  UsageService usage_service_{calls_};
  AuditService audit_service_{audit_};
  sync::Sync sync_{catalog_, *store_, pool_, loop_, clock_};
  SyncService sync_service_{sync_};
  std::unique_ptr<const Methods> methods_;

  mcp::legacy::TokenSessionHost discovery_sessions_{base::auth::Aead(keys_.session_ring),
                                                    "registry", clock_};
  const RegistryTokens registry_tokens_{keys_, clock_};
  std::unique_ptr<Publishing> publishing_;
  std::unique_ptr<RegistryApi> registry_api_;
  base::http::StaticFiles portal_{portal::EmbeddedFiles()};
  std::unique_ptr<ConnectFace> connect_face_;
  std::unique_ptr<HttpFace> http_face_;
  std::unique_ptr<GrpcFace> grpc_face_;
  Doorway doorway_;
  std::unique_ptr<base::http::Server> http_server_;

  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> keep_running_{
      loop_.io.get_executor()};
  boost::asio::signal_set signals_{loop_.io, SIGTERM, SIGINT, SIGHUP};
  boost::asio::steady_timer tick_{loop_.io};
};

base::Result<std::unique_ptr<Registry>> Registry::Open(Settings settings) {
  auto lock = base::DataLock::Take(settings.data / "registry.lock", "registry");
  if (!lock) return lock.error();
  auto store = SqliteStore::Open((settings.data / "portolan.db").string());
  if (!store) return store.error();
  auto keys = OwnKeys::Open(settings.data, **store);
  if (!keys) return keys.error();
  std::unique_ptr<Registry> registry(
      new Registry(std::move(settings), std::move(*lock), std::move(*store), std::move(*keys)));
  if (auto ok = registry->Listen(); !ok) return ok.error();
  if (auto ok = registry->Attach(); !ok) return ok.error();
  registry->MakeFaces();

  auto grpc = GrpcFace::Listen(registry->settings_.grpc_listen.ToString(), *registry->methods_,
                               registry->authenticator_, registry->pool_);
  if (!grpc) return grpc.error().WithContext("--grpc-listen");
  registry->grpc_face_ = std::move(*grpc);
  registry->settings_.grpc_listen.port = static_cast<std::uint16_t>(registry->grpc_face_->port());
  return registry;
}

base::Result<void> Registry::Listen() {
  auto server = base::http::Server::Listen(loop_, settings_.http_listen, false, {}, doorway_);
  if (!server)
    return server.error().WithContext("--http-listen " + settings_.http_listen.ToString());
  http_server_ = std::move(*server);
  settings_.http_listen = http_server_->address();
  if (settings_.public_url.empty())
    settings_.public_url = "http://" + settings_.http_listen.ToString();
  return {};
}

// What is in memory follows the catalog from its first to its newest change.
base::Result<void> Registry::Attach() {
  listing_ = std::make_unique<ServerListing>(settings_.gateway_public_url);
  if (auto ok = catalog_.Attach(roles_); !ok) return ok.error();
  if (auto ok = catalog_.Attach(index_feed_); !ok) return ok.error();
  // Behind the index, since who is told of a change asks at once.
  discovery_ = std::make_unique<DiscoveryServer>(
      loop_, index_, DiscoveryOptions{.gateway_public_url = settings_.gateway_public_url});
  if (auto ok = catalog_.Attach(*discovery_); !ok) return ok.error();
  if (auto ok = catalog_.Attach(*listing_); !ok) return ok.error();
  if (auto ok = catalog_.Attach(sync_); !ok) return ok.error();
  sync_.Load();
  return {};
}

void Registry::MakeFaces() {
  CatalogService::Surroundings around{
      .tick = second_,
      .search =
          [this](const base::auth::Principal& who, const v1::SearchRequest& request) {
            return search::Answer(index_, request, who);
          },
      .version = base::Version(),
      .public_url = settings_.public_url,
      .gateway_public_url = settings_.gateway_public_url,
      .gateways_connected = [this] { return fleet_.connected(); }};
  catalog_service_ = std::make_unique<CatalogService>(catalog_, std::move(around));
  access_service_ = std::make_unique<AccessService>(catalog_, authenticator_, keys_, clock_,
                                                    settings_.public_url);
  methods_ = std::make_unique<const Methods>(AllMethods(*catalog_service_, *access_service_,
                                                        fleet_service_, usage_service_,
                                                        audit_service_, sync_service_));

  publishing_ = std::make_unique<Publishing>(catalog_, *listing_);
  registry_api_ = std::make_unique<RegistryApi>(
      RegistryApi::Parts{*listing_, *publishing_, authenticator_, registry_tokens_, pool_, loop_});
  connect_face_ = std::make_unique<ConnectFace>(*methods_, pool_, loop_);
  HttpFace::Parts parts{
      .loop = loop_,
      .pool = pool_,
      .authenticator = authenticator_,
      .api = *connect_face_,
      .discovery = *discovery_,
      .discovery_sessions = discovery_sessions_,
      .portal = portal_,
      .registry_api =
          [this](base::http::Exchange& exchange, base::Result<Caller> caller) {
            return registry_api_->Serve(exchange, std::move(caller));
          },
      .metrics = [this] { return Metrics(); },
      .origins = base::http::OriginCheck(settings_.public_url, settings_.http_listen.is_loopback()),
      .https = settings_.public_url.starts_with("https:")};
  http_face_ = std::make_unique<HttpFace>(std::move(parts));
  doorway_.LeadTo(*http_face_);
}

std::string Registry::Metrics() const {
  std::string out;
  auto gauge = [&out](std::string_view name, std::string_view help, std::int64_t value) {
    out.append("# HELP ").append(name).append(" ").append(help);
    out.append("\n# TYPE ").append(name).append(" gauge\n");
    out.append(name).append(" ").append(std::to_string(value)).append("\n");
  };
  gauge("registry_revision", "Number of the last change of the catalog.", catalog_.revision());
  gauge("registry_gateways_connected", "Gateways that follow the catalog.", fleet_.connected());
  gauge("registry_http_connections", "Open HTTP connections.",
        static_cast<std::int64_t>(http_server_->connections()));
  return out;
}

void Registry::Run() {
  http_server_->Start();
  WaitForSignals();
  Tick();
  const std::pair<std::string, std::string> endpoints[] = {
      {"http", "http://" + settings_.http_listen.ToString()},
      {"grpc", settings_.grpc_listen.ToString()}};
  if (auto ok = base::WriteEndpoints(settings_.endpoints_file, endpoints); !ok) {
    spdlog::error("--endpoints-file {}", ok.error().message);
  }
  spdlog::info("serving http={} grpc={} revision={}", settings_.http_listen.ToString(),
               settings_.grpc_listen.ToString(), catalog_.revision());
  loop_.io.run();
  spdlog::info("stopped");
}

void Registry::WaitForSignals() {
  signals_.async_wait([this](const boost::system::error_code& error, int number) {
    if (error) return;
    if (number != SIGHUP) return Drain();
    spdlog::info("SIGHUP: settings are read at the next start");
    WaitForSignals();
  });
}

void Registry::Tick() {
  second_.Ring();
  sync_.Tick();
  tick_.expires_after(std::chrono::seconds(1));
  tick_.async_wait([this](const boost::system::error_code& error) {
    if (!error) Tick();
  });
}

// Runs what was begun to its end, since it may be acknowledged: first who asks, then who works.
void Registry::Drain() {
  spdlog::info("draining");
  sync_.Drain();
  http_face_->Drain();
  discovery_->Drain();
  http_server_->Drain();
  grpc_face_->Drain(kDrainWithin);
  tick_.expires_after(kDrainWithin);
  tick_.async_wait([this](const boost::system::error_code&) {
    http_server_->Stop();
    pool_.Stop();
    boost::asio::post(loop_.io, [this] { loop_.io.stop(); });
  });
}

int Main(int argc, char** argv) {
  if (argc > 1 && std::string_view(argv[1]) == "eval") return search::RunEval(argc - 1, argv + 1);
  if (argc > 1 && std::string_view(argv[1]) == "verify") return RunVerify(argc - 1, argv + 1);
  auto settings = ReadSettings(argc, argv);
  if (!settings) {
    if (settings.error().code == base::Code::kCancelled) return 0;
    std::cerr << "portolan-registry: " << settings.error().message << "\n";
    return settings.error().code == base::Code::kInvalidArgument ? 2 : 1;
  }
  std::signal(SIGPIPE, SIG_IGN);
  base::RaiseFileLimit();
  base::StartLog("portolan-registry", settings->log_level);
  auto registry = Registry::Open(std::move(*settings));
  if (!registry) {
    std::cerr << "portolan-registry: " << registry.error().message << "\n";
    return 1;
  }
  (*registry)->Run();
  return 0;
}

}  // namespace
}  // namespace registry

int main(int argc, char** argv) { return registry::Main(argc, argv); }
