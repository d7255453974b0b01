#include "registry/service/caller.h"

namespace registry {
namespace {

base::Result<void> NeedRole(const Caller& caller, Access access, bool has) {
  if (has) return {};
  if (caller.principal.anonymous()) {
    return base::Fail(base::Code::kUnauthenticated,
                      "this needs a token (Authorization: Bearer ...); the admin token lies in "
                      "admin.token of the data directory");
  }
  const std::string_view role = access == Access::kMember   ? "a role in the catalog"
                                : access == Access::kWriter ? "role publisher, approver or operator"
                                : access == Access::kOperator ? "role operator"
                                                              : "role admin";
  return base::Fail(base::Code::kPermissionDenied,
                    "this needs " + std::string(role) + "; " + caller.principal.id + " has it not");
}

}  // namespace

base::Result<void> CheckAccess(const Caller& caller, Access access) {
  switch (access) {
    case Access::kAnyone: return {};
    case Access::kReader:
      if (!caller.principal.anonymous() || caller.local) return {};
      return base::Fail(
          base::Code::kUnauthenticated,
          "reading needs a token (Authorization: Bearer ...), except directly from this machine");
    case Access::kNamed:
      if (!caller.principal.anonymous()) return {};
      return base::Fail(base::Code::kUnauthenticated,
                        "this needs a key or a token (Authorization: Bearer ...): say who you are");
    case Access::kMember:
      return NeedRole(caller, access, MaySomewhere(caller.principal, Right::kView));
    case Access::kWriter:
      return NeedRole(caller, access,
                      MaySomewhere(caller.principal, Right::kPublish) ||
                          MaySomewhere(caller.principal, Right::kApprove) ||
                          MaySomewhere(caller.principal, Right::kOperate));
    case Access::kOperator: return NeedRole(caller, access, May(caller.principal, Right::kOperate));
    case Access::kAdmin: return NeedRole(caller, access, caller.admin());
    case Access::kGateway:
      if (!caller.gateway.empty()) return {};
      return base::Fail(caller.principal.anonymous() ? base::Code::kUnauthenticated
                                                     : base::Code::kPermissionDenied,
                        "only a gateway that has joined may do this");
  }
  return base::Fail(base::Code::kInternal, "no such access");
}

}  // namespace registry
