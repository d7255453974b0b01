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
  const bool insecure = bootstrap.insecure_listen();
  auto listen = base::ReadListenAddress(bootstrap.listen(), "127.0.0.1:8900", "--listen", insecure);
  if (!listen) return listen.error();
  auto admin = base::ReadListenAddress(bootstrap.admin_listen(), "127.0.0.1:8903", "--admin-listen",
                                       insecure);
  if (!admin) return admin.error();
  settings.listen = *listen;
  settings.admin_listen = *admin;
  settings.registry = bootstrap.registry().empty() ? "127.0.0.1:8902" : bootstrap.registry();
  settings.public_url = bootstrap.public_url();
  settings.portal_url = bootstrap.portal_url();
  settings.name = bootstrap.name().empty() ? "local" : bootstrap.name();
  settings.allow_stdio = bootstrap.allow_stdio();
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
  settings.backend_limits = BackendLimits::From(limits);
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
          {"registry", "HOST:PORT of the registry's gRPC (127.0.0.1:8902)"},
          {"public_url", "What clients see; its host is the allowed Host"},
          {"portal_url", "The portal's URL, an allowed Origin"},
          {"name", "Stable name of this gateway (local)"},
          {"workers", "Threads that serve (one for each core)"},
          {"insecure_listen", "Listen off loopback without TLS, knowingly (containers)"},
          {"allow_stdio", "Start the programs of stdio servers"},
      },
      bootstrap);
  if (!options) return options.error();
  auto settings = SettingsOf(bootstrap);
  if (!settings) return settings;
  settings->endpoints_file = options->endpoints_file;
  settings->log_level = options->log_level;
  return settings;
}

}  // namespace gateway
