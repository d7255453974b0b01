#include "registry/service/provider_feed.h"

#include "policy/identity_provider.h"

namespace registry {

void ProviderFeed::OnChanges(std::span<const v1::Change> changes) {
  for (const v1::Change& change : changes) {
    const v1::Resource& resource = change.resource();
    if (change.deleted()) {
      if (resource.kind() == "IdentityProvider") providers_.Remove(resource.name());
    } else if (resource.has_identity_provider()) {
      providers_.Put(policy::SettingsOf(resource.name(), resource.identity_provider()));
    }
  }
}

}  // namespace registry
