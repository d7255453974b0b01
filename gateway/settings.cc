#include "gateway/settings.h"

#include <algorithm>
#include <thread>

#include "base/bootstrap.h"
#include "base/daemon.h"

namespace gateway {

namespace v1 = portolan::v1;

namespace {

void Set(std::chrono::milliseconds& limit, std::int64_t value) {
  if (value > 0) limit = std::chrono::milliseconds(value);
}
void Set(std::size_t& limit, std::int64_t value) {
  if (value > 0) limit = static_cast<std::size_t>(value);
}

}  // namespace

base::Result<Settings> SettingsOf(const v1::GatewayBootstrap& bootstrap) {
  Settings settings;
  settings.data = bootstrap.data().empty() ? base::DefaultDataFolder()
                                           : std::filesystem::path(bootstrap.data());
  const v1::ServerTls& tls = bootstrap.tls();
  auto files = base::ReadServerTls(tls.cert_file(), tls.key_file(), tls.client_ca_file());
  if (!files) return files.error();
  settings.tls = std::move(*files);
  const bool insecure = bootstrap.insecure_listen();
  auto listen = base::ReadListenAddress(bootstrap.listen(), "127.0.0.1:8900", "--listen",
                                        insecure || !settings.tls.empty());
  if (!listen) return listen.error();
  auto admin = base::ReadListenAddress(bootstrap.admin_listen(), "127.0.0.1:8903", "--admin-listen",
                                       insecure);
  if (!admin) return admin.error();
  settings.listen = *listen;
  settings.admin_listen = *admin;
  settings.registry = {
      .address = bootstrap.registry().empty() ? "127.0.0.1:8902" : bootstrap.registry(),
      .ca_file = bootstrap.registry_ca_file(),
      .name = bootstrap.registry_name(),
      .cert_file = bootstrap.registry_cert_file(),
      .key_file = bootstrap.registry_key_file()};
  if (settings.registry.cert_file.empty() != settings.registry.key_file.empty()) {
    return base::Fail(base::Code::kInvalidArgument,
                      "--registry-cert-file and --registry-key-file need each other");
  }
  settings.public_url = bootstrap.public_url();
  settings.portal_url = bootstrap.portal_url();
  settings.name = bootstrap.name().empty() ? "local" : bootstrap.name();
  settings.allow_stdio = bootstrap.allow_stdio();
  settings.secrets = bootstrap.secrets();
  if (bootstrap.workers() < 0 || bootstrap.workers() > 256) {
    return base::Fail(base::Code::kInvalidArgument, "--workers must be from 1 to 256");
  }
  const int cores = static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
  settings.workers = bootstrap.workers() == 0 ? cores : bootstrap.workers();
  if (bootstrap.max_stale_s() > 0) settings.max_stale_s = bootstrap.max_stale_s();
  for (int i = 0; i < bootstrap.trusted_proxies_size(); ++i) {
    if (auto ok = settings.trusted_proxies.Add(bootstrap.trusted_proxies(i)); !ok) {
      return ok.error().WithContext("/trusted_proxies/" + std::to_string(i));
    }
  }
  settings.trusted_proxies.Seal();

  const v1::Limits& limits = bootstrap.limits();
  Set(settings.server_limits.max_head_bytes, limits.max_head_bytes());
  Set(settings.server_limits.max_connections, limits.max_connections());
  Set(settings.server_limits.head_timeout, limits.head_timeout_ms());
  Set(settings.server_limits.body_timeout, limits.body_timeout_ms());
  Set(settings.server_limits.keep_alive, limits.keep_alive_ms());
  Set(settings.max_body_bytes, limits.max_body_bytes());
  Set(settings.max_cache_bytes, limits.max_cache_bytes());
  settings.backend_limits = BackendLimits::From(limits);
  auto level = base::ReadLogLevel(bootstrap.log_level());
  if (!level) return level.error();
  settings.log_level = std::move(*level);
  return settings;
}

base::Result<Settings> ReadSettings(int argc, char** argv) {
  v1::GatewayBootstrap bootstrap;
  const auto options = base::ReadBootstrap(
      argc, argv, "portolan-gateway: routes and governs MCP calls, as the registry says.",
      {
          {"data", "Folder of its key, lock and snapshot (DATA/gateway)"},
          {"listen", "HOST:PORT for MCP traffic (127.0.0.1:8900)"},
          {"admin_listen", "HOST:PORT for /healthz, /readyz, /metrics, /config (127.0.0.1:8903)"},
          {"registry",
           "HOST:PORT of the registry's gRPC (127.0.0.1:8902); https://HOST:PORT by TLS"},
          {"registry_ca_file", "PEM file of who signs the registry's certificate: speak TLS to it"},
          {"registry_name", "What the registry's certificate must be for (the host of --registry)"},
          {"registry_cert_file", "PEM file of a certificate to show to the registry"},
          {"registry_key_file", "PEM file of its key"},
          {"public_url", "What clients see; its host is the allowed Host"},
          {"portal_url", "The portal's URL, an allowed Origin"},
          {"name", "Stable name of this gateway (local)"},
          {"workers", "Threads that serve (one for each core)"},
          {"tls.cert_file", "PEM file of the certificate and its chain: --listen speaks TLS",
           "--tls-cert"},
          {"tls.key_file", "PEM file of its key", "--tls-key"},
          {"tls.client_ca_file", "PEM file of who signs the certificates that clients must show",
           "--tls-client-ca"},
          {"insecure_listen", "Listen off loopback without TLS, knowingly (containers)"},
          {"allow_stdio", "Start the programs of stdio servers"},
          {"secrets", "Folder of the files that credentials name (none)"},
          {"log_level", "debug, info, warn or error (info)"},
      },
      bootstrap);
  if (!options) return options.error();
  auto settings = SettingsOf(bootstrap);
  if (!settings) return settings;
  settings->endpoints_file = options->endpoints_file;
  return settings;
}

}  // namespace gateway
