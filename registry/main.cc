// portolan-registry: the wiring diagram as code.
//
//   SqliteStore <-- Catalog --changes--> search::Feed, DiscoveryServer, ServerListing
//                      ^
//   methods (Catalog, Access, Audit, Fleet, Usage, Sync) <-- GrpcFace, ConnectFace (on the WorkerPool)
//   HttpFace (one loop) --> ConnectFace, DiscoveryServer, RegistryApi, portal
#include <malloc.h>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <csignal>
#include <functional>
#include <iostream>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/auth/identity_providers.h"
#include "base/clock.h"
#include "base/daemon.h"
#include "base/http/outward_client.h"
#include "base/http/static_files.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/metrics.h"
#include "base/openssl_lifetime.h"
#include "base/renewal.h"
#include "base/service_manager.h"
#include "base/version.h"
#include "mcp/legacy/token_session_host.h"
#include "portal/embedded.h"
#include "registry/backup/backup_source.h"
#include "registry/catalog/audit.h"
#include "registry/catalog/call_log.h"
#include "registry/catalog/catalog.h"
#include "registry/catalog/quota_book.h"
#include "registry/catalog/vault.h"
#include "registry/restore_command.h"
#include "registry/search/answer.h"
#include "registry/search/eval_command.h"
#include "registry/search/feed.h"
#include "registry/search/index.h"
#include "registry/service/access_service.h"
#include "registry/service/access_tool.h"
#include "registry/service/audit_keeper.h"
#include "registry/service/audit_service.h"
#include "registry/service/catalog_service.h"
#include "registry/service/connect_face.h"
#include "registry/service/discovery_server.h"
#include "registry/service/fleet_service.h"
#include "registry/service/grpc_face.h"
#include "registry/service/http_face.h"
#include "registry/service/maintenance_service.h"
#include "registry/service/provider_feed.h"
#include "registry/service/registry_api.h"
#include "registry/service/role_book.h"
#include "registry/service/rotation.h"
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

// The command line and the file it names, as they are now.
using SettingsReader = std::function<base::Result<Settings>()>;

// Everything that runs, in the order in which it is made; destroyed in reverse.
class Registry {
 public:
  static base::Result<std::unique_ptr<Registry>> Open(Settings settings,
                                                      SettingsReader read_settings,
                                                      base::ServiceManager manager);
  // Until SIGTERM or SIGINT.
  void Run();

 private:
  Registry(Settings settings, base::Renewal renewal, base::ServiceManager manager,
           base::DataLock lock, std::unique_ptr<SqliteStore> store, OwnKeys keys)
      : settings_(std::move(settings)),
        renewal_(std::move(renewal)),
        manager_(std::move(manager)),
        lock_(std::move(lock)),
        store_(std::move(store)),
        keys_(std::move(keys)) {}

  void RenewFrom(SettingsReader read_settings);
  base::Result<void> Listen();
  base::Result<void> Attach();
  void MakeFaces();
  std::string Metrics() const;
  std::string Status() const {
    return "serving " + HttpAddress() + " and gRPC on " + settings_.grpc_listen.ToString();
  }
  std::string HttpAddress() const { return renewal_.scheme() + settings_.http_listen.ToString(); }
  void WaitForSignals();
  void ProveAlive();
  void Tick();
  void Drain();

  Settings settings_;
  base::Renewal renewal_;
  base::ServiceManager manager_;
  const base::DataLock lock_;
  const base::SystemClock clock_;
  base::Loop loop_;
  WorkerPool pool_{kPoolThreads};

  const std::unique_ptr<SqliteStore> store_;
  const OwnKeys keys_;
  Vault vault_{keys_.master.ring()};
  Catalog catalog_{*store_, clock_, &vault_};
  CallLog calls_{*store_};
  Bell second_;
  Fleet fleet_{clock_};
  Audit audit_{*store_, clock_};
  QuotaBook quotas_{*store_, clock_};
  RoleBook roles_;
  const std::unique_ptr<base::http::Client> key_client_ =
      base::http::CreateOutwardClient(loop_, {});
  base::auth::IdentityProviders providers_{loop_, *key_client_, clock_};
  ProviderFeed provider_feed_{providers_};
  Authenticator authenticator_{keys_, catalog_, *store_, roles_, providers_, clock_};

  search::Index index_{search::Ranking(), [this](const std::string& server) {
                         const auto offered = catalog_.ServedDefinitions(server);
                         return offered.has_error() ? std::vector<search::ToolText>()
                                                    : search::ToolTexts(*offered);
                       }};
  search::Feed index_feed_{index_};
  std::unique_ptr<ServerListing> listing_;
  std::unique_ptr<DiscoveryServer> discovery_;

  std::unique_ptr<CatalogService> catalog_service_;
  std::unique_ptr<AccessService> access_service_;
  FleetService fleet_service_{catalog_, calls_, audit_,  quotas_, fleet_,         authenticator_,
                              keys_,    vault_, second_, clock_,  base::Version()};
  UsageService usage_service_{calls_};
  AuditService audit_service_{audit_};
  sync::Sync sync_{catalog_, *store_, pool_, loop_, clock_};
  SyncService sync_service_{sync_};
  Rotation rotation_{catalog_, vault_, keys_.master, clock_};
  MaintenanceService maintenance_service_{*store_, settings_.data, audit_, rotation_, clock_};
  std::unique_ptr<Methods> methods_;
  AuditKeeper audit_keeper_{audit_, catalog_, pool_, clock_};

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

base::Result<std::unique_ptr<Registry>> Registry::Open(Settings settings,
                                                       SettingsReader read_settings,
                                                       base::ServiceManager manager) {
  auto lock = base::DataLock::Take(settings.data / "registry.lock", "registry");
  if (!lock) return lock.error();
  backup::RemoveLeftovers(settings.data);
  auto store = SqliteStore::Open((settings.data / "portolan.db").string());
  if (!store) return store.error();
  auto keys = OwnKeys::Open(settings.data, **store, settings.master_key_file);
  if (!keys) return keys.error();
  auto renewal = base::Renewal::Open(settings.tls);
  if (!renewal) return renewal.error();
  std::unique_ptr<Registry> registry(new Registry(std::move(settings), std::move(*renewal),
                                                  std::move(manager), std::move(*lock),
                                                  std::move(*store), std::move(*keys)));
  registry->RenewFrom(std::move(read_settings));
  base::auth::Principal itself;
  itself.id = "portolan";
  if (const auto done = registry->rotation_.EndFromEnvironment({itself}); !done)
    return done.error().WithContext("PORTOLAN_MASTER_KEY_BEFORE");
  if (auto ok = registry->Listen(); !ok) return ok.error();
  if (auto ok = registry->Attach(); !ok) return ok.error();
  registry->MakeFaces();

  auto grpc = GrpcFace::Listen(registry->settings_.grpc_listen.ToString(), registry->settings_.tls,
                               *registry->methods_, registry->authenticator_,
                               registry->settings_.anonymous_read, registry->pool_);
  if (!grpc) return grpc.error().WithContext("--grpc-listen");
  registry->grpc_face_ = std::move(*grpc);
  registry->settings_.grpc_listen.port = static_cast<std::uint16_t>(registry->grpc_face_->port());
  return registry;
}

// New connections get a renewed certificate; gRPC looks for it by itself. What else is in the settings
// holds until the next start.
void Registry::RenewFrom(SettingsReader read_settings) {
  audit_keeper_.SetRetention(settings_.audit_retention_days);
  base::Renewal::Outlets outlets;
  outlets.certificate = [this](const std::shared_ptr<const base::http::TlsContext>& tls) {
    http_server_->UseTls(tls);
  };
  outlets.settings = [this, read = std::move(read_settings)]() -> base::Result<std::string> {
    const auto settings = read();
    if (!settings) return settings.error();
    audit_keeper_.SetRetention(settings->audit_retention_days);
    return settings->log_level;
  };
  renewal_.To(std::move(outlets));
}

base::Result<void> Registry::Listen() {
  auto server =
      base::http::Server::Listen(loop_, settings_.http_listen, false, {}, doorway_, renewal_.tls());
  if (!server)
    return server.error().WithContext("--http-listen " + settings_.http_listen.ToString());
  http_server_ = std::move(*server);
  settings_.http_listen = http_server_->address();
  if (settings_.public_url.empty()) settings_.public_url = HttpAddress();
  return {};
}

// What is in memory follows the catalog from its first to its newest change.
base::Result<void> Registry::Attach() {
  listing_ = std::make_unique<ServerListing>(
      settings_.gateway_public_url,
      [this](std::string_view kind, std::string_view name) -> std::optional<v1::Resource> {
        auto found = catalog_.Get(kind, name);
        if (found.has_value()) return std::move(*found);
        if (found.error().code != base::Code::kNotFound)
          spdlog::error("{} {}: {}", kind, name, found.error().message);
        return std::nullopt;
      });
  std::vector<mcp::Tool> asking;
  asking.push_back(RequestAccessTool(catalog_, pool_, loop_));
  discovery_ = std::make_unique<DiscoveryServer>(
      loop_, index_, DiscoveryOptions{.gateway_public_url = settings_.gateway_public_url},
      std::move(asking), &pool_);
  // Discovery behind the index, since who is told of a change asks at once.
  Observer* const observers[] = {&roles_,          &provider_feed_, &index_feed_,
                                 discovery_.get(), listing_.get(),  &sync_};
  if (auto ok = catalog_.Attach(observers); !ok) return ok.error();
  // What reading everything took for a while.
  malloc_trim(0);
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
      .gateways_connected = [this] { return fleet_.connected(); },
      .servers_seen = [this](const base::auth::Principal& who,
                             const auto& each) { listing_->ForEachSeenBy(who, each); }};
  catalog_service_ = std::make_unique<CatalogService>(catalog_, std::move(around));
  access_service_ = std::make_unique<AccessService>(catalog_, authenticator_, keys_, clock_,
                                                    settings_.public_url);
  methods_ = std::make_unique<Methods>(AllMethods(*catalog_service_, *access_service_,
                                                  fleet_service_, usage_service_, audit_service_,
                                                  sync_service_, maintenance_service_));

  methods_->EndStreamsWithTheirCallers(second_);
  methods_->OnRefused([this](const Method& method, const Caller& caller, const base::Error& error) {
    audit_keeper_.Refused(caller,
                          method.service.substr(method.service.rfind('.') + 1) + "/" + method.name,
                          error.code);
  });
  publishing_ = std::make_unique<Publishing>(catalog_, *listing_);
  registry_api_ = std::make_unique<RegistryApi>(
      RegistryApi::Parts{*listing_, *publishing_, authenticator_, registry_tokens_, pool_, loop_,
                         [this](const Caller& caller, std::string_view what, base::Code why) {
                           audit_keeper_.Refused(caller, "RegistryApi/" + std::string(what), why);
                         }});
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
      .anonymous_read = settings_.anonymous_read,
      .https = settings_.public_url.starts_with("https:")};
  http_face_ = std::make_unique<HttpFace>(std::move(parts));
  doorway_.LeadTo(*http_face_);
}

std::string Registry::Metrics() const {
  std::string out;
  base::AppendGauge(out, "registry_revision", "Number of the last change of the catalog.",
                    catalog_.revision());
  base::AppendGauge(out, "registry_gateways_connected", "Gateways that follow the catalog.",
                    fleet_.connected());
  base::AppendGauge(out, "registry_read_only", "1 while the disk takes nothing more.",
                    store_->out_of_room() ? 1 : 0);
  base::AppendGauge(out, "registry_http_connections", "Open HTTP connections.",
                    static_cast<std::int64_t>(http_server_->connections()));
  return out;
}

void Registry::Run() {
  http_server_->Start();
  WaitForSignals();
  Tick();
  const std::pair<std::string, std::string> endpoints[] = {
      {"http", HttpAddress()}, {"grpc", settings_.grpc_listen.ToString()}};
  if (auto ok = base::WriteEndpoints(settings_.endpoints_file, endpoints); !ok) {
    spdlog::error("--endpoints-file {}", ok.error().message);
  }
  spdlog::info("serving http={} grpc={} revision={}", settings_.http_listen.ToString(),
               settings_.grpc_listen.ToString(), catalog_.revision());
  manager_.Ready(Status());
  loop_.io.run();
  spdlog::info("stopped");
}

void Registry::WaitForSignals() {
  signals_.async_wait([this](const boost::system::error_code& error, int number) {
    if (error) return;
    if (number != SIGHUP) return Drain();
    manager_.Reloading();
    renewal_.Reload();
    manager_.Ready(Status());
    WaitForSignals();
  });
}

// It lives while the loop turns and the pool takes work.
void Registry::ProveAlive() {
  if (!manager_.AliveIsDue()) return;
  pool_.Post([this] { loop_.Post([this] { manager_.Alive(); }); });
}

void Registry::Tick() {
  second_.Ring();
  sync_.Tick();
  renewal_.Look();
  ProveAlive();
  audit_keeper_.Tick();
  tick_.expires_after(std::chrono::seconds(1));
  tick_.async_wait([this](const boost::system::error_code& error) {
    if (!error) Tick();
  });
}

// Runs what was begun to its end, since it may be acknowledged: first who asks, then who works.
void Registry::Drain() {
  spdlog::info("draining");
  manager_.Stopping();
  sync_.Drain();
  providers_.Stop();
  http_face_->Drain();
  discovery_->Drain();
  http_server_->Drain();
  grpc_face_->Drain(kDrainWithin);
  tick_.expires_after(kDrainWithin);
  tick_.async_wait([this](const boost::system::error_code&) {
    http_server_->Stop();
    pool_.Stop();
    audit_keeper_.KeepRest();
    boost::asio::post(loop_.io, [this] { loop_.io.stop(); });
  });
}

int Main(int argc, char** argv) {
  if (argc > 1 && std::string_view(argv[1]) == "eval") return search::RunEval(argc - 1, argv + 1);
  if (argc > 1 && std::string_view(argv[1]) == "verify") return RunVerify(argc - 1, argv + 1);
  if (argc > 1 && std::string_view(argv[1]) == "restore") return RunRestore(argc - 1, argv + 1);
  auto manager = base::ServiceManager::TakeFromEnvironment();
  auto settings = ReadSettings(argc, argv);
  if (!settings) {
    if (settings.error().code == base::Code::kCancelled) return 0;
    std::cerr << "portolan-registry: " << settings.error().message << "\n";
    return settings.error().code == base::Code::kInvalidArgument ? 2 : 1;
  }
  std::signal(SIGPIPE, SIG_IGN);
  // A limit on the size of files is an error like a full disk, not the end.
  std::signal(SIGXFSZ, SIG_IGN);
  base::RaiseFileLimit();
  base::StartLog("portolan-registry", settings->log_level);
  auto registry = Registry::Open(
      std::move(*settings), [argc, argv] { return ReadSettings(argc, argv); }, std::move(manager));
  if (!registry) {
    std::cerr << "portolan-registry: " << registry.error().message << "\n";
    return 1;
  }
  (*registry)->Run();
  return 0;
}

}  // namespace
}  // namespace registry

int main(int argc, char** argv) {
  base::KeepOpensslToTheEnd();
  return registry::Main(argc, argv);
}
