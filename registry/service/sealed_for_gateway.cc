#include "registry/service/sealed_for_gateway.h"

#include "base/auth/sealed_box.h"
#include "base/log.h"
#include "policy/secrets.h"
#include "registry/catalog/vault.h"

namespace registry {

namespace v1 = portolan::v1;

base::Result<v1::Sealed> SealTo(std::string_view public_key, std::string_view secret) {
  auto box = base::auth::SealTo(public_key, secret);
  if (box.has_error()) return box.error();
  v1::Sealed sealed;
  sealed.set_ephemeral_public_key(std::move(box->ephemeral_public_key));
  sealed.set_nonce(std::move(box->nonce));
  sealed.set_ciphertext(std::move(box->ciphertext));
  return sealed;
}

void SealForGateway(v1::Resource& resource, Vault& vault, std::string_view public_key) {
  const auto opened = vault.Open(resource);
  const auto sealed = policy::ForEachSecret(
      resource, [&](v1::Secret& secret, const std::string&) -> base::Result<void> {
        if (opened.has_error()) secret.clear_source();
        if (!secret.has_value()) return {};
        const auto box = SealTo(public_key, secret.value());
        secret.clear_source();
        if (box.has_error()) return box.error();
        secret.set_sealed(box->SerializeAsString());
        return {};
      });
  const base::Result<void>& failed = opened.has_error() ? opened : sealed;
  if (failed.has_error())
    spdlog::error("credential={} {}", resource.name(), failed.error().message);
}

}  // namespace registry
