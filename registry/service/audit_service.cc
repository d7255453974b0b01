#include "registry/service/audit_service.h"

namespace registry {

base::Result<v1::ListAuditResponse> AuditService::ListAudit(const Caller&,
                                                            const v1::ListAuditRequest& request) {
  return audit_.List(request);
}

base::Result<v1::VerifyAuditResponse> AuditService::VerifyAudit(const Caller&,
                                                                const v1::VerifyAuditRequest&) {
  return audit_.Verify();
}

}  // namespace registry
