// The registry's RoleBook: every RoleBinding, in memory.
//
// Follows the catalog, so a binding that is taken away counts from the next request on. Any thread.
#pragma once

#include <mutex>
#include <vector>

#include "policy/role_book.h"
#include "registry/catalog/watch.h"

namespace registry {

class RoleBook final : public Observer {
 public:
  std::vector<base::auth::RoleGrant> RolesOf(const base::auth::Principal& principal) const;

  void OnChanges(std::span<const v1::Change> changes) override;
  void OnDefinitions(const v1::ServerDefinitions&) override {}

 private:
  mutable std::mutex mutex_;
  policy::RoleBook book_;  // under mutex_
};

}  // namespace registry
