// The GatewayStore is what a gateway keeps in DATA/gateway: its own key, and sealed with it the
// credential and the last snapshot. Nothing in the folder can be read without the key, and nothing
// can be changed unnoticed.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "base/auth/aead.h"
#include "base/auth/sealed_box.h"
#include "base/result.h"

namespace gateway {

class GatewayStore {
 public:
  // Makes the folder (0700) and the key when they are not there.
  static base::Result<GatewayStore> Open(const std::filesystem::path& data);

  // What the registry seals to.
  const base::auth::BoxKeyPair& box_keys() const { return box_keys_; }

  // DATA/gateway.token; kNotFound until the registry has made it.
  base::Result<std::string> ReadJoinToken() const;

  // kNotFound when there is none, kDataLoss when it does not open.
  base::Result<std::string> ReadCredential();
  base::Result<void> WriteCredential(const std::string& credential);
  void ForgetCredential();

  struct Snapshot {
    std::string bytes;
    // Kept by a gateway that did not follow all the kinds that this one does: good to serve from until the catalog has
    // been heard anew.
    bool lacks_kinds = false;
  };
  base::Result<Snapshot> ReadSnapshot();
  base::Result<void> WriteSnapshot(std::string_view bytes);

  // When the registry was last heard, Unix time in milliseconds: kept as the snapshot's
  // modification time.
  std::optional<std::int64_t> last_heard_ms() const;
  void SetLastHeard(std::int64_t unix_ms);

 private:
  GatewayStore(std::filesystem::path data, base::auth::BoxKeyPair box_keys, base::auth::Aead seal);

  base::Result<std::string> ReadSealed(const std::filesystem::path& path, std::string_view context,
                                       std::size_t max_bytes);

  std::filesystem::path data_;
  std::filesystem::path folder_;
  base::auth::BoxKeyPair box_keys_;
  base::auth::Aead seal_;
};

}  // namespace gateway
