#include "cli/registry_client.h"

#include <grpcpp/grpcpp.h>

#include <utility>

#include "base/rpc/channel.h"
#include "portolan/v1/access_service.grpc.pb.h"
#include "portolan/v1/audit_service.grpc.pb.h"
#include "portolan/v1/catalog_service.grpc.pb.h"
#include "portolan/v1/fleet_service.grpc.pb.h"
#include "portolan/v1/maintenance_service.grpc.pb.h"
#include "portolan/v1/sync_service.grpc.pb.h"
#include "portolan/v1/usage_service.grpc.pb.h"

namespace cli {
namespace {

constexpr std::chrono::seconds kDeadline{15};
constexpr std::chrono::seconds kProbeDeadline{120};
constexpr std::chrono::seconds kSyncDeadline{3600};
constexpr std::chrono::hours kBackupDeadline{6};

}  // namespace

struct RegistryClient::Stubs {
  Stubs(const base::rpc::Peer& registry, const std::string& token)
      : address_(registry.address), token_(token) {
    auto opened = base::rpc::OpenChannel(registry);
    if (opened) {
      channel = std::move(*opened);
    } else {
      // Whatever is asked, the answer is why not.
      broken = {grpc::StatusCode::INVALID_ARGUMENT, "--registry-ca " + opened.error().message};
      channel = grpc::CreateChannel("", nullptr);
    }
    catalog = v1::CatalogService::NewStub(channel);
    access = v1::AccessService::NewStub(channel);
    fleet = v1::FleetService::NewStub(channel);
    usage = v1::UsageService::NewStub(channel);
    audit = v1::AuditService::NewStub(channel);
    sync = v1::SyncService::NewStub(channel);
    maintenance = v1::MaintenanceService::NewStub(channel);
  }

  template <class Stub, class Request, class Response>
  base::Result<Response> Ask(Stub& stub,
                             grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&,
                                                          Response*),
                             const Request& request) {
    if (!broken.ok()) return ErrorFrom(broken);
    grpc::ClientContext context;
    Prepare(context, kDeadline);
    Response response;
    grpc::Status status = (stub.*method)(&context, request, &response);
    if (!status.ok()) return ErrorFrom(status);
    return response;
  }

  // `deadline` zero: none.
  void Prepare(grpc::ClientContext& context, std::chrono::seconds deadline) {
    if (deadline.count() > 0) context.set_deadline(std::chrono::system_clock::now() + deadline);
    if (!token_.empty()) context.AddMetadata("authorization", "Bearer " + token_);
  }

  base::Error ErrorFrom(const grpc::Status& status) const {
    auto code = static_cast<base::Code>(status.error_code());
    std::string message = status.error_message();
    // The library's own words for "nobody there" are long and name no one.
    bool nobody = code == base::Code::kUnavailable &&
                  (message.find("failed to connect") != std::string::npos ||
                   message.find("ocket closed") != std::string::npos ||
                   message.find("onnection reset") != std::string::npos ||
                   message.find("DNS resolution") != std::string::npos);
    if (nobody && message.find("andshake") != std::string::npos) {
      return base::Fail(code, "no TLS with " + address_ + ": " + message);
    }
    if (nobody) message = "no registry answers at " + address_;
    if (code == base::Code::kDeadlineExceeded && message == "Deadline Exceeded") {
      message = "the registry at " + address_ + " did not answer in time";
    }
    if (message.empty()) message = std::string(base::CodeName(code));
    return base::Fail(code, std::move(message));
  }

  const std::string& address_;
  const std::string& token_;
  grpc::Status broken;
  std::shared_ptr<grpc::Channel> channel;
  std::unique_ptr<v1::CatalogService::Stub> catalog;
  std::unique_ptr<v1::AccessService::Stub> access;
  std::unique_ptr<v1::FleetService::Stub> fleet;
  std::unique_ptr<v1::UsageService::Stub> usage;
  std::unique_ptr<v1::AuditService::Stub> audit;
  std::unique_ptr<v1::SyncService::Stub> sync;
  std::unique_ptr<v1::MaintenanceService::Stub> maintenance;
};

RegistryClient::RegistryClient(base::rpc::Peer registry, std::string token)
    : registry_(std::move(registry)),
      token_(std::move(token)),
      stubs_(std::make_unique<Stubs>(registry_, token_)) {}
RegistryClient::~RegistryClient() = default;

base::Result<v1::GetResponse> RegistryClient::Get(const v1::GetRequest& request) {
  return stubs_->Ask(*stubs_->catalog, &v1::CatalogService::Stub::Get, request);
}

base::Result<std::vector<v1::Resource>> RegistryClient::List(v1::ListRequest request) {
  std::vector<v1::Resource> resources;
  request.set_page_size(500);
  do {
    auto page = stubs_->Ask(*stubs_->catalog, &v1::CatalogService::Stub::List, request);
    if (!page) return page.error();
    for (auto& resource : *page->mutable_resources()) resources.push_back(std::move(resource));
    request.set_page_token(page->next_page_token());
  } while (!request.page_token().empty());
  return resources;
}

base::Result<v1::PutResponse> RegistryClient::Put(const v1::PutRequest& request) {
  return stubs_->Ask(*stubs_->catalog, &v1::CatalogService::Stub::Put, request);
}
base::Result<v1::ApplyResponse> RegistryClient::Apply(const v1::ApplyRequest& request) {
  return stubs_->Ask(*stubs_->catalog, &v1::CatalogService::Stub::Apply, request);
}
base::Result<v1::ImportResponse> RegistryClient::Import(const v1::ImportRequest& request) {
  return stubs_->Ask(*stubs_->catalog, &v1::CatalogService::Stub::Import, request);
}
base::Result<v1::DeleteResponse> RegistryClient::Delete(const v1::DeleteRequest& request) {
  return stubs_->Ask(*stubs_->catalog, &v1::CatalogService::Stub::Delete, request);
}
base::Result<v1::ListDependenciesResponse> RegistryClient::ListDependencies(
    const v1::ListDependenciesRequest& request) {
  return stubs_->Ask(*stubs_->catalog, &v1::CatalogService::Stub::ListDependencies, request);
}
base::Result<v1::ReviewResponse> RegistryClient::Review(const v1::ReviewRequest& request) {
  return stubs_->Ask(*stubs_->catalog, &v1::CatalogService::Stub::Review, request);
}
base::Result<v1::ChangeLifecycleResponse> RegistryClient::ChangeLifecycle(
    const v1::ChangeLifecycleRequest& request) {
  return stubs_->Ask(*stubs_->catalog, &v1::CatalogService::Stub::ChangeLifecycle, request);
}
base::Result<v1::GetDefinitionsResponse> RegistryClient::GetDefinitions(
    const v1::GetDefinitionsRequest& request) {
  return stubs_->Ask(*stubs_->catalog, &v1::CatalogService::Stub::GetDefinitions, request);
}
base::Result<v1::GetDriftResponse> RegistryClient::GetDrift(const v1::GetDriftRequest& request) {
  return stubs_->Ask(*stubs_->catalog, &v1::CatalogService::Stub::GetDrift, request);
}
base::Result<v1::DecideDriftResponse> RegistryClient::DecideDrift(
    const v1::DecideDriftRequest& request) {
  return stubs_->Ask(*stubs_->catalog, &v1::CatalogService::Stub::DecideDrift, request);
}
base::Result<v1::ListStatusResponse> RegistryClient::ListStatus(
    const v1::ListStatusRequest& request) {
  return stubs_->Ask(*stubs_->catalog, &v1::CatalogService::Stub::ListStatus, request);
}
base::Result<v1::SearchResponse> RegistryClient::Search(const v1::SearchRequest& request) {
  return stubs_->Ask(*stubs_->catalog, &v1::CatalogService::Stub::Search, request);
}
base::Result<v1::EffectivePolicyResponse> RegistryClient::EffectivePolicy(
    const v1::EffectivePolicyRequest& request) {
  return stubs_->Ask(*stubs_->catalog, &v1::CatalogService::Stub::EffectivePolicy, request);
}
base::Result<v1::ExplainResponse> RegistryClient::Explain(const v1::ExplainRequest& request) {
  return stubs_->Ask(*stubs_->catalog, &v1::CatalogService::Stub::Explain, request);
}
base::Result<v1::DescribeResponse> RegistryClient::Describe() {
  return stubs_->Ask(*stubs_->catalog, &v1::CatalogService::Stub::Describe, v1::DescribeRequest());
}

base::Result<void> RegistryClient::Probe(
    const v1::ProbeRequest& request,
    const std::function<void(const v1::ProbeResponse&)>& on_event) {
  grpc::ClientContext context;
  stubs_->Prepare(context, kProbeDeadline);
  auto reader = stubs_->catalog->Probe(&context, request);
  v1::ProbeResponse event;
  while (reader->Read(&event)) on_event(event);
  grpc::Status status = reader->Finish();
  if (!status.ok()) return stubs_->ErrorFrom(status);
  return {};
}

base::Result<v1::CreateKeyResponse> RegistryClient::CreateKey(const v1::CreateKeyRequest& request) {
  return stubs_->Ask(*stubs_->access, &v1::AccessService::Stub::CreateKey, request);
}
base::Result<v1::RevokeKeyResponse> RegistryClient::RevokeKey(const v1::RevokeKeyRequest& request) {
  return stubs_->Ask(*stubs_->access, &v1::AccessService::Stub::RevokeKey, request);
}
base::Result<v1::RotateKeyResponse> RegistryClient::RotateKey(const v1::RotateKeyRequest& request) {
  return stubs_->Ask(*stubs_->access, &v1::AccessService::Stub::RotateKey, request);
}
base::Result<v1::ChangeKeyResponse> RegistryClient::ChangeKey(const v1::ChangeKeyRequest& request) {
  return stubs_->Ask(*stubs_->access, &v1::AccessService::Stub::ChangeKey, request);
}
base::Result<v1::SubscribeResponse> RegistryClient::Subscribe(const v1::SubscribeRequest& request) {
  return stubs_->Ask(*stubs_->access, &v1::AccessService::Stub::Subscribe, request);
}
base::Result<v1::DecideSubscriptionResponse> RegistryClient::DecideSubscription(
    const v1::DecideSubscriptionRequest& request) {
  return stubs_->Ask(*stubs_->access, &v1::AccessService::Stub::DecideSubscription, request);
}
base::Result<v1::ChangeSubscriptionResponse> RegistryClient::ChangeSubscription(
    const v1::ChangeSubscriptionRequest& request) {
  return stubs_->Ask(*stubs_->access, &v1::AccessService::Stub::ChangeSubscription, request);
}
base::Result<v1::CreateTokenResponse> RegistryClient::CreateToken(
    const v1::CreateTokenRequest& request) {
  return stubs_->Ask(*stubs_->access, &v1::AccessService::Stub::CreateToken, request);
}
base::Result<v1::RevokeTokenResponse> RegistryClient::RevokeToken(
    const v1::RevokeTokenRequest& request) {
  return stubs_->Ask(*stubs_->access, &v1::AccessService::Stub::RevokeToken, request);
}
base::Result<v1::IssueCallTokenResponse> RegistryClient::IssueCallToken() {
  return stubs_->Ask(*stubs_->access, &v1::AccessService::Stub::IssueCallToken,
                     v1::IssueCallTokenRequest());
}
base::Result<v1::RequestAccessResponse> RegistryClient::RequestAccess(
    const v1::RequestAccessRequest& request) {
  return stubs_->Ask(*stubs_->access, &v1::AccessService::Stub::RequestAccess, request);
}
base::Result<v1::DecideAccessResponse> RegistryClient::DecideAccess(
    const v1::DecideAccessRequest& request) {
  return stubs_->Ask(*stubs_->access, &v1::AccessService::Stub::DecideAccess, request);
}
base::Result<v1::CreatePortalLinkResponse> RegistryClient::CreatePortalLink() {
  return stubs_->Ask(*stubs_->access, &v1::AccessService::Stub::CreatePortalLink,
                     v1::CreatePortalLinkRequest());
}
base::Result<v1::PurgeCacheResponse> RegistryClient::PurgeCache(
    const v1::PurgeCacheRequest& request) {
  return stubs_->Ask(*stubs_->fleet, &v1::FleetService::Stub::PurgeCache, request);
}

base::Result<v1::ListGatewaysResponse> RegistryClient::ListGateways() {
  return stubs_->Ask(*stubs_->fleet, &v1::FleetService::Stub::ListGateways,
                     v1::ListGatewaysRequest());
}
base::Result<v1::ListAuditResponse> RegistryClient::ListAudit(const v1::ListAuditRequest& request) {
  return stubs_->Ask(*stubs_->audit, &v1::AuditService::Stub::ListAudit, request);
}
base::Result<v1::VerifyAuditResponse> RegistryClient::VerifyAudit() {
  return stubs_->Ask(*stubs_->audit, &v1::AuditService::Stub::VerifyAudit,
                     v1::VerifyAuditRequest());
}
base::Result<v1::ListSyncResponse> RegistryClient::ListSync(const v1::ListSyncRequest& request) {
  return stubs_->Ask(*stubs_->sync, &v1::SyncService::Stub::ListSync, request);
}
base::Result<void> RegistryClient::RunSync(
    const v1::RunSyncRequest& request,
    const std::function<void(const v1::SyncStatus&)>& on_status) {
  grpc::ClientContext context;
  stubs_->Prepare(context, kSyncDeadline);
  auto reader = stubs_->sync->RunSync(&context, request);
  v1::RunSyncResponse event;
  while (reader->Read(&event)) on_status(event.status());
  grpc::Status status = reader->Finish();
  if (!status.ok()) return stubs_->ErrorFrom(status);
  return {};
}
base::Result<v1::ListCallsResponse> RegistryClient::ListCalls(const v1::ListCallsRequest& request) {
  return stubs_->Ask(*stubs_->usage, &v1::UsageService::Stub::ListCalls, request);
}

base::Result<void> RegistryClient::Backup(
    const v1::BackupRequest& request,
    const std::function<bool(const v1::BackupResponse&)>& on_piece) {
  grpc::ClientContext context;
  stubs_->Prepare(context, kBackupDeadline);
  auto reader = stubs_->maintenance->Backup(&context, request);
  v1::BackupResponse piece;
  while (reader->Read(&piece)) {
    if (!on_piece(piece)) context.TryCancel();
  }
  grpc::Status status = reader->Finish();
  if (!status.ok()) return stubs_->ErrorFrom(status);
  return {};
}

base::Result<void> RegistryClient::WatchCalls(
    const v1::WatchCallsRequest& request,
    const std::function<void(const v1::CallRecord&)>& on_call) {
  grpc::ClientContext context;
  stubs_->Prepare(context, std::chrono::seconds(0));
  auto reader = stubs_->usage->WatchCalls(&context, request);
  v1::WatchCallsResponse event;
  while (reader->Read(&event)) on_call(event.call());
  grpc::Status status = reader->Finish();
  if (!status.ok()) return stubs_->ErrorFrom(status);
  return {};
}

}  // namespace cli
