// What the registry API answers with: a status and a JSON body.
//
// Errors have the members of both tongues in use: the OpenAPI document's {"error"} and
// problem+json.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "registry/service/server_listing.h"

namespace registry {

struct RegistryAnswer {
  int status = 200;
  std::string body;
};

RegistryAnswer Problem(int status, std::string_view sentence);
// A document that is wrong: 422, with each "/packages/0/transport: is missing" under `errors`.
RegistryAnswer WrongDocument(const std::vector<std::string>& problems);
// What the catalog or the authenticator says.
RegistryAnswer Problem(const base::Error& error);

// {"servers":[...],"metadata":{...}}; an empty cursor: there is no further page.
RegistryAnswer ServerList(const std::vector<ListedVersion>& versions,
                          std::string_view next_cursor = {});

}  // namespace registry
