// The RegistryApi answers the official MCP Registry's REST API, reading and writing (openapi.yaml
// 2025-12-01), at each of the places of registry_path.h:
//
//   GET    /servers?cursor&limit&search&updated_since&version&include_deleted
//   GET    /servers/{name}/versions      /servers/{name}/versions/{version|latest}
//   POST   /publish    /validate         a server.json
//   PUT    /servers/{name}/versions/{version}            DELETE the same: marks it deleted
//   PATCH  /servers/{name}/versions/{version}/status     /servers/{name}/status: of all versions
//   POST   /auth/{none|github-at|oidc|github-oidc}       a token of ours or of a provider becomes a registry token
//   GET    /health  /ping  /version
//
// HEAD wherever GET; OPTIONS everywhere, for any origin. A cursor carries what was searched, since
// clients drop the other parameters on later pages. Reading is answered on the loop from memory,
// writing on the pool. Below a capability nothing is written.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "base/http/server.h"
#include "registry/service/authenticator.h"
#include "registry/service/caller.h"
#include "registry/service/publishing.h"
#include "registry/service/registry_answer.h"
#include "registry/service/registry_tokens.h"
#include "registry/service/server_listing.h"
#include "registry/service/worker_pool.h"

namespace registry {

class RegistryApi {
 public:
  struct Parts {
    const ServerListing& listing;
    Publishing& publishing;
    Authenticator& authenticator;
    const RegistryTokens& tokens;
    WorkerPool& pool;
    base::Loop& loop;
    // Told of each write that is refused to somebody: `Publish`, `Edit`, `Delete`, `SetStatus`,
    // `Exchange`. Any thread.
    std::function<void(const Caller&, std::string_view what, base::Code why)> refused;
  };
  explicit RegistryApi(const Parts& parts) : parts_(parts) {}

  // REQUIRES: RegistryPath::Read(exchange.head().path).
  base::Task<void> Serve(base::http::Exchange& exchange, base::Result<Caller> caller) const;

  // The same without a socket. Write blocks.
  using Answer = RegistryAnswer;
  Answer Get(std::string_view path, std::string_view query, const Caller& caller) const;
  Answer Write(std::string_view method, std::string_view path, std::string_view body,
               const Caller& caller) const;

 private:
  Answer List(std::string_view query, const Caller& caller) const;
  Answer Versions(const std::string& name, std::string_view query, const Caller& caller) const;
  Answer Version(const std::string& name, const std::string& version, std::string_view query,
                 const Caller& caller) const;
  Answer DoWrite(std::string_view method, std::string_view path, std::string_view body,
                 const Caller& caller) const;
  void Tell(std::string_view method, std::string_view path, const Caller& caller, int status) const;
  Answer Exchange(const std::string& method, std::string_view body, const Caller& caller) const;
  base::Task<Answer> ReadAndWrite(base::http::Exchange& exchange, const Caller& caller) const;

  const Parts parts_;
};

}  // namespace registry
