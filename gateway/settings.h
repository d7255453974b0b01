// What this gateway was told when it was started: flags over `--config FILE` over defaults.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/http/server.h"
#include "base/http/tls.h"
#include "base/result.h"
#include "base/rpc/peer.h"
#include "gateway/backends/backend.h"
#include "gateway/edge/gate.h"
#include "gateway/state/result_cache.h"
#include "portolan/v1/bootstrap.pb.h"

namespace gateway {

struct Settings {
  std::filesystem::path data;
  base::http::ListenAddress listen;
  base::http::ListenAddress admin_listen;
  // Of `listen`; empty: none.
  base::http::ServerTls tls;
  base::rpc::Peer registry;
  std::string public_url;
  std::string portal_url;
  std::string name;
  bool allow_stdio = false;
  // Of the files that credentials name; empty: they may name none.
  std::filesystem::path secrets;
  int workers = 1;
  std::int64_t max_stale_s = 86'400;
  policy::AddressSet trusted_proxies;
  base::http::ServerLimits server_limits;
  std::size_t max_body_bytes = 4 * 1024 * 1024;
  // Of rules `cache`.
  std::size_t max_cache_bytes = state::ResultCache::kMaxBytes;
  BackendLimits backend_limits;
  // Not in the bootstrap message: where to write the addresses that were bound; empty: nowhere.
  std::filesystem::path endpoints_file;
  std::string log_level = "info";
};

// Reads the command line. kCancelled: help or the version was printed and all is done.
base::Result<Settings> ReadSettings(int argc, char** argv);

// Of a whole bootstrap message; the error names the field.
base::Result<Settings> SettingsOf(const portolan::v1::GatewayBootstrap& bootstrap);

}  // namespace gateway
