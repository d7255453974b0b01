// CatalogService's methods: what callers may see of the catalog, and the streams that follow it.
#pragma once

#include <functional>
#include <memory>

#include "policy/effective_policy.h"
#include "registry/catalog/catalog.h"
#include "registry/service/methods.h"
#include "registry/service/watcher_sight.h"

namespace registry {

class CatalogService {
 public:
  struct Surroundings {
    // Rings about every second: streams that say they are alive.
    Bell& tick;
    std::function<base::Result<v1::SearchResponse>(const base::auth::Principal&,
                                                   const v1::SearchRequest&)>
        search;
    std::string version;
    std::string public_url;
    std::string gateway_public_url;
    std::function<int()> gateways_connected;
    SeenServers servers_seen;
  };
  CatalogService(Catalog& catalog, Surroundings surroundings)
      : catalog_(catalog), around_(std::move(surroundings)) {}

  base::Result<v1::GetResponse> Get(const Caller& caller, const v1::GetRequest& request);
  base::Result<v1::ListResponse> List(const Caller& caller, const v1::ListRequest& request);
  base::Result<v1::PutResponse> Put(const Caller& caller, const v1::PutRequest& request);
  base::Result<v1::ApplyResponse> Apply(const Caller& caller, const v1::ApplyRequest& request);
  base::Result<v1::ImportResponse> Import(const Caller& caller, const v1::ImportRequest& request);
  base::Result<v1::DeleteResponse> Delete(const Caller& caller, const v1::DeleteRequest& request);
  base::Result<v1::ListDependenciesResponse> ListDependencies(
      const Caller& caller, const v1::ListDependenciesRequest& request);
  base::Result<v1::ReviewResponse> Review(const Caller& caller, const v1::ReviewRequest& request);
  base::Result<v1::ChangeLifecycleResponse> ChangeLifecycle(
      const Caller& caller, const v1::ChangeLifecycleRequest& request);
  base::Result<std::unique_ptr<Stream>> Watch(const Caller& caller, const v1::WatchRequest& request,
                                              Wake wake);
  base::Result<v1::GetDefinitionsResponse> GetDefinitions(const Caller& caller,
                                                          const v1::GetDefinitionsRequest& request);
  base::Result<v1::GetDriftResponse> GetDrift(const Caller& caller,
                                              const v1::GetDriftRequest& request);
  base::Result<v1::DecideDriftResponse> DecideDrift(const Caller& caller,
                                                    const v1::DecideDriftRequest& request);
  base::Result<v1::ListStatusResponse> ListStatus(const Caller& caller,
                                                  const v1::ListStatusRequest& request);
  base::Result<std::unique_ptr<Stream>> WatchStatus(const Caller& caller,
                                                    const v1::WatchStatusRequest& request,
                                                    Wake wake);
  base::Result<v1::SearchResponse> Search(const Caller& caller, const v1::SearchRequest& request);
  base::Result<v1::EffectivePolicyResponse> EffectivePolicy(
      const Caller& caller, const v1::EffectivePolicyRequest& request);
  base::Result<v1::ExplainResponse> Explain(const Caller& caller,
                                            const v1::ExplainRequest& request);
  base::Result<v1::DescribeResponse> Describe(const Caller& caller,
                                              const v1::DescribeRequest& request);

 private:
  base::Result<v1::Resource> VisibleServer(const Caller& caller, const std::string& name) const;
  // kNotFound for one that the caller does not see.
  base::Result<void> CheckProduct(const Caller& caller, const std::string& product) const;
  // Of a product, those servers that the caller does not see.
  void HideServers(const Caller& caller, v1::Resource& resource) const;
  // By its own name, or its server's.
  bool MaySeeVersion(const Caller& caller, const std::string& name) const;

  Catalog& catalog_;
  const Surroundings around_;
};

}  // namespace registry
