// AuditService's methods: what was changed, by whom, and whether the chain of it is whole.
#pragma once

#include "portolan/v1/audit_service.pb.h"
#include "registry/catalog/audit.h"
#include "registry/service/methods.h"

namespace registry {

namespace v1 = portolan::v1;

class AuditService {
 public:
  explicit AuditService(const Audit& audit) : audit_(audit) {}

  base::Result<v1::ListAuditResponse> ListAudit(const Caller& caller,
                                                const v1::ListAuditRequest& request);
  base::Result<v1::VerifyAuditResponse> VerifyAudit(const Caller& caller,
                                                    const v1::VerifyAuditRequest& request);

 private:
  const Audit& audit_;
};

}  // namespace registry
