// What this registry was told when it was started: flags over `--config FILE` over defaults.
#pragma once

#include <filesystem>
#include <string>

#include "base/http/server.h"
#include "base/http/tls.h"
#include "base/result.h"
#include "portolan/v1/bootstrap.pb.h"
#include "registry/service/anonymous_read.h"

namespace registry {

struct Settings {
  std::filesystem::path data;
  // Empty: DATA/master.key.
  std::filesystem::path master_key_file;
  base::http::ListenAddress http_listen;
  base::http::ListenAddress grpc_listen;
  // Empty: formed from the address that was bound.
  std::string public_url;
  std::string gateway_public_url;
  // Of both listeners; empty: none.
  base::http::ServerTls tls;
  int audit_retention_days = 0;
  AnonymousRead anonymous_read = AnonymousRead::kLoopback;
  std::string log_level = "info";
  // Not in the bootstrap message.
  std::filesystem::path endpoints_file;
};

// Reads the command line and the file it names; also while the registry runs. kCancelled: help or the version was printed and all is done.
base::Result<Settings> ReadSettings(int argc, char** argv);

// Of a whole bootstrap message; the error names the flag.
base::Result<Settings> SettingsOf(const portolan::v1::RegistryBootstrap& bootstrap);

}  // namespace registry
