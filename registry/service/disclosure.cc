#include "registry/service/disclosure.h"

#include "registry/catalog/visibility.h"

namespace registry {

base::Result<void> CheckMayRead(const Caller& caller, std::string_view kind) {
  if (kind != "ApiKey") return {};
  return CheckAccess(caller, Access::kAdmin);
}

bool MaySee(const Caller& caller, const portolan::v1::Resource& resource) {
  return !resource.has_server() || CanSee(caller.principal, resource.server());
}

void HideSecrets(const Caller& caller, portolan::v1::Resource& resource) {
  if (resource.has_api_key()) resource.mutable_api_key()->clear_sha256();
  if (caller.admin() || !resource.server().endpoint().has_stdio()) return;
  for (auto& variable :
       *resource.mutable_server()->mutable_endpoint()->mutable_stdio()->mutable_env()) {
    variable.set_value("***");
  }
}

}  // namespace registry
