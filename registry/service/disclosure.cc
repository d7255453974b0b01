#include "registry/service/disclosure.h"

#include "policy/entitlement.h"
#include "registry/catalog/masked.h"
#include "registry/catalog/visibility.h"

namespace registry {
namespace {

bool Approves(const Caller& caller, const portolan::v1::AccessRequest& request) {
  return MayIn(caller.principal, Right::kApprove, NamespaceOf(request.server()));
}

bool MayKnowSuccessor(const Catalog& catalog, const Caller& caller,
                      const portolan::v1::Resource& resource) {
  const std::string& name = resource.server().successor();
  if (name.empty() || !caller.gateway.empty() ||
      MayIn(caller.principal, Right::kPublish, NamespaceOf(resource.name()))) {
    return true;
  }
  const auto successor = catalog.Get("Server", name);
  return successor.has_value() && MaySee(caller, *successor);
}

}  // namespace

base::Result<void> CheckMayRead(const Caller& caller, std::string_view kind) {
  if (kind == "ApiKey" || kind == "Credential") return CheckAccess(caller, Access::kOperator);
  if (kind == "Subscription") return CheckAccess(caller, Access::kNamed);
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
  const bool operates = May(caller.principal, Right::kOperate);
  if (resource.has_subscription())
    return operates || policy::SubscriberOf(resource.subscription()) == caller.principal.id;
  if (resource.has_product()) return operates || CanSee(caller.principal, resource.product());
  return !resource.has_server() || CanSee(caller.principal, resource.name(), resource.server());
}

void HideSecrets(const Catalog& catalog, const Caller& caller, portolan::v1::Resource& resource) {
  ClearHashes(resource);
  MaskSecrets(resource);
  if (resource.has_server() && !MayKnowSuccessor(catalog, caller, resource))
    resource.mutable_server()->clear_successor();
  if (resource.has_access_request() && !Approves(caller, resource.access_request()))
    resource.mutable_access_request()->clear_server();
  if (!caller.admin()) MaskEnvironment(resource);
}

}  // namespace registry
