#include "policy/role_book.h"

#include <algorithm>

namespace policy {
namespace {

namespace v1 = portolan::v1;

std::string_view NameOf(v1::Role::Value role) {
  switch (role) {
    case v1::Role::VIEWER: return "viewer";
    case v1::Role::PUBLISHER: return "publisher";
    case v1::Role::APPROVER: return "approver";
    case v1::Role::OPERATOR: return "operator";
    case v1::Role::ADMIN: return "admin";
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

void RoleBook::Put(const std::string& name, const v1::RoleBinding& binding) {
  Remove(name);
  Binding kept{{NameOf(binding.role()), {binding.namespaces().begin(), binding.namespaces().end()}},
               {binding.subjects().begin(), binding.subjects().end()}};
  for (const std::string& subject : kept.subjects) by_subject_.emplace(subject, name);
  bindings_.emplace(name, std::move(kept));
}

void RoleBook::Remove(std::string_view name) {
  const auto binding = bindings_.find(name);
  if (binding == bindings_.end()) return;
  for (const std::string& subject : binding->second.subjects) {
    const auto [begin, end] = by_subject_.equal_range(subject);
    const auto entry =
        std::find_if(begin, end, [&](const auto& one) { return one.second == name; });
    if (entry != end) by_subject_.erase(entry);
  }
  bindings_.erase(binding);
}

std::vector<base::auth::RoleGrant> RoleBook::RolesOf(const base::auth::Principal& principal) const {
  std::vector<base::auth::RoleGrant> grants;
  // Nobody in particular is nobody's subject.
  if (principal.anonymous() || bindings_.empty()) return grants;
  for (const std::string& subject : SubjectsOf(principal)) {
    const auto [begin, end] = by_subject_.equal_range(subject);
    for (auto found = begin; found != end; ++found)
      grants.push_back(bindings_.find(found->second)->second.grant);
  }
  return grants;
}

}  // namespace policy
