#include "registry/settings.h"

#include "base/bootstrap.h"
#include "base/daemon.h"

namespace registry {

namespace v1 = portolan::v1;

namespace {

std::string WithoutSlash(std::string url) {
  while (!url.empty() && url.back() == '/') url.pop_back();
  return url;
}

}  // namespace

base::Result<Settings> SettingsOf(const v1::RegistryBootstrap& bootstrap) {
  Settings settings;
  settings.data = bootstrap.data().empty() ? base::DefaultDataFolder()
                                           : std::filesystem::path(bootstrap.data());
  auto http = base::ReadListenAddress(bootstrap.http_listen(), "127.0.0.1:8901", "--http-listen",
                                      bootstrap.insecure_listen());
  if (!http) return http.error();
  auto grpc = base::ReadListenAddress(bootstrap.grpc_listen(), "127.0.0.1:8902", "--grpc-listen",
                                      bootstrap.insecure_listen());
  if (!grpc) return grpc.error();
  settings.http_listen = *http;
  settings.grpc_listen = *grpc;
  settings.public_url = WithoutSlash(bootstrap.public_url());
  settings.gateway_public_url = WithoutSlash(bootstrap.gateway_public_url());
  if (settings.gateway_public_url.empty()) settings.gateway_public_url = "http://127.0.0.1:8900";
  return settings;
}

base::Result<Settings> ReadSettings(int argc, char** argv) {
  v1::RegistryBootstrap bootstrap;
  const auto options = base::ReadBootstrap(
      argc, argv,
      "portolan-registry: the catalog of MCP servers.\n\nOffline: portolan-registry eval --help, portolan-registry verify FILE",
      {
          {"data", "Folder of portolan.db and the keys"},
          {"http_listen",
           "HOST:PORT of portal, discovery, registry API and JSON API (127.0.0.1:8901)"},
          {"grpc_listen", "HOST:PORT of gRPC (127.0.0.1:8902)"},
          {"public_url", "What clients see of the HTTP listener"},
          {"gateway_public_url", "What clients see of the gateway (http://127.0.0.1:8900)"},
          {"insecure_listen", "Listen off loopback without TLS, knowingly (containers)"},
      },
      bootstrap);
  if (!options) return options.error();
  auto settings = SettingsOf(bootstrap);
  if (!settings) return settings;
  settings->endpoints_file = options->endpoints_file;
  settings->log_level = options->log_level;
  return settings;
}

}  // namespace registry
