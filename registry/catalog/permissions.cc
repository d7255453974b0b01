#include "registry/catalog/permissions.h"

#include <algorithm>
#include <array>

namespace registry {
namespace {

namespace v1 = portolan::v1;

constexpr std::array<Right, 5> kAll = {Right::kView, Right::kPublish, Right::kApprove,
                                       Right::kOperate, Right::kAdminister};

// Whether a role holds a right: each its own, every one of the five viewing, admin all.
bool Holds(std::string_view role, Right right) {
  if (role == RoleWith(right) || role == RoleWith(Right::kAdminister)) return true;
  return right == Right::kView &&
         std::any_of(kAll.begin(), kAll.end(), [&](Right own) { return role == RoleWith(own); });
}

}  // namespace

std::string_view RoleWith(Right right) {
  switch (right) {
    case Right::kView: return "viewer";
    case Right::kPublish: return "publisher";
    case Right::kApprove: return "approver";
    case Right::kOperate: return "operator";
    case Right::kAdminister: return "admin";
  }
  return "admin";
}

bool May(const base::auth::Principal& who, Right right) {
  return std::any_of(who.roles.begin(), who.roles.end(), [&](const auto& grant) {
    return Holds(grant.role, right) && grant.namespaces.empty();
  });
}

bool MayIn(const base::auth::Principal& who, Right right, std::string_view name_space) {
  return std::any_of(who.roles.begin(), who.roles.end(), [&](const auto& grant) {
    return Holds(grant.role, right) && grant.Covers(name_space);
  });
}

bool MaySomewhere(const base::auth::Principal& who, Right right) {
  return std::any_of(who.roles.begin(), who.roles.end(),
                     [&](const auto& grant) { return Holds(grant.role, right); });
}

std::string_view NamespaceOf(std::string_view server) { return server.substr(0, server.find('/')); }

Needed ToWrite(const v1::Resource& resource) {
  switch (resource.spec_case()) {
    case v1::Resource::kServer:
    case v1::Resource::kServerVersion: return {Right::kPublish, NamespaceOf(resource.name())};
    case v1::Resource::kPolicySet: {
      const std::string& server = resource.policy_set().attach().server();
      return {Right::kOperate, server.empty() ? std::string_view() : NamespaceOf(server)};
    }
    case v1::Resource::kEnvironment:
    case v1::Resource::kConsumer:
    case v1::Resource::kApiKey:
    case v1::Resource::kProduct:
    case v1::Resource::kSubscription: return {Right::kOperate, {}};
    case v1::Resource::kAccessRequest:
      return {Right::kApprove, NamespaceOf(resource.access_request().server())};
    case v1::Resource::kToken:
    case v1::Resource::kRoleBinding:
    case v1::Resource::kMetadataSchema:
    case v1::Resource::kIdentityProvider:
    case v1::Resource::kSyncSource:
    case v1::Resource::kCredential:
    case v1::Resource::SPEC_NOT_SET: break;
  }
  return {Right::kAdminister, {}};
}

base::Result<void> CheckMay(const base::auth::Principal& who, Needed needed) {
  const bool may = needed.name_space.empty() ? May(who, needed.right)
                                             : MayIn(who, needed.right, needed.name_space);
  if (may) return {};
  std::string message = "this needs role " + std::string(RoleWith(needed.right));
  if (!needed.name_space.empty()) {
    message += " in namespace " + std::string(needed.name_space.substr(0, 200));
  } else if (MaySomewhere(who, needed.right)) {
    message += " everywhere, not in some namespaces";
  }
  return base::Fail(base::Code::kPermissionDenied, message + "; " + who.id + " has it not");
}

}  // namespace registry
