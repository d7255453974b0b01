#include "registry/service/role_book.h"

#include <algorithm>

#include "registry/catalog/permissions.h"

namespace registry {
namespace {

std::string_view RoleName(v1::Role::Value role) {
  switch (role) {
    case v1::Role::VIEWER: return RoleWith(Right::kView);
    case v1::Role::PUBLISHER: return RoleWith(Right::kPublish);
    case v1::Role::APPROVER: return RoleWith(Right::kApprove);
    case v1::Role::OPERATOR: return RoleWith(Right::kOperate);
    case v1::Role::ADMIN: return RoleWith(Right::kAdminister);
    default: return "";
  }
}

// As bindings spell whom they mean.
std::vector<std::string> SubjectsOf(const base::auth::Principal& principal) {
  std::vector<std::string> subjects = {"principal:" + principal.id};
  if (principal.id.starts_with("token/")) subjects.push_back("token:" + principal.id.substr(6));
  for (const std::string& group : principal.groups) subjects.push_back("group:" + group);
  return subjects;
}

}  // namespace

std::vector<base::auth::RoleGrant> RoleBook::RolesOf(const base::auth::Principal& principal) const {
  std::vector<base::auth::RoleGrant> grants;
  // Nobody in particular is nobody's subject.
  if (principal.anonymous()) return grants;
  const std::vector<std::string> subjects = SubjectsOf(principal);
  std::lock_guard lock(mutex_);
  for (const std::string& subject : subjects) {
    const auto [begin, end] = by_subject_.equal_range(subject);
    for (auto found = begin; found != end; ++found) {
      const v1::RoleBinding& binding = bindings_.at(found->second);
      grants.emplace_back(
          RoleName(binding.role()),
          std::vector<std::string>(binding.namespaces().begin(), binding.namespaces().end()));
    }
  }
  return grants;
}

void RoleBook::OnChanges(std::span<const v1::Change> changes) {
  std::lock_guard lock(mutex_);
  for (const v1::Change& change : changes) {
    const v1::Resource& resource = change.resource();
    if (change.deleted() ? resource.kind() != "RoleBinding" : !resource.has_role_binding())
      continue;
    std::erase_if(by_subject_, [&](const auto& entry) { return entry.second == resource.name(); });
    if (change.deleted()) {
      bindings_.erase(resource.name());
      continue;
    }
    bindings_[resource.name()] = resource.role_binding();
    for (const std::string& subject : resource.role_binding().subjects()) {
      by_subject_.emplace(subject, resource.name());
    }
  }
}

}  // namespace registry
