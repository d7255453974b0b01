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
#include <functional>
#include <iostream>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/auth/identity_providers.h"
#include "base/clock.h"
#include "base/daemon.h"
#include "base/http/outward_client.h"
#include "base/http/static_files.h"
#include "base/http/tls_files.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/openssl_lifetime.h"
#include "base/refusals.h"
#include "base/version.h"
#include "mcp/legacy/token_session_host.h"
#include "portal/embedded.h"
#include "registry/backup/backup_source.h"
#include "registry/catalog/audit.h"
#include "registry/catalog/call_log.h"
#include "registry/catalog/catalog.h"
#include "registry/restore_command.h"
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
#include "registry/service/maintenance_service.h"
#include "registry/service/provider_feed.h"
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
constexpr std::chrono::hours kTrimEvery{24};
// By so much the wall clock may be corrected within a day.
constexpr std::chrono::hours kTolerated{1};

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
                                                      SettingsReader read_settings);
  // Until SIGTERM or SIGINT.
  void Run();

 private:
  Registry(Settings settings, SettingsReader read_settings, base::DataLock lock,
           std::unique_ptr<SqliteStore> store, OwnKeys keys)
      : settings_(std::move(settings)),
        read_settings_(std::move(read_settings)),
        lock_(std::move(lock)),
        store_(std::move(store)),
        keys_(std::move(keys)) {}

  base::Result<void> Listen();
  base::Result<void> Attach();
  void MakeFaces();
  std::string Metrics() const;
  std::string HttpAddress() const {
    return (tls_ ? "https://" : "http://") + settings_.http_listen.ToString();
  }
  void WaitForSignals();
  void Reload();
  void RenewTls(base::http::TlsFiles::When when);
  void TrimAudit();
  void KeepRefusals(base::Refusals::Which which);
  void Tick();
  void Drain();

  Settings settings_;
  const SettingsReader read_settings_;
  std::optional<base::http::TlsFiles> tls_;
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
  const std::unique_ptr<base::http::Client> key_client_ =
      base::http::CreateOutwardClient(loop_, {});
  base::auth::IdentityProviders providers_{loop_, *key_client_, clock_};
  ProviderFeed provider_feed_{providers_};
  Authenticator authenticator_{keys_, catalog_, *store_, roles_, providers_, clock_};

  search::Index index_;
  search::Feed index_feed_{index_};
  std::unique_ptr<ServerListing> listing_;
  std::unique_ptr<DiscoveryServer> discovery_;

  std::unique_ptr<CatalogService> catalog_service_;
  std::unique_ptr<AccessService> access_service_;
  FleetService fleet_service_{catalog_, calls_,  audit_, fleet_,         authenticator_,
                              keys_,    second_, clock_, base::Version()};
  UsageService usage_service_{calls_};
  AuditService audit_service_{audit_};
  sync::Sync sync_{catalog_, *store_, pool_, loop_, clock_};
  SyncService sync_service_{sync_};
  MaintenanceService maintenance_service_{*store_, settings_.data, audit_, clock_};
  std::unique_ptr<Methods> methods_;
  base::Refusals refusals_;

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
  base::TimePoint next_trim_{};
  base::TimePoint trimmed_at_{};
  std::int64_t trimmed_wall_ms_ = 0;
};

base::Result<std::unique_ptr<Registry>> Registry::Open(Settings settings,
                                                       SettingsReader read_settings) {
  auto lock = base::DataLock::Take(settings.data / "registry.lock", "registry");
  if (!lock) return lock.error();
  backup::RemoveLeftovers(settings.data);
  auto store = SqliteStore::Open((settings.data / "portolan.db").string());
  if (!store) return store.error();
  auto keys = OwnKeys::Open(settings.data, **store);
  if (!keys) return keys.error();
  std::unique_ptr<Registry> registry(new Registry(std::move(settings), std::move(read_settings),
                                                  std::move(*lock), std::move(*store),
                                                  std::move(*keys)));
  if (auto ok = registry->Listen(); !ok) return ok.error();
  if (auto ok = registry->Attach(); !ok) return ok.error();
  registry->MakeFaces();

  auto grpc = GrpcFace::Listen(registry->settings_.grpc_listen.ToString(), registry->settings_.tls,
                               *registry->methods_, registry->authenticator_, registry->pool_);
  if (!grpc) return grpc.error().WithContext("--grpc-listen");
  registry->grpc_face_ = std::move(*grpc);
  registry->settings_.grpc_listen.port = static_cast<std::uint16_t>(registry->grpc_face_->port());
  return registry;
}

base::Result<void> Registry::Listen() {
  if (!settings_.tls.empty()) {
    auto files = base::http::TlsFiles::Open(settings_.tls);
    if (!files) return files.error().WithContext("--tls-cert");
    tls_.emplace(std::move(*files));
  }
  auto server = base::http::Server::Listen(loop_, settings_.http_listen, false, {}, doorway_,
                                           tls_ ? tls_->context() : nullptr);
  if (!server)
    return server.error().WithContext("--http-listen " + settings_.http_listen.ToString());
  http_server_ = std::move(*server);
  settings_.http_listen = http_server_->address();
  if (settings_.public_url.empty()) settings_.public_url = HttpAddress();
  return {};
}

// What is in memory follows the catalog from its first to its newest change.
base::Result<void> Registry::Attach() {
  listing_ = std::make_unique<ServerListing>(settings_.gateway_public_url);
  discovery_ = std::make_unique<DiscoveryServer>(
      loop_, index_, DiscoveryOptions{.gateway_public_url = settings_.gateway_public_url});
  // Discovery behind the index, since who is told of a change asks at once.
  Observer* const observers[] = {&roles_,          &provider_feed_, &index_feed_,
                                 discovery_.get(), listing_.get(),  &sync_};
  if (auto ok = catalog_.Attach(observers); !ok) return ok.error();
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
  methods_ = std::make_unique<Methods>(AllMethods(*catalog_service_, *access_service_,
                                                  fleet_service_, usage_service_, audit_service_,
                                                  sync_service_, maintenance_service_));

  methods_->OnRefused([this](const Method& method, const Caller& caller, const base::Error& error) {
    refusals_.Note(
        {.principal = caller.principal.id,
         .authentication = caller.principal.authentication,
         .address = caller.address,
         .server = {},
         .item = method.service.substr(method.service.rfind('.') + 1) + "/" + method.name,
         .rule = base::CodeName(error.code),
         .request_id = {}},
        clock_.UnixMillis());
  });
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
      {"http", HttpAddress()}, {"grpc", settings_.grpc_listen.ToString()}};
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
    Reload();
    WaitForSignals();
  });
}

// SIGHUP. What else is in the settings holds until the next start.
void Registry::Reload() {
  RenewTls(base::http::TlsFiles::When::kAsked);
  const auto settings = read_settings_();
  if (!settings)
    return spdlog::error("SIGHUP: the settings in force stay: {}", settings.error().message);
  base::SetLogLevel(settings->log_level);
  settings_.audit_retention_days = settings->audit_retention_days;
  spdlog::info("SIGHUP: certificate, log level and retention read again");
}

// New connections get what lies there now (gRPC looks by itself); what cannot be used changes
// nothing.
void Registry::RenewTls(base::http::TlsFiles::When when) {
  if (!tls_) return;
  const auto renewed = tls_->Renew(when);
  if (!renewed) return spdlog::error("the certificate in force stays: {}", renewed.error().message);
  if (!*renewed) return;
  http_server_->UseTls(tls_->context());
  spdlog::info("certificate read again: {}", tls_->files().certificate_file);
}

// At the start, and once a day. A wall clock that has jumped is no reason to drop anything: then it
// waits for the next day.
void Registry::TrimAudit() {
  const base::TimePoint now = clock_.Now();
  if (settings_.audit_retention_days == 0 || now < next_trim_) return;
  next_trim_ = now + kTrimEvery;
  const std::int64_t wall = clock_.UnixMillis();
  const auto passed = std::chrono::duration_cast<std::chrono::milliseconds>(now - trimmed_at_);
  const bool jumped =
      trimmed_wall_ms_ != 0 && wall - trimmed_wall_ms_ > (passed + kTolerated).count();
  trimmed_at_ = now;
  trimmed_wall_ms_ = wall;
  if (jumped) return spdlog::warn("the clock has jumped forward: the audit is not trimmed today");
  const std::int64_t older_than =
      wall - std::int64_t{settings_.audit_retention_days} * kTrimEvery.count() * 3'600'000;
  pool_.Post([this, older_than] {
    if (const auto ok = audit_.Trim(older_than); ok.has_error())
      spdlog::error("audit retention: {}", ok.error().message);
  });
}

// What the registry itself refused, of each minute when it is over.
void Registry::KeepRefusals(base::Refusals::Which which) {
  google::protobuf::RepeatedPtrField<portolan::v1::RefusalBatch> batches;
  for (base::RefusalCount& count : refusals_.Take(which, clock_.UnixMillis())) {
    portolan::v1::RefusalBatch& batch = *batches.Add();
    batch.set_minute_ms(count.minute_ms);
    batch.set_principal(std::move(count.principal));
    batch.set_authentication(std::move(count.authentication));
    batch.set_address(std::move(count.address));
    batch.set_item(std::move(count.item));
    batch.set_rule(std::move(count.rule));
    batch.set_count(count.count);
  }
  if (const auto kept = audit_.AppendRefusals("", batches); kept.has_error())
    spdlog::error("refusals are not in the audit: {}", kept.error().message);
}

void Registry::Tick() {
  second_.Ring();
  sync_.Tick();
  RenewTls(base::http::TlsFiles::When::kChanged);
  TrimAudit();
  if (refusals_.due(clock_.UnixMillis()))
    pool_.Post([this] { KeepRefusals(base::Refusals::Which::kOver); });
  tick_.expires_after(std::chrono::seconds(1));
  tick_.async_wait([this](const boost::system::error_code& error) {
    if (!error) Tick();
  });
}

// Runs what was begun to its end, since it may be acknowledged: first who asks, then who works.
void Registry::Drain() {
  spdlog::info("draining");
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
    KeepRefusals(base::Refusals::Which::kAll);
    boost::asio::post(loop_.io, [this] { loop_.io.stop(); });
  });
}

int Main(int argc, char** argv) {
  if (argc > 1 && std::string_view(argv[1]) == "eval") return search::RunEval(argc - 1, argv + 1);
  if (argc > 1 && std::string_view(argv[1]) == "verify") return RunVerify(argc - 1, argv + 1);
  if (argc > 1 && std::string_view(argv[1]) == "restore") return RunRestore(argc - 1, argv + 1);
  auto settings = ReadSettings(argc, argv);
  if (!settings) {
    if (settings.error().code == base::Code::kCancelled) return 0;
    std::cerr << "portolan-registry: " << settings.error().message << "\n";
    return settings.error().code == base::Code::kInvalidArgument ? 2 : 1;
  }
  std::signal(SIGPIPE, SIG_IGN);
  base::RaiseFileLimit();
  base::StartLog("portolan-registry", settings->log_level);
  auto registry =
      Registry::Open(std::move(*settings), [argc, argv] { return ReadSettings(argc, argv); });
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
