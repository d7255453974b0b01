// The RoleBook says which roles a principal has: every RoleBinding, in memory, by subject.
//
// Follows the catalog, so a binding that is taken away counts from the next request on. Any thread.
#pragma once

#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "base/auth/principal.h"
#include "registry/catalog/watch.h"

namespace registry {

class RoleBook final : public Observer {
 public:
  // What the bindings give to its id, its groups and, for `token/NAME`, to that token.
  std::vector<base::auth::RoleGrant> RolesOf(const base::auth::Principal& principal) const;

  void OnChanges(std::span<const v1::Change> changes) override;
  void OnDefinitions(const v1::ServerDefinitions&) override {}

 private:
  mutable std::mutex mutex_;
  // Under mutex_
  std::map<std::string, v1::RoleBinding> bindings_;                  // by name
  std::multimap<std::string, std::string, std::less<>> by_subject_;  // subject -> name
};

}  // namespace registry
