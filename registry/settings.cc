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

base::Result<AnonymousRead> ReadAnonymousRead(std::string_view text) {
  if (text.empty() || text == "loopback") return AnonymousRead::kLoopback;
  if (text == "anywhere") return AnonymousRead::kAnywhere;
  if (text == "nowhere") return AnonymousRead::kNowhere;
  return base::Fail(base::Code::kInvalidArgument, "--anonymous-read: '" +
                                                      std::string(text.substr(0, 80)) +
                                                      "' is none of loopback, anywhere, nowhere");
}

}  // namespace

base::Result<Settings> SettingsOf(const v1::RegistryBootstrap& bootstrap) {
  Settings settings;
  settings.data = bootstrap.data().empty() ? base::DefaultDataFolder()
                                           : std::filesystem::path(bootstrap.data());
  settings.master_key_file = bootstrap.master_key_file();
  const v1::ServerTls& tls = bootstrap.tls();
  auto files = base::ReadServerTls(tls.cert_file(), tls.key_file(), tls.client_ca_file());
  if (!files) return files.error();
  settings.tls = std::move(*files);
  const bool guarded = bootstrap.insecure_listen() || !settings.tls.empty();
  auto http =
      base::ReadListenAddress(bootstrap.http_listen(), "127.0.0.1:8901", "--http-listen", guarded);
  if (!http) return http.error();
  auto grpc =
      base::ReadListenAddress(bootstrap.grpc_listen(), "127.0.0.1:8902", "--grpc-listen", guarded);
  if (!grpc) return grpc.error();
  settings.http_listen = *http;
  settings.grpc_listen = *grpc;
  settings.public_url = WithoutSlash(bootstrap.public_url());
  settings.gateway_public_url = WithoutSlash(bootstrap.gateway_public_url());
  if (settings.gateway_public_url.empty()) settings.gateway_public_url = "http://127.0.0.1:8900";
  if (bootstrap.audit_retention_days() < 0) {
    return base::Fail(base::Code::kInvalidArgument,
                      "--audit-retention-days must not be negative (0: for ever)");
  }
  settings.audit_retention_days = bootstrap.audit_retention_days();
  const auto anonymous_read = ReadAnonymousRead(bootstrap.anonymous_read());
  if (!anonymous_read) return anonymous_read.error();
  settings.anonymous_read = *anonymous_read;
  auto level = base::ReadLogLevel(bootstrap.log_level());
  if (!level) return level.error();
  settings.log_level = std::move(*level);
  return settings;
}

base::Result<Settings> ReadSettings(int argc, char** argv) {
  v1::RegistryBootstrap bootstrap;
  const auto options = base::ReadBootstrap(
      argc, argv,
      "portolan-registry: the catalog of MCP servers.\n\nOffline: portolan-registry eval --help, "
      "portolan-registry verify FILE, portolan-registry restore FILE --data DIR",
      {
          {"data", "Folder of portolan.db and the keys"},
          {"http_listen",
           "HOST:PORT of portal, discovery, registry API and JSON API (127.0.0.1:8901)"},
          {"grpc_listen", "HOST:PORT of gRPC (127.0.0.1:8902)"},
          {"public_url", "What clients see of the HTTP listener"},
          {"gateway_public_url", "What clients see of the gateway (http://127.0.0.1:8900)"},
          {"tls.cert_file", "PEM file of the certificate and its chain: both listeners speak TLS",
           "--tls-cert"},
          {"tls.key_file", "PEM file of its key", "--tls-key"},
          {"tls.client_ca_file", "PEM file of who signs the certificates that clients must show",
           "--tls-client-ca"},
          {"insecure_listen", "Listen off loopback without TLS, knowingly (containers)"},
          {"anonymous_read",
           "From where callers without a proof may read: loopback (default), anywhere, nowhere"},
          {"audit_retention_days", "Drop records of the audit that are older (0: never)"},
          {"master_key_file",
           "Seals what is secret in the database (DATA/master.key); "
           "PORTOLAN_MASTER_KEY wins over it"},
          {"log_level", "debug, info, warn or error (info)"},
      },
      bootstrap);
  if (!options) return options.error();
  auto settings = SettingsOf(bootstrap);
  if (!settings) return settings;
  settings->endpoints_file = options->endpoints_file;
  return settings;
}

}  // namespace registry
