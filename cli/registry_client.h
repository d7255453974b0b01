// The registry over gRPC, as the verbs ask it: plain blocking calls, each with a deadline.
//
// Errors carry the registry's own sentence; when nobody answers at all, they say where nobody
// answered.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/rpc/peer.h"
#include "portolan/v1/access_service.pb.h"
#include "portolan/v1/audit_service.pb.h"
#include "portolan/v1/catalog_service.pb.h"
#include "portolan/v1/fleet_service.pb.h"
#include "portolan/v1/maintenance_service.pb.h"
#include "portolan/v1/sync_service.pb.h"
#include "portolan/v1/usage_service.pb.h"

namespace cli {

namespace v1 = portolan::v1;

class RegistryClient {
 public:
  // `token` may be empty: reading is anonymous from loopback.
  RegistryClient(base::rpc::Peer registry, std::string token);
  ~RegistryClient();

  const std::string& address() const { return registry_.address; }

  base::Result<v1::GetResponse> Get(const v1::GetRequest& request);
  // All pages.
  base::Result<std::vector<v1::Resource>> List(v1::ListRequest request);
  base::Result<v1::PutResponse> Put(const v1::PutRequest& request);
  base::Result<v1::ApplyResponse> Apply(const v1::ApplyRequest& request);
  base::Result<v1::ImportResponse> Import(const v1::ImportRequest& request);
  base::Result<v1::DeleteResponse> Delete(const v1::DeleteRequest& request);
  base::Result<v1::ListDependenciesResponse> ListDependencies(
      const v1::ListDependenciesRequest& request);
  base::Result<v1::ReviewResponse> Review(const v1::ReviewRequest& request);
  base::Result<v1::ChangeLifecycleResponse> ChangeLifecycle(
      const v1::ChangeLifecycleRequest& request);
  base::Result<v1::GetDefinitionsResponse> GetDefinitions(const v1::GetDefinitionsRequest& request);
  base::Result<v1::GetDriftResponse> GetDrift(const v1::GetDriftRequest& request);
  base::Result<v1::DecideDriftResponse> DecideDrift(const v1::DecideDriftRequest& request);
  base::Result<v1::ListStatusResponse> ListStatus(const v1::ListStatusRequest& request);
  base::Result<v1::SearchResponse> Search(const v1::SearchRequest& request);
  base::Result<v1::EffectivePolicyResponse> EffectivePolicy(
      const v1::EffectivePolicyRequest& request);
  base::Result<v1::ExplainResponse> Explain(const v1::ExplainRequest& request);
  base::Result<v1::DescribeResponse> Describe();
  // Each event as it comes, until the stream ends.
  base::Result<void> Probe(const v1::ProbeRequest& request,
                           const std::function<void(const v1::ProbeResponse&)>& on_event);

  base::Result<v1::CreateKeyResponse> CreateKey(const v1::CreateKeyRequest& request);
  base::Result<v1::RevokeKeyResponse> RevokeKey(const v1::RevokeKeyRequest& request);
  base::Result<v1::RotateKeyResponse> RotateKey(const v1::RotateKeyRequest& request);
  base::Result<v1::ChangeKeyResponse> ChangeKey(const v1::ChangeKeyRequest& request);
  base::Result<v1::SubscribeResponse> Subscribe(const v1::SubscribeRequest& request);
  base::Result<v1::DecideSubscriptionResponse> DecideSubscription(
      const v1::DecideSubscriptionRequest& request);
  base::Result<v1::ChangeSubscriptionResponse> ChangeSubscription(
      const v1::ChangeSubscriptionRequest& request);
  base::Result<v1::CreateTokenResponse> CreateToken(const v1::CreateTokenRequest& request);
  base::Result<v1::RevokeTokenResponse> RevokeToken(const v1::RevokeTokenRequest& request);
  base::Result<v1::IssueCallTokenResponse> IssueCallToken();
  base::Result<v1::CreatePortalLinkResponse> CreatePortalLink();
  base::Result<v1::RequestAccessResponse> RequestAccess(const v1::RequestAccessRequest& request);
  base::Result<v1::DecideAccessResponse> DecideAccess(const v1::DecideAccessRequest& request);

  base::Result<v1::ListGatewaysResponse> ListGateways();
  base::Result<v1::PurgeCacheResponse> PurgeCache(const v1::PurgeCacheRequest& request);

  base::Result<v1::ListAuditResponse> ListAudit(const v1::ListAuditRequest& request);
  base::Result<v1::VerifyAuditResponse> VerifyAudit();

  base::Result<v1::ListSyncResponse> ListSync(const v1::ListSyncRequest& request);
  // Each state as it comes, until the run has ended.
  base::Result<void> RunSync(const v1::RunSyncRequest& request,
                             const std::function<void(const v1::SyncStatus&)>& on_status);
  // Each piece as it comes; ends early when `on_piece` says false.
  base::Result<void> Backup(const v1::BackupRequest& request,
                            const std::function<bool(const v1::BackupResponse&)>& on_piece);

  base::Result<v1::ListCallsResponse> ListCalls(const v1::ListCallsRequest& request);
  base::Result<void> WatchCalls(const v1::WatchCallsRequest& request,
                                const std::function<void(const v1::CallRecord&)>& on_call);

 private:
  struct Stubs;

  const base::rpc::Peer registry_;
  const std::string token_;
  std::unique_ptr<Stubs> stubs_;
};

}  // namespace cli
