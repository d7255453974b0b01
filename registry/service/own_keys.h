// The registry's own secrets: files of the data directory, and keys that lie in the store sealed
// with the master key.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/auth/call_token.h"
#include "base/result.h"

namespace registry {

class Store;

struct OwnKeys {
  std::string master;         // 32 bytes; DATA/master.key
  std::string admin_token;    // DATA/admin.token
  std::string gateway_token;  // DATA/gateway.token, the join token
  base::auth::SigningKeyPair call_tokens;
  // Seals session tokens on the gateways, newest first; 32 bytes each.
  std::vector<std::string> session_ring;

  // Makes what is missing. kFailedPrecondition when a file may be read by others, or the master key
  // is not the one that sealed what is in the store.
  static base::Result<OwnKeys> Open(const std::filesystem::path& data, Store& store);
};

}  // namespace registry
