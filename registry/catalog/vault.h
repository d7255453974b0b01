// The Vault seals what is secret in the catalog: whatever field of a resource is a Secret, found by
// reflection, so that a new kind of credential cannot forget one.
//
//   a writer says      value, env, file, or `***` for what is there already
//   the store keeps    sealed (AES-256-GCM under the master key, bound to resource and field), env, file
//   everybody is told  `***`, env, file (MaskSecrets in masked.h)
//   a gateway is sent  sealed to its own key (registry/service/sealed_for_gateway.h)
//
// Sealing draws a nonce, so what says the same as before keeps its sealed bytes: writing it again
// changes nothing. Any thread.
#pragma once

#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/auth/aead.h"
#include "base/result.h"
#include "portolan/v1/resource.pb.h"

namespace registry {

class Vault {
 public:
  // 32 bytes each; the first seals, all open.
  explicit Vault(std::vector<std::string> master_keys) : aead_(std::move(master_keys)) {}

  // Seals what `resource` says in clear and takes what it masks from `before` (null: there is
  // nothing). kInvalidArgument names the field, never its content.
  base::Result<void> Seal(portolan::v1::Resource& resource, const portolan::v1::Resource* before);
  // The other way: in clear, for whoever is to use it. kDataLoss: it was sealed with another key.
  base::Result<void> Open(portolan::v1::Resource& resource);
  // Seals all of it anew under the first key; how many there were.
  base::Result<int> Reseal(portolan::v1::Resource& resource);
  // Values of the registry's own (own_keys.h), by name.
  base::Result<std::string> ResealValue(std::string_view sealed, std::string_view context);

  // For the change from one master key to the next.
  void UseKeys(std::vector<std::string> master_keys);

 private:
  std::string SealText(std::string_view plain, std::string_view context);
  std::optional<std::string> OpenText(std::string_view sealed, std::string_view context);

  std::mutex mutex_;
  base::auth::Aead aead_;  // under mutex_
};

}  // namespace registry
