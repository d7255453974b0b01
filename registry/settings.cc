#include "registry/settings.h"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <fstream>
#include <iostream>
#include <iterator>

#include "base/daemon.h"
#include "base/manifest.h"

namespace registry {

namespace v1 = portolan::v1;

namespace {

base::Result<void> ReadConfig(const std::string& path, v1::RegistryBootstrap& bootstrap) {
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
                                                const char* flag, bool insecure) {
  auto address = base::http::ListenAddress::Parse(text.empty() ? fallback : text);
  if (!address) return address.error().WithContext(flag);
  if (auto ok = base::CheckListen(*address, flag, insecure); !ok) return ok.error();
  return address;
}

std::string WithoutSlash(std::string url) {
  while (!url.empty() && url.back() == '/') url.pop_back();
  return url;
}

}  // namespace

base::Result<Settings> SettingsOf(const v1::RegistryBootstrap& bootstrap) {
  Settings settings;
  settings.data = bootstrap.data().empty() ? base::DefaultDataFolder()
                                           : std::filesystem::path(bootstrap.data());
  auto http = Address(bootstrap.http_listen(), "127.0.0.1:8901", "--http-listen",
                      bootstrap.insecure_listen());
  if (!http) return http.error();
  auto grpc = Address(bootstrap.grpc_listen(), "127.0.0.1:8902", "--grpc-listen",
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
  v1::RegistryBootstrap flags;
  std::string config, endpoints_file, log_level = "info";
  bool insecure = false;

  CLI::App app(
      "portolan-registry: the catalog of MCP servers.\n\nOffline: portolan-registry eval --help");
  app.set_version_flag("--version", "portolan-registry 0.1.0");
  auto text = [&app](const char* flag, const char* help, std::string& value) {
    app.add_option(flag, value, help);
  };
  text("--data", "Folder of portolan.db and the keys", *flags.mutable_data());
  text("--http-listen",
       "HOST:PORT of portal, discovery, registry API and JSON API (127.0.0.1:8901)",
       *flags.mutable_http_listen());
  text("--grpc-listen", "HOST:PORT of gRPC (127.0.0.1:8902)", *flags.mutable_grpc_listen());
  text("--public-url", "What clients see of the HTTP listener", *flags.mutable_public_url());
  text("--gateway-public-url", "What clients see of the gateway (http://127.0.0.1:8900)",
       *flags.mutable_gateway_public_url());
  text("--config", "YAML or JSON of portolan.v1.RegistryBootstrap; flags win over it", config);
  text("--endpoints-file", "Where to write the addresses that were bound", endpoints_file);
  text("--log-level", "debug, info, warn or error", log_level);
  app.add_flag("--insecure-listen", insecure,
               "Listen off loopback without TLS, knowingly (containers)");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    const bool asked = error.get_exit_code() == 0;
    if (asked) app.exit(error, std::cout, std::cerr);
    return base::Fail(asked ? base::Code::kCancelled : base::Code::kInvalidArgument, error.what());
  }
  if (insecure) flags.set_insecure_listen(true);

  v1::RegistryBootstrap bootstrap;
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

}  // namespace registry
