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

bool RoleGrant::Covers(std::string_view name_space) const {
  return namespaces.empty() ||
         std::any_of(namespaces.begin(), namespaces.end(), [&](std::string_view pattern) {
           if (!pattern.ends_with(".*")) return pattern == name_space;
           return name_space == pattern.substr(0, pattern.size() - 2) ||
                  name_space.starts_with(pattern.substr(0, pattern.size() - 1));
         });
}

bool Principal::HasRole(std::string_view role) const {
  return std::any_of(roles.begin(), roles.end(), [&](const RoleGrant& grant) {
    return grant.role == role && grant.namespaces.empty();
  });
}

bool Principal::HasRoleIn(std::string_view role, std::string_view name_space) const {
  return std::any_of(roles.begin(), roles.end(), [&](const RoleGrant& grant) {
    return grant.role == role && grant.Covers(name_space);
  });
}

}  // namespace base::auth
