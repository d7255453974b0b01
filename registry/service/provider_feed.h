// A ProviderFeed tells the IdentityProviders which providers the catalog believes; from the next token on.
#pragma once

#include "base/auth/identity_providers.h"
#include "registry/catalog/watch.h"

namespace registry {

class ProviderFeed final : public Observer {
 public:
  explicit ProviderFeed(base::auth::IdentityProviders& providers) : providers_(providers) {}

  void OnChanges(std::span<const v1::Change> changes) override;
  void OnDefinitions(const v1::ServerDefinitions&) override {}

 private:
  base::auth::IdentityProviders& providers_;
};

}  // namespace registry
