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

// 32 bytes that seal what is secret in the store.
//
// Where it comes from: PORTOLAN_MASTER_KEY (base64url), which wins, or a file. While a new one takes
// the old one's place (rotation.h) both open.
struct MasterKey {
  std::string key;
  // What some of the store may still be sealed with; empty: nothing is.
  std::string before;
  // Empty: it came from the environment.
  std::filesystem::path file;

  // The first seals, all open.
  std::vector<std::string> ring() const;
  // As files and environment have it.
  static std::string Text(const std::string& key);
  // Beside the file while keys change.
  static std::filesystem::path NextTo(const std::filesystem::path& file);
};

struct OwnKeys {
  MasterKey master;
  std::string admin_token;    // DATA/admin.token
  std::string gateway_token;  // DATA/gateway.token, the join token
  base::auth::SigningKeyPair call_tokens;
  // Seals session tokens on the gateways, newest first; 32 bytes each.
  std::vector<std::string> session_ring;

  // Makes what is missing; an empty `master_file` is DATA/master.key. kFailedPrecondition when a file
  // may be read by others, or the master key is not the one that sealed what is in the store.
  static base::Result<OwnKeys> Open(const std::filesystem::path& data, Store& store,
                                    std::filesystem::path master_file = {});
};

}  // namespace registry
