#include "gateway/edge/given_roles.h"

namespace gateway {

GivenRoles::Principal GivenRoles::With(const Principal& proven, const Callers& callers) {
  if (version_ != callers.version() || known_.size() >= kMax) known_.clear();
  version_ = callers.version();
  if (const auto known = known_.find(proven.get()); known != known_.end())
    return known->second.with_roles;
  auto roles = callers.RolesOf(*proven);
  Principal with_roles = proven;
  if (!roles.empty()) {
    base::auth::Principal copy = *proven;
    copy.roles = std::move(roles);
    with_roles = std::make_shared<const base::auth::Principal>(std::move(copy));
  }
  known_.emplace(proven.get(), Entry{proven, with_roles});
  return with_roles;
}

}  // namespace gateway
