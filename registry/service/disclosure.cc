#include "registry/service/disclosure.h"

#include "registry/catalog/masked.h"
#include "registry/catalog/visibility.h"

namespace registry {
namespace {

bool Approves(const Caller& caller, const portolan::v1::AccessRequest& request) {
  return MayIn(caller.principal, Right::kApprove, NamespaceOf(request.server()));
}

}  // namespace

base::Result<void> CheckMayRead(const Caller& caller, std::string_view kind) {
  if (kind == "ApiKey") return CheckAccess(caller, Access::kOperator);
  if (kind == "AccessRequest") return CheckAccess(caller, Access::kNamed);
  // A source's URL may hold another registry's capability.
  if (kind == "Token" || kind == "RoleBinding" || kind == "IdentityProvider" ||
      kind == "SyncSource")
    return CheckAccess(caller, Access::kAdmin);
  return {};
}

bool MaySee(const Caller& caller, const portolan::v1::Resource& resource) {
  if (resource.has_access_request()) {
    const portolan::v1::AccessRequest& request = resource.access_request();
    return request.principal() == caller.principal.id || Approves(caller, request);
  }
  return !resource.has_server() || CanSee(caller.principal, resource.name(), resource.server());
}

void HideSecrets(const Caller& caller, portolan::v1::Resource& resource) {
  ClearHashes(resource);
  if (resource.has_access_request() && !Approves(caller, resource.access_request()))
    resource.mutable_access_request()->clear_server();
  if (!caller.admin()) MaskEnvironment(resource);
}

}  // namespace registry
