#include "cli/registry_url.h"

#include "base/auth/read_capability.h"

namespace cli {

std::optional<std::string> RegistryUrlOf(Context& context, const std::string& credential) {
  const auto capability = base::auth::ReadCapability::For(credential);
  if (!capability) return std::nullopt;
  const auto described = context.registry().Describe();
  if (!described || described->public_url().empty()) return std::nullopt;
  return described->public_url() + "/r/" + capability->ToString();
}

}  // namespace cli
