#include "gateway/settings.h"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <fstream>
#include <iostream>
#include <iterator>
#include <thread>

#include "base/daemon.h"
#include "base/manifest.h"

namespace gateway {

namespace v1 = portolan::v1;

namespace {

constexpr const char* kVersion = "portolan-gateway 0.1.0";

base::Result<void> ReadConfig(const std::string& path, v1::GatewayBootstrap& bootstrap) {
  std::ifstream file(path);
  if (!file) return base::Fail(base::Code::kNotFound, "--config " + path + ": cannot be read");
  const std::string text(std::istreambuf_iterator<char>(file), {});
  auto tree = base::ParseYamlOrJson(text);
  if (!tree) return tree.error().WithContext("--config " + path);
  if (auto read = base::ReadJson(*tree, bootstrap); !read)
    return read.error().WithContext("--config " + path);
  return {};
}

base::Result<base::http::ListenAddress> Address(const std::string& text, const char* fallback,
                                                const char* what) {
  auto address = base::http::ListenAddress::Parse(text.empty() ? fallback : text);
  if (!address) return address.error().WithContext(what);
  return address;
}

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
  auto listen = Address(bootstrap.listen(), "127.0.0.1:8900", "--listen");
  if (!listen) return listen.error();
  auto admin = Address(bootstrap.admin_listen(), "127.0.0.1:8903", "--admin-listen");
  if (!admin) return admin.error();
  if (auto ok = base::CheckListen(*listen, "--listen", bootstrap.insecure_listen()); !ok)
    return ok.error();
  if (auto ok = base::CheckListen(*admin, "--admin-listen", bootstrap.insecure_listen()); !ok)
    return ok.error();
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
  v1::GatewayBootstrap flags;
  std::string config, endpoints_file, log_level = "info";
  bool insecure = false, stdio = false;

  CLI::App app("portolan-gateway: routes and governs MCP calls, as the registry says.");
  app.set_version_flag("--version", kVersion);
  auto text = [&app](const char* flag, const char* help, std::string& value) {
    app.add_option(flag, value, help);
  };
  text("--data", "Folder of its key, lock and snapshot (DATA/gateway)", *flags.mutable_data());
  text("--listen", "HOST:PORT for MCP traffic (127.0.0.1:8900)", *flags.mutable_listen());
  text("--admin-listen", "HOST:PORT for /healthz, /readyz, /metrics, /config (127.0.0.1:8903)",
       *flags.mutable_admin_listen());
  text("--registry", "HOST:PORT of the registry's gRPC (127.0.0.1:8902)",
       *flags.mutable_registry());
  text("--public-url", "What clients see; its host is the allowed Host",
       *flags.mutable_public_url());
  text("--portal-url", "The portal's URL, an allowed Origin", *flags.mutable_portal_url());
  text("--name", "Stable name of this gateway (local)", *flags.mutable_name());
  text("--config", "YAML or JSON of portolan.v1.GatewayBootstrap; flags win over it", config);
  text("--endpoints-file", "Where to write the addresses that were bound", endpoints_file);
  text("--log-level", "debug, info, warn or error", log_level);
  std::int32_t workers = 0;
  app.add_option("--workers", workers, "Threads that serve (one for each core)");
  app.add_flag("--insecure-listen", insecure,
               "Listen off loopback without TLS, knowingly (containers)");
  app.add_flag("--allow-stdio", stdio, "Start the programs of stdio servers");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    const bool asked = error.get_exit_code() == 0;
    if (asked) app.exit(error, std::cout, std::cerr);
    return base::Fail(asked ? base::Code::kCancelled : base::Code::kInvalidArgument, error.what());
  }
  if (insecure) flags.set_insecure_listen(true);
  if (stdio) flags.set_allow_stdio(true);
  if (workers != 0) flags.set_workers(workers);

  v1::GatewayBootstrap bootstrap;
  if (!config.empty()) {
    if (auto read = ReadConfig(config, bootstrap); !read) return read.error();
  }
  bootstrap.MergeFrom(flags);  // what a flag says replaces what the file says
  auto settings = SettingsOf(bootstrap);
  if (!settings) return settings;
  settings->endpoints_file = endpoints_file;
  settings->log_level = log_level;
  return settings;
}

}  // namespace gateway
