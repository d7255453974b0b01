#include "base/auth/principal.h"

#include <algorithm>

namespace base::auth {

std::string_view KindName(PrincipalKind kind) {
  switch (kind) {
    case PrincipalKind::kAnonymous: return "anonymous";
    case PrincipalKind::kAgent: return "agent";
    case PrincipalKind::kUser: return "user";
    case PrincipalKind::kService: return "service";
  }
  return "anonymous";
}

bool Principal::HasRole(std::string_view role) const {
  return std::find(roles.begin(), roles.end(), role) != roles.end();
}

}  // namespace base::auth
