#include "registry/catalog/vault.h"

#include <map>
#include <optional>

#include "policy/secrets.h"
#include "registry/catalog/masked.h"
#include "registry/catalog/validate.h"

namespace registry {
namespace {

namespace v1 = portolan::v1;

// What sealed bytes are bound to: they open nowhere else.
std::string ContextOf(const v1::Resource& resource, const std::string& pointer) {
  return KindOf(resource) + "/" + resource.name() + pointer;
}

base::Error CannotOpen(const v1::Resource& resource, const std::string& pointer) {
  return base::Fail(base::Code::kDataLoss,
                    KindOf(resource) + " '" + resource.name() + "': " + pointer +
                        " was sealed with another master key, or was changed");
}

}  // namespace

base::Result<void> Vault::Seal(v1::Resource& resource, const v1::Resource* before) {
  std::map<std::string, std::string> sealed_before;
  if (before) {
    v1::Resource known = *before;
    const auto ok =
        policy::ForEachSecret(known, [&](v1::Secret& secret, const std::string& pointer) {
          if (secret.has_sealed()) sealed_before[pointer] = secret.sealed();
          return base::Result<void>();
        });
    if (ok.has_error()) return ok.error();
  }
  return policy::ForEachSecret(
      resource, [&](v1::Secret& secret, const std::string& pointer) -> base::Result<void> {
        if (!secret.has_value()) return {};
        const auto known = sealed_before.find(pointer);
        if (secret.value() == kMasked) {
          if (known == sealed_before.end()) {
            return FieldError(
                pointer + "/value",
                "is masked, and there is no earlier value to keep; give it its value");
          }
          secret.set_sealed(known->second);
          return {};
        }
        const std::string context = ContextOf(resource, pointer);
        const std::string plain = secret.value();
        if (known != sealed_before.end() && OpenText(known->second, context) == plain) {
          secret.set_sealed(known->second);
        } else {
          secret.set_sealed(SealText(plain, context));
        }
        return {};
      });
}

base::Result<void> Vault::Open(v1::Resource& resource) {
  return policy::ForEachSecret(
      resource, [&](v1::Secret& secret, const std::string& pointer) -> base::Result<void> {
        if (!secret.has_sealed()) return {};
        auto plain = OpenText(secret.sealed(), ContextOf(resource, pointer));
        if (!plain) return CannotOpen(resource, pointer);
        secret.set_value(*std::move(plain));
        return {};
      });
}

base::Result<int> Vault::Reseal(v1::Resource& resource) {
  int count = 0;
  const auto ok = policy::ForEachSecret(
      resource, [&](v1::Secret& secret, const std::string& pointer) -> base::Result<void> {
        if (!secret.has_sealed()) return {};
        const std::string context = ContextOf(resource, pointer);
        const auto plain = OpenText(secret.sealed(), context);
        if (!plain) return CannotOpen(resource, pointer);
        secret.set_sealed(SealText(*plain, context));
        ++count;
        return {};
      });
  if (ok.has_error()) return ok.error();
  return count;
}

base::Result<std::string> Vault::ResealValue(std::string_view sealed, std::string_view context) {
  const auto plain = OpenText(sealed, context);
  if (!plain) {
    return base::Fail(base::Code::kDataLoss,
                      std::string(context) + " was sealed with another master key");
  }
  return SealText(*plain, context);
}

void Vault::UseKeys(std::vector<std::string> master_keys) {
  base::auth::Aead aead(std::move(master_keys));
  const std::lock_guard lock(mutex_);
  aead_ = std::move(aead);
}

std::string Vault::SealText(std::string_view plain, std::string_view context) {
  const std::lock_guard lock(mutex_);
  return aead_.Seal(plain, context);
}

std::optional<std::string> Vault::OpenText(std::string_view sealed, std::string_view context) {
  const std::lock_guard lock(mutex_);
  return aead_.Open(sealed, context);
}

}  // namespace registry
