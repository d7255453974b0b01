// The RegistryApi answers the official MCP Registry's REST API, read side: /v0.1 and /v0 (docs:
// openapi.yaml 2025-12-01).
//
//   /servers?cursor&limit&search&updated_since&version&include_deleted
//   /servers/{name}/versions      /servers/{name}/versions/{version|latest}
//   /health  /ping  /version
//
// GET, HEAD and OPTIONS, for any origin. A cursor carries what was searched, since clients drop the
// other parameters on later pages. Errors have the members of both tongues in use: {"error"} and
// problem+json.
#pragma once

#include <string>

#include "base/http/server.h"
#include "registry/service/caller.h"
#include "registry/service/server_listing.h"

namespace registry {

class RegistryApi {
 public:
  explicit RegistryApi(const ServerListing& listing) : listing_(listing) {}

  // Whether a path is this API's to answer: /v0, /v0.1 and below.
  static bool Owns(std::string_view path);

  // REQUIRES: Owns(exchange.head().path).
  base::Task<void> Serve(base::http::Exchange& exchange, Caller caller) const;

  struct Answer {
    int status = 200;
    std::string body;
  };
  // The same without a socket.
  Answer Get(std::string_view path, std::string_view query, const Caller& caller) const;

 private:
  Answer List(std::string_view query, const Caller& caller) const;
  Answer Versions(const std::string& name, std::string_view query, const Caller& caller) const;
  Answer Version(const std::string& name, const std::string& version, const Caller& caller) const;

  const ServerListing& listing_;
};

}  // namespace registry
