#include "registry/service/caller.h"

namespace registry {

base::Result<void> CheckAccess(const Caller& caller, Access access) {
  switch (access) {
    case Access::kAnyone: return {};
    case Access::kReader:
      if (!caller.principal.anonymous() || caller.local) return {};
      return base::Fail(
          base::Code::kUnauthenticated,
          "reading needs a token (Authorization: Bearer ...), except directly from this machine");
    case Access::kAdmin:
      if (caller.admin()) return {};
      if (!caller.principal.anonymous()) {
        return base::Fail(base::Code::kPermissionDenied,
                          "only role admin may do this, not " + caller.principal.id);
      }
      return base::Fail(base::Code::kUnauthenticated,
                        "this needs the admin token (Authorization: Bearer ...); it lies in "
                        "admin.token of the data "
                        "directory");
    case Access::kGateway:
      if (!caller.gateway.empty()) return {};
      return base::Fail(caller.principal.anonymous() ? base::Code::kUnauthenticated
                                                     : base::Code::kPermissionDenied,
                        "only a gateway that has joined may do this");
  }
  return base::Fail(base::Code::kInternal, "no such access");
}

}  // namespace registry
