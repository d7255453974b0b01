// FleetService's methods: gateways join, follow, and report. And CatalogService.Probe, which asks
// one of them.
#pragma once

#include <memory>
#include <string>

#include "registry/catalog/audit.h"
#include "registry/catalog/call_log.h"
#include "registry/catalog/catalog.h"
#include "registry/catalog/quota_book.h"
#include "registry/service/authenticator.h"
#include "registry/service/fleet.h"
#include "registry/service/methods.h"

namespace registry {

class FleetService {
 public:
  // `tick` rings about every second: the heartbeat.
  // `version` is the registry's own; `vault` opens what gateways are to use.
  FleetService(Catalog& catalog, CallLog& calls, Audit& audit, QuotaBook& quotas, Fleet& fleet,
               Authenticator& authenticator, const OwnKeys& keys, Vault& vault, Bell& tick,
               const base::Clock& clock, std::string version)
      : catalog_(catalog),
        calls_(calls),
        audit_(audit),
        quotas_(quotas),
        fleet_(fleet),
        authenticator_(authenticator),
        keys_(keys),
        vault_(vault),
        tick_(tick),
        clock_(clock),
        version_(std::move(version)) {}

  base::Result<v1::JoinResponse> Join(const Caller& caller, const v1::JoinRequest& request);
  base::Result<std::unique_ptr<Stream>> Follow(const Caller& caller,
                                               const v1::FollowRequest& request, Wake wake);
  base::Result<v1::ReportResponse> Report(const Caller& caller, const v1::ReportRequest& request);
  base::Result<v1::LeaseQuotasResponse> LeaseQuotas(const Caller& caller,
                                                    const v1::LeaseQuotasRequest& request);
  base::Result<v1::ListGatewaysResponse> ListGateways(const Caller& caller,
                                                      const v1::ListGatewaysRequest& request);
  base::Result<v1::PurgeCacheResponse> PurgeCache(const Caller& caller,
                                                  const v1::PurgeCacheRequest& request);
  base::Result<std::unique_ptr<Stream>> Probe(const Caller& caller, const v1::ProbeRequest& request,
                                              Wake wake);

 private:
  Catalog& catalog_;
  CallLog& calls_;
  Audit& audit_;
  QuotaBook& quotas_;
  Fleet& fleet_;
  Authenticator& authenticator_;
  const OwnKeys& keys_;
  Vault& vault_;
  Bell& tick_;
  const base::Clock& clock_;
  const std::string version_;
};

}  // namespace registry
