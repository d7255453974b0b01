#include "registry/service/fleet_service.h"

#include <algorithm>

#include "base/log.h"
#include "registry/catalog/names.h"
#include "registry/catalog/validate.h"
#include "registry/service/disclosure.h"
#include "registry/service/fleet_streams.h"
#include "registry/service/sealed_for_gateway.h"
#include "registry/service/version_skew.h"

namespace registry {
namespace {

constexpr std::size_t kBoxKeyBytes = 32;
constexpr std::size_t kMaxItemBytes = 4096;
constexpr std::chrono::seconds kPurgeWithin{2};

// What one gateway reports about one server is no reason to lose the rest of its report.
void Log(const std::string& gateway, std::string_view what, const base::Result<void>& result) {
  if (result.has_error() && result.error().code != base::Code::kNotFound) {
    spdlog::warn("gateway={} report={} error=\"{}\"", gateway, what, result.error().message);
  }
}

}  // namespace

base::Result<v1::JoinResponse> FleetService::Join(const Caller& caller,
                                                  const v1::JoinRequest& request) {
  if (!authenticator_.IsJoinToken(request.join_token())) {
    return base::Fail(base::Code::kUnauthenticated,
                      "this join token is not ours; see: portolan gateway token");
  }
  if (!IsLabel(request.name())) return FieldError("/name", "must be 1 to 63 of a-z, 0-9 and '-'");
  if (request.public_key().size() != kBoxKeyBytes)
    return FieldError("/public_key", "must have 32 bytes");
  if (const auto ok = CheckGatewayVersion(request.version(), version_); ok.has_error())
    return ok.error();
  v1::AuditRecord joined;
  joined.set_principal("gateway/" + request.name());
  joined.set_authentication("join_token");
  joined.set_address(caller.address);
  joined.set_face(std::string(caller.face));
  joined.set_action(v1::AuditAction::CREATED);
  joined.set_kind("Gateway");
  joined.set_name(request.name());
  const auto credential =
      authenticator_.NewGatewayCredential(request.name(), request.public_key(), std::move(joined));
  if (credential.has_error()) return credential.error();
  auto sealed = SealTo(request.public_key(), *credential);
  if (sealed.has_error()) return sealed.error().WithContext("/public_key");
  v1::JoinResponse response;
  *response.mutable_credential() = std::move(*sealed);
  spdlog::info("gateway={} joined", request.name());
  return response;
}

base::Result<std::unique_ptr<Stream>> FleetService::Follow(const Caller& caller,
                                                           const v1::FollowRequest& request,
                                                           Wake wake) {
  if (request.from_revision() < 0) return FieldError("/from_revision", "must not be negative");
  if (const auto ok = CheckGatewayVersion(request.version(), version_); ok.has_error())
    return ok.error();
  const auto public_key = authenticator_.GatewayPublicKey(caller.gateway);
  if (public_key.has_error()) return public_key.error();
  v1::KeyRing ring;
  for (const std::string& key : keys_.session_ring) ring.add_keys(key);
  auto sealed = SealTo(*public_key, ring.SerializeAsString());
  if (sealed.has_error()) return sealed.error();
  v1::Keys keys;
  *keys.mutable_session_ring() = std::move(*sealed);
  keys.add_call_token_public_keys(keys_.call_tokens.public_key);
  keys.set_registry_version(version_);
  return OpenFollow({catalog_, fleet_, tick_, clock_}, {caller.gateway, *public_key, vault_},
                    request, std::move(keys), std::move(wake));
}

base::Result<v1::ReportResponse> FleetService::Report(const Caller& caller,
                                                      const v1::ReportRequest& request) {
  fleet_.Heard(caller.gateway, request);
  for (const v1::ServerDefinitions& definitions : request.definitions()) {
    Log(caller.gateway, definitions.server(), catalog_.ReportDefinitions(definitions));
  }
  const std::vector<v1::ServerStatus> statuses(request.statuses().begin(),
                                               request.statuses().end());
  Log(caller.gateway, "status", catalog_.ReportStatus(statuses));
  // After the definitions: who hears that a probe ended finds them in the catalog.
  for (const v1::ProbeReport& probe : request.probes()) fleet_.ProbeEvent(caller.gateway, probe);
  if (const auto kept = audit_.AppendRefusals(caller.gateway, request.refusals()); kept.has_error())
    return kept.error();
  if (const auto stored = calls_.Append(request.calls()); stored.has_error()) return stored.error();
  return v1::ReportResponse();
}

base::Result<v1::LeaseQuotasResponse> FleetService::LeaseQuotas(
    const Caller& caller, const v1::LeaseQuotasRequest& request) {
  return quotas_.Lease(caller.gateway, request);
}

base::Result<v1::ListGatewaysResponse> FleetService::ListGateways(const Caller& caller,
                                                                  const v1::ListGatewaysRequest&) {
  v1::ListGatewaysResponse response = fleet_.List();
  // What was refused and has been replaced since is no matter any more; what the caller may not
  // see is not told of.
  for (v1::GatewayStatus& gateway : *response.mutable_gateways()) {
    auto& rejections = *gateway.mutable_rejections();
    rejections.erase(
        std::remove_if(rejections.begin(), rejections.end(),
                       [&](const v1::Rejection& rejection) {
                         const auto now = catalog_.Get(rejection.kind(), rejection.name());
                         return now.has_error() || now->revision() != rejection.revision() ||
                                !MaySee(caller, *now);
                       }),
        rejections.end());
  }
  return response;
}

base::Result<v1::PurgeCacheResponse> FleetService::PurgeCache(
    const Caller& caller, const v1::PurgeCacheRequest& request) {
  if (request.item().size() > kMaxItemBytes)
    return FieldError("/item", "longer than " + std::to_string(kMaxItemBytes) + " bytes");
  std::string server;
  if (!request.server().empty()) {
    const auto found = catalog_.Get("Server", request.server());
    if (found.has_error()) return found.error();
    if (!MaySee(caller, *found)) {
      return base::Fail(base::Code::kNotFound,
                        "no Server '" + request.server().substr(0, 200) + "'");
    }
    server = found->name();
  }
  if (const auto may = CheckMay(caller.principal, {Right::kOperate, NamespaceOf(server)});
      may.has_error())
    return may.error();
  spdlog::info("cache purge server=\"{}\" item=\"{}\" by={}", server, request.item(),
               caller.principal.id);
  return fleet_.Forget(server, request.item(), kPurgeWithin);
}

base::Result<std::unique_ptr<Stream>> FleetService::Probe(const Caller& caller,
                                                          const v1::ProbeRequest& request,
                                                          Wake wake) {
  const auto server = catalog_.Get("Server", request.server());
  if (server.has_error()) return server.error();
  if (!MaySee(caller, *server)) {
    return base::Fail(base::Code::kNotFound, "no Server '" + request.server().substr(0, 200) + "'");
  }
  if (!server->server().has_endpoint()) {
    return base::Fail(base::Code::kFailedPrecondition,
                      "'" + server->name() + "' is external: it has no endpoint to be reached at");
  }
  auto probe = fleet_.Order(server->name(), server->server().endpoint().has_stdio(), wake);
  if (probe.has_error()) return probe.error();
  return OpenProbe({catalog_, fleet_, tick_, clock_}, std::move(*probe), std::move(wake));
}

}  // namespace registry
