#include "registry/service/methods.h"

#include "registry/service/access_service.h"
#include "registry/service/catalog_service.h"
#include "registry/service/fleet_service.h"
#include "registry/service/usage_service.h"

namespace registry {

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
Methods AllMethods(CatalogService& catalog, AccessService& access, FleetService& fleet, UsageService& usage) {
  Methods methods;
  methods.Unary(Access::kReader, "CatalogService", "Get", catalog, &CatalogService::Get);
  methods.Unary(Access::kReader, "CatalogService", "List", catalog, &CatalogService::List);
  methods.Unary(Access::kAdmin, "CatalogService", "Put", catalog, &CatalogService::Put);
  methods.Unary(Access::kAdmin, "CatalogService", "Apply", catalog, &CatalogService::Apply);
  methods.Unary(Access::kAdmin, "CatalogService", "Import", catalog, &CatalogService::Import);
  methods.Unary(Access::kAdmin, "CatalogService", "Delete", catalog, &CatalogService::Delete);
  methods.Streaming<v1::WatchResponse>(Access::kReader, "CatalogService", "Watch", catalog, &CatalogService::Watch);
  methods.Unary(Access::kReader, "CatalogService", "GetDefinitions", catalog, &CatalogService::GetDefinitions);
  methods.Unary(Access::kReader, "CatalogService", "ListStatus", catalog, &CatalogService::ListStatus);
  methods.Streaming<v1::WatchStatusResponse>(Access::kReader, "CatalogService", "WatchStatus", catalog, &CatalogService::WatchStatus);
  methods.Streaming<v1::ProbeResponse>(Access::kAdmin, "CatalogService", "Probe", fleet, &FleetService::Probe);
  methods.Unary(Access::kReader, "CatalogService", "Search", catalog, &CatalogService::Search);
  methods.Unary(Access::kReader, "CatalogService", "EffectivePolicy", catalog, &CatalogService::EffectivePolicy);
  methods.Unary(Access::kAnyone, "CatalogService", "Describe", catalog, &CatalogService::Describe);
  methods.Unary(Access::kAdmin, "AccessService", "CreateKey", access, &AccessService::CreateKey);
  methods.Unary(Access::kAdmin, "AccessService", "RevokeKey", access, &AccessService::RevokeKey);
  methods.Unary(Access::kAdmin, "AccessService", "IssueCallToken", access, &AccessService::IssueCallToken);
  methods.Unary(Access::kAdmin, "AccessService", "CreatePortalLink", access, &AccessService::CreatePortalLink);
  methods.Unary(Access::kAnyone, "AccessService", "WhoAmI", access, &AccessService::WhoAmI);
  methods.Unary(Access::kAnyone, "FleetService", "Join", fleet, &FleetService::Join);
  methods.Streaming<v1::FollowResponse>(Access::kGateway, "FleetService", "Follow", fleet, &FleetService::Follow);
  methods.Unary(Access::kGateway, "FleetService", "Report", fleet, &FleetService::Report);
  methods.Unary(Access::kReader, "FleetService", "ListGateways", fleet, &FleetService::ListGateways);
  methods.Unary(Access::kAdmin, "UsageService", "ListCalls", usage, &UsageService::ListCalls);
  methods.Streaming<v1::WatchCallsResponse>(Access::kAdmin, "UsageService", "WatchCalls", usage, &UsageService::WatchCalls);
  return methods;
}
// clang-format on

}  // namespace registry
