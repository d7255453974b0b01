#include "registry/service/methods.h"

#include "registry/service/access_service.h"
#include "registry/service/audit_service.h"
#include "registry/service/catalog_service.h"
#include "registry/service/fleet_service.h"
#include "registry/service/maintenance_service.h"
#include "registry/service/proven_stream.h"
#include "registry/service/sync_service.h"
#include "registry/service/usage_service.h"

namespace registry {

base::Result<void> Method::Admit(const Caller& caller) const {
  auto ok = CheckAccess(caller, access);
  if (ok.has_error() && access != Access::kReader && refused) refused(caller, ok.error());
  return ok;
}

base::Result<void> Method::Run(const Caller& caller, const google::protobuf::Message& question,
                               google::protobuf::Message& answer) const {
  auto done = unary(caller, question, answer);
  const bool is_refusal = done.has_error() && (done.error().code == base::Code::kPermissionDenied ||
                                               done.error().code == base::Code::kUnauthenticated);
  if (is_refusal && refused) refused(caller, done.error());
  return done;
}

base::Result<std::unique_ptr<Stream>> Method::Open(const Caller& caller,
                                                   const google::protobuf::Message& question,
                                                   Wake wake) const {
  if (!second || !caller.still) return stream(caller, question, std::move(wake));
  auto opened = stream(caller, question, wake);
  if (opened.has_error()) return opened;
  std::unique_ptr<Stream> proven =
      std::make_unique<ProvenStream>(std::move(*opened), caller.still, *second, wake);
  return proven;
}

void Methods::EndStreamsWithTheirCallers(Bell& second) {
  for (Method& method : methods_) method.second = &second;
}

void Methods::OnRefused(
    const std::function<void(const Method&, const Caller&, const base::Error&)>& refused) {
  for (Method& method : methods_) {
    method.refused = [refused, &method](const Caller& caller, const base::Error& error) {
      refused(method, caller, error);
    };
  }
}

const Method* Methods::Find(std::string_view path) const {
  for (const Method& method : methods_) {
    if (path.size() == method.service.size() + 1 + method.name.size() &&
        path.starts_with(method.service) && path[method.service.size()] == '/' &&
        path.ends_with(method.name)) {
      return &method;
    }
  }
  return nullptr;
}

// clang-format off
Methods AllMethods(CatalogService& catalog, AccessService& access, FleetService& fleet, UsageService& usage,
                   AuditService& audit, SyncService& sync, MaintenanceService& maintenance) {
  Methods methods;
  methods.Unary(Access::kReader, "CatalogService", "Get", catalog, &CatalogService::Get);
  methods.Unary(Access::kReader, "CatalogService", "List", catalog, &CatalogService::List);
  methods.Unary(Access::kWriter, "CatalogService", "Import", catalog, &CatalogService::Import);
  methods.Unary(Access::kWriter, "CatalogService", "Put", catalog, &CatalogService::Put);
  methods.Unary(Access::kWriter, "CatalogService", "Apply", catalog, &CatalogService::Apply);
  methods.Unary(Access::kWriter, "CatalogService", "Delete", catalog, &CatalogService::Delete);
  methods.Unary(Access::kReader, "CatalogService", "ListDependencies", catalog, &CatalogService::ListDependencies);
  methods.Unary(Access::kWriter, "CatalogService", "Review", catalog, &CatalogService::Review);
  methods.Unary(Access::kWriter, "CatalogService", "ChangeLifecycle", catalog, &CatalogService::ChangeLifecycle);
  methods.Streaming<v1::WatchResponse>(Access::kReader, "CatalogService", "Watch", catalog, &CatalogService::Watch);
  methods.Unary(Access::kReader, "CatalogService", "GetDefinitions", catalog, &CatalogService::GetDefinitions);
  methods.Unary(Access::kReader, "CatalogService", "GetDrift", catalog, &CatalogService::GetDrift);
  methods.Unary(Access::kWriter, "CatalogService", "DecideDrift", catalog, &CatalogService::DecideDrift);
  methods.Unary(Access::kReader, "CatalogService", "ListStatus", catalog, &CatalogService::ListStatus);
  methods.Streaming<v1::WatchStatusResponse>(Access::kReader, "CatalogService", "WatchStatus", catalog, &CatalogService::WatchStatus);
  methods.Streaming<v1::ProbeResponse>(Access::kWriter, "CatalogService", "Probe", fleet, &FleetService::Probe);
  methods.Unary(Access::kReader, "CatalogService", "Search", catalog, &CatalogService::Search);
  methods.Unary(Access::kReader, "CatalogService", "EffectivePolicy", catalog, &CatalogService::EffectivePolicy);
  methods.Unary(Access::kReader, "CatalogService", "Explain", catalog, &CatalogService::Explain);
  methods.Unary(Access::kAnyone, "CatalogService", "Describe", catalog, &CatalogService::Describe);
  methods.Unary(Access::kOperator, "AccessService", "CreateKey", access, &AccessService::CreateKey);
  methods.Unary(Access::kOperator, "AccessService", "RevokeKey", access, &AccessService::RevokeKey);
  methods.Unary(Access::kOperator, "AccessService", "RotateKey", access, &AccessService::RotateKey);
  methods.Unary(Access::kOperator, "AccessService", "ChangeKey", access, &AccessService::ChangeKey);
  methods.Unary(Access::kNamed, "AccessService", "Subscribe", access, &AccessService::Subscribe);
  methods.Unary(Access::kOperator, "AccessService", "DecideSubscription", access, &AccessService::DecideSubscription);
  methods.Unary(Access::kNamed, "AccessService", "ChangeSubscription", access, &AccessService::ChangeSubscription);
  methods.Unary(Access::kAdmin, "AccessService", "CreateToken", access, &AccessService::CreateToken);
  methods.Unary(Access::kAdmin, "AccessService", "RevokeToken", access, &AccessService::RevokeToken);
  methods.Unary(Access::kMember, "AccessService", "IssueCallToken", access, &AccessService::IssueCallToken);
  methods.Unary(Access::kAdmin, "AccessService", "CreatePortalLink", access, &AccessService::CreatePortalLink);
  methods.Unary(Access::kAnyone, "AccessService", "WhoAmI", access, &AccessService::WhoAmI);
  methods.Unary(Access::kNamed, "AccessService", "RequestAccess", access, &AccessService::RequestAccess);
  methods.Unary(Access::kWriter, "AccessService", "DecideAccess", access, &AccessService::DecideAccess);
  methods.Unary(Access::kAnyone, "FleetService", "Join", fleet, &FleetService::Join);
  methods.Streaming<v1::FollowResponse>(Access::kGateway, "FleetService", "Follow", fleet, &FleetService::Follow);
  methods.Unary(Access::kGateway, "FleetService", "Report", fleet, &FleetService::Report);
  methods.Unary(Access::kGateway, "FleetService", "LeaseQuotas", fleet, &FleetService::LeaseQuotas);
  methods.Unary(Access::kReader, "FleetService", "ListGateways", fleet, &FleetService::ListGateways);
  methods.Unary(Access::kWriter, "FleetService", "PurgeCache", fleet, &FleetService::PurgeCache);
  methods.Unary(Access::kOperator, "UsageService", "ListCalls", usage, &UsageService::ListCalls);
  methods.Streaming<v1::WatchCallsResponse>(Access::kOperator, "UsageService", "WatchCalls", usage, &UsageService::WatchCalls);
  methods.Unary(Access::kAdmin, "AuditService", "ListAudit", audit, &AuditService::ListAudit);
  methods.Unary(Access::kAdmin, "AuditService", "VerifyAudit", audit, &AuditService::VerifyAudit);
  methods.Unary(Access::kOperator, "SyncService", "ListSync", sync, &SyncService::ListSync);
  methods.Streaming<v1::RunSyncResponse>(Access::kOperator, "SyncService", "RunSync", sync, &SyncService::RunSync);
  methods.Streaming<v1::BackupResponse>(Access::kAdmin, "MaintenanceService", "Backup", maintenance, &MaintenanceService::Backup);
  methods.Unary(Access::kAdmin, "MaintenanceService", "RotateMasterKey", maintenance, &MaintenanceService::RotateMasterKey);
  return methods;
}
// clang-format on

}  // namespace registry
