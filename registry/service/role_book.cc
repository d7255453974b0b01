#include "registry/service/role_book.h"

namespace registry {

std::vector<base::auth::RoleGrant> RoleBook::RolesOf(const base::auth::Principal& principal) const {
  const std::lock_guard lock(mutex_);
  return book_.RolesOf(principal);
}

void RoleBook::OnChanges(std::span<const v1::Change> changes) {
  const std::lock_guard lock(mutex_);
  for (const v1::Change& change : changes) {
    const v1::Resource& resource = change.resource();
    if (change.deleted() && resource.kind() == "RoleBinding") book_.Remove(resource.name());
    if (!change.deleted() && resource.has_role_binding())
      book_.Put(resource.name(), resource.role_binding());
  }
}

}  // namespace registry
