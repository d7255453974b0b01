#include "registry/service/catalog_service.h"

#include <algorithm>
#include <chrono>
#include <optional>

#include "mcp/raw_json.h"
#include "policy/explanation.h"
#include "registry/catalog/dependencies.h"
#include "registry/catalog/validate.h"
#include "registry/service/call_governance.h"
#include "registry/service/catalog_import.h"
#include "registry/service/catalog_streams.h"
#include "registry/service/disclosure.h"

namespace registry {
namespace {

constexpr std::size_t kMaxArgumentsBytes = 1024 * 1024;

base::Error NoSuch(const std::string& kind, const std::string& name) {
  return base::Fail(base::Code::kNotFound, "no " + kind + " '" + name.substr(0, 200) + "'");
}

base::Error NoServer(const std::string& name) { return NoSuch("Server", name); }

std::int64_t NowMillis() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::milliseconds>(now).count();
}

}  // namespace

base::Result<v1::Resource> CatalogService::VisibleServer(const Caller& caller,
                                                         const std::string& name) const {
  auto server = catalog_.Get("Server", name);
  if (server.has_value() && !MaySee(caller, *server)) return NoServer(name);
  return server;
}

bool CatalogService::MaySeeVersion(const Caller& caller, const std::string& name) const {
  return VisibleServer(caller, name.substr(0, name.find('@'))).has_value();
}

void CatalogService::HideServers(const Caller& caller, v1::Resource& resource) const {
  if (!resource.has_product() || May(caller.principal, Right::kView)) return;
  auto& servers = *resource.mutable_product()->mutable_servers();
  servers.erase(
      std::remove_if(servers.begin(), servers.end(),
                     [&](const auto& name) { return VisibleServer(caller, name).has_error(); }),
      servers.end());
}

base::Result<v1::GetResponse> CatalogService::Get(const Caller& caller,
                                                  const v1::GetRequest& request) {
  if (const auto ok = CheckMayRead(caller, request.kind()); ok.has_error()) return ok.error();
  auto resource = catalog_.Get(request.kind(), request.name());
  if (resource.has_error()) return resource.error();
  if (!MaySee(caller, *resource)) return NoSuch(request.kind(), request.name());
  HideServers(caller, *resource);
  if (resource->has_server_version() && !MaySeeVersion(caller, resource->name())) {
    return NoSuch("ServerVersion", request.name());
  }
  HideSecrets(catalog_, caller, *resource);
  v1::GetResponse response;
  *response.mutable_resource() = std::move(*resource);
  return response;
}

base::Result<v1::ListResponse> CatalogService::List(const Caller& caller,
                                                    const v1::ListRequest& request) {
  if (const auto ok = CheckMayRead(caller, request.kind()); ok.has_error()) return ok.error();
  auto response = catalog_.List(request);
  if (response.has_error()) return response.error();
  auto& resources = *response->mutable_resources();
  // Versions come by name, so those of one server follow each other.
  std::string server;
  bool seen = false;
  const auto hidden = [&](const v1::Resource& resource) {
    if (!resource.has_server_version()) return !MaySee(caller, resource);
    const std::string of = resource.name().substr(0, resource.name().find('@'));
    if (of != server) seen = MaySeeVersion(caller, of);
    server = of;
    return !seen;
  };
  resources.erase(std::remove_if(resources.begin(), resources.end(), hidden), resources.end());
  for (v1::Resource& resource : resources) {
    HideServers(caller, resource);
    HideSecrets(catalog_, caller, resource);
  }
  return response;
}

base::Result<v1::PutResponse> CatalogService::Put(const Caller& caller,
                                                  const v1::PutRequest& request) {
  auto resource = catalog_.Put(caller.writer(), request);
  if (resource.has_error()) return resource.error();
  HideSecrets(catalog_, caller, *resource);
  v1::PutResponse response;
  *response.mutable_resource() = std::move(*resource);
  return response;
}

base::Result<v1::ApplyResponse> CatalogService::Apply(const Caller& caller,
                                                      const v1::ApplyRequest& request) {
  return catalog_.Apply(caller.writer(), request);
}

base::Result<v1::ImportResponse> CatalogService::Import(const Caller& caller,
                                                        const v1::ImportRequest& request) {
  const ApplyAs apply = [&](const v1::ApplyRequest& part) {
    return catalog_.ApplySeen(caller.writer(), part);
  };
  return registry::Import(catalog_, apply, request);
}

base::Result<v1::DeleteResponse> CatalogService::Delete(const Caller& caller,
                                                        const v1::DeleteRequest& request) {
  // Beside the write, not inside it: nobody else waits while the catalog is walked.
  const auto leaning = catalog_.ListDependencies(caller.principal, request.kind(), request.name());
  if (leaning.has_error()) return leaning.error();
  const auto revision = catalog_.Delete(caller.writer(), request);
  if (revision.has_error()) return revision.error();
  v1::DeleteResponse response;
  response.set_revision(*revision);
  for (const std::string& warning : Warnings(leaning->dependents())) response.add_warnings(warning);
  return response;
}

base::Result<v1::ListDependenciesResponse> CatalogService::ListDependencies(
    const Caller& caller, const v1::ListDependenciesRequest& request) {
  v1::GetRequest named;
  named.set_kind(request.kind());
  named.set_name(request.name());
  // Whoever may not see the resource learns nothing of it.
  const auto found = Get(caller, named);
  if (found.has_error()) return found.error();
  return catalog_.ListDependencies(caller.principal, request.kind(), found->resource().name());
}

base::Result<v1::ReviewResponse> CatalogService::Review(const Caller& caller,
                                                        const v1::ReviewRequest& request) {
  if (const auto server = VisibleServer(caller, request.server()); server.has_error())
    return server.error();
  auto reviewed = catalog_.Review(caller.writer(request.reason()), request);
  if (reviewed.has_error()) return reviewed.error();
  HideSecrets(catalog_, caller, *reviewed);
  v1::ReviewResponse response;
  *response.mutable_resource() = std::move(*reviewed);
  return response;
}

base::Result<v1::ChangeLifecycleResponse> CatalogService::ChangeLifecycle(
    const Caller& caller, const v1::ChangeLifecycleRequest& request) {
  if (const auto server = VisibleServer(caller, request.server()); server.has_error())
    return server.error();
  if (!request.successor().empty()) {
    const auto successor = VisibleServer(caller, request.successor());
    if (successor.has_error()) return FieldError("/successor", successor.error().message);
  }
  auto moved = catalog_.ChangeLifecycle(caller.writer(request.reason()), request);
  if (moved.has_error()) return moved.error();
  HideSecrets(catalog_, caller, *moved);
  v1::ChangeLifecycleResponse response;
  *response.mutable_resource() = std::move(*moved);
  return response;
}

base::Result<std::unique_ptr<Stream>> CatalogService::Watch(const Caller& caller,
                                                            const v1::WatchRequest& request,
                                                            Wake wake) {
  return OpenWatch(catalog_, around_.tick, caller, request, around_.servers_seen, std::move(wake));
}

base::Result<v1::GetDefinitionsResponse> CatalogService::GetDefinitions(
    const Caller& caller, const v1::GetDefinitionsRequest& request) {
  const auto server = VisibleServer(caller, request.server());
  if (server.has_error()) return server.error();
  return catalog_.GetDefinitions(server->name(),
                                 request.lint() ? Catalog::Lint::kYes : Catalog::Lint::kNo);
}

base::Result<v1::GetDriftResponse> CatalogService::GetDrift(const Caller& caller,
                                                            const v1::GetDriftRequest& request) {
  const auto server = VisibleServer(caller, request.server());
  if (server.has_error()) return server.error();
  return catalog_.GetDrift(server->name());
}

base::Result<v1::DecideDriftResponse> CatalogService::DecideDrift(
    const Caller& caller, const v1::DecideDriftRequest& request) {
  return catalog_.DecideDrift(caller.writer(), request);
}

base::Result<v1::ListStatusResponse> CatalogService::ListStatus(
    const Caller& caller, const v1::ListStatusRequest& request) {
  auto response = catalog_.ListStatus(request);
  if (response.has_error() || caller.admin()) return response;
  auto& statuses = *response->mutable_statuses();
  statuses.erase(std::remove_if(statuses.begin(), statuses.end(),
                                [&](const v1::ServerStatus& status) {
                                  return VisibleServer(caller, status.server()).has_error();
                                }),
                 statuses.end());
  return response;
}

base::Result<std::unique_ptr<Stream>> CatalogService::WatchStatus(const Caller& caller,
                                                                  const v1::WatchStatusRequest&,
                                                                  Wake wake) {
  return OpenWatchStatus(
      catalog_,
      [this, caller](const std::string& server) {
        return VisibleServer(caller, server).has_value();
      },
      std::move(wake));
}

base::Result<v1::SearchResponse> CatalogService::Search(const Caller& caller,
                                                        const v1::SearchRequest& request) {
  return around_.search(caller.principal, request);
}

// Products are told of by name to those who see them.
base::Result<void> CatalogService::CheckProduct(const Caller& caller,
                                                const std::string& product) const {
  if (product.empty()) return {};
  const auto known = catalog_.Get("Product", product);
  if (known.has_value() && !MaySee(caller, *known)) return NoSuch("Product", product);
  return known.has_error() ? base::Result<void>(known.error()) : base::Result<void>();
}

base::Result<v1::EffectivePolicyResponse> CatalogService::EffectivePolicy(
    const Caller& caller, const v1::EffectivePolicyRequest& request) {
  const auto server = VisibleServer(caller, request.server());
  if (server.has_error()) return server.error();
  if (const auto ok = CheckProduct(caller, request.product()); ok.has_error()) return ok.error();
  const auto governance = CallGovernance::Read(
      catalog_, {server->name(), request.consumer(), request.product(), NowMillis()});
  if (governance.has_error()) return governance.error();
  v1::EffectivePolicyResponse response;
  for (const policy::EffectiveRule& rule : governance->policy.rules)
    *response.add_rules() = policy::ShownRule(rule);
  response.set_errors(governance->policy.errors);
  response.set_explain(governance->policy.explain);
  return response;
}

base::Result<v1::ExplainResponse> CatalogService::Explain(const Caller& caller,
                                                          const v1::ExplainRequest& request) {
  const auto server = VisibleServer(caller, request.server());
  if (server.has_error()) return server.error();
  const std::string arguments = request.arguments_json().empty() ? "{}" : request.arguments_json();
  if (arguments.size() > kMaxArgumentsBytes || !mcp::IsJson(arguments) ||
      !mcp::IsObject(arguments)) {
    return base::Fail(base::Code::kInvalidArgument,
                      "/arguments_json: must be an object, of at most 1 MiB");
  }
  std::optional<v1::Resource> consumer;
  if (!request.consumer().empty()) {
    auto known = catalog_.Get("Consumer", request.consumer());
    if (known.has_error()) return known.error();
    consumer = *std::move(known);
  }
  const auto definitions = catalog_.GetDefinitions(server->name(), Catalog::Lint::kNo);
  if (definitions.has_error()) return definitions.error();
  if (const auto ok = CheckProduct(caller, request.product()); ok.has_error()) return ok.error();
  const std::int64_t now_ms = NowMillis();
  const auto governance = CallGovernance::Read(
      catalog_, {server->name(), request.consumer(), request.product(), now_ms});
  if (governance.has_error()) return governance.error();
  v1::ExplainResponse response = policy::ExplainCall({.server = *server,
                                                      .consumer = consumer ? &*consumer : nullptr,
                                                      .definitions = *definitions,
                                                      .policy = governance->policy,
                                                      .entitlement = governance->entitlement,
                                                      .tool = request.tool(),
                                                      .arguments_json = arguments,
                                                      .now_unix_ms = now_ms});
  // Who has subscribed to what is for themselves and for operators to know.
  const bool own = caller.principal.id == "consumer/" + request.consumer();
  if (!own && !May(caller.principal, Right::kOperate)) response.clear_subscription();
  return response;
}

base::Result<v1::DescribeResponse> CatalogService::Describe(const Caller&,
                                                            const v1::DescribeRequest&) {
  v1::DescribeResponse response;
  response.set_version(around_.version);
  response.set_public_url(around_.public_url);
  response.set_gateway_public_url(around_.gateway_public_url);
  response.set_revision(catalog_.revision());
  response.set_gateways_connected(around_.gateways_connected());
  return response;
}

}  // namespace registry
