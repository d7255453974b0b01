// A RoleBook says which roles a principal has: the RoleBindings of the catalog, by subject. One rule for
// the registry and for every gateway.
//
// A value; one thread.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/auth/principal.h"
#include "portolan/v1/access.pb.h"

namespace policy {

class RoleBook {
 public:
  // Adds the binding of that name, or replaces it.
  void Put(const std::string& name, const portolan::v1::RoleBinding& binding);
  void Remove(std::string_view name);

  // What the bindings give to its id, its groups and, for `token/NAME`, to that token.
  std::vector<base::auth::RoleGrant> RolesOf(const base::auth::Principal& principal) const;

 private:
  struct Binding {
    base::auth::RoleGrant grant;
    std::vector<std::string> subjects;
  };

  std::map<std::string, Binding, std::less<>> bindings_;             // by name
  std::multimap<std::string, std::string, std::less<>> by_subject_;  // subject -> name
};

}  // namespace policy
