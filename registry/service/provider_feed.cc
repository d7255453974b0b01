#include "registry/service/provider_feed.h"

#include <string>
#include <utility>
#include <vector>

namespace registry {
namespace {

void Override(std::string& setting, const std::string& by) {
  if (!by.empty()) setting = by;
}

base::auth::ProviderSettings SettingsOf(const std::string& name, const v1::IdentityProvider& spec) {
  base::auth::ProviderSettings settings;
  settings.name = name;
  settings.issuer = spec.issuer();
  settings.jwks_uri = spec.jwks_uri();
  settings.audiences.assign(spec.audiences().begin(), spec.audiences().end());
  if (spec.algorithms_size() > 0) {
    // None that is not known becomes "all": validation has refused it.
    settings.algorithms.clear();
    for (const std::string& one : spec.algorithms()) {
      if (const auto known = base::auth::AlgorithmNamed(one)) settings.algorithms.push_back(*known);
    }
  }
  if (spec.clock_skew_s() != 0) settings.clock_skew_s = spec.clock_skew_s();
  Override(settings.subject_claim, spec.subject_claim());
  Override(settings.groups_claim, spec.groups_claim());
  Override(settings.tenant_claim, spec.tenant_claim());
  return settings;
}

}  // namespace

void ProviderFeed::OnChanges(std::span<const v1::Change> changes) {
  for (const v1::Change& change : changes) {
    const v1::Resource& resource = change.resource();
    if (change.deleted()) {
      if (resource.kind() == "IdentityProvider") providers_.Remove(resource.name());
    } else if (resource.has_identity_provider()) {
      providers_.Put(SettingsOf(resource.name(), resource.identity_provider()));
    }
  }
}

}  // namespace registry
