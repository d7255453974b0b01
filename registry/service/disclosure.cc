#include "registry/service/disclosure.h"

#include "registry/catalog/masked.h"
#include "registry/catalog/visibility.h"

namespace registry {

base::Result<void> CheckMayRead(const Caller& caller, std::string_view kind) {
  if (kind == "ApiKey") return CheckAccess(caller, Access::kOperator);
  // A source's URL may hold another registry's capability.
  if (kind == "Token" || kind == "AccessRequest" || kind == "RoleBinding" ||
      kind == "IdentityProvider" || kind == "SyncSource")
    return CheckAccess(caller, Access::kAdmin);
  return {};
}

bool MaySee(const Caller& caller, const portolan::v1::Resource& resource) {
  return !resource.has_server() || CanSee(caller.principal, resource.name(), resource.server());
}

void HideSecrets(const Caller& caller, portolan::v1::Resource& resource) {
  ClearHashes(resource);
  if (!caller.admin()) MaskEnvironment(resource);
}

}  // namespace registry
