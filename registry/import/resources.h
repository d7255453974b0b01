// From server.json to resources and back.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "base/result.h"
#include "portolan/v1/resource.pb.h"

namespace registry::import {

struct Imported {
  // External: found and installed from the catalog, routed only once it is given an endpoint.
  portolan::v1::Resource server;
  // Keeps `text` to the byte.
  portolan::v1::Resource version;
};

// kInvalidArgument with the reasons when `text` is no valid server.json.
base::Result<Imported> ToResources(std::string_view text);

// A valid server.json for a server that came without one: version 1.0.0 unless it says another, its
// description cut to the schema's 100 characters.
nlohmann::ordered_json MakeServerJson(const portolan::v1::Resource& server);
std::string MadeVersion(const portolan::v1::Server& server);

// A remote that leads through the gateway; null for a server that is not routed.
nlohmann::ordered_json GatewayRemote(const portolan::v1::Resource& server,
                                     std::string_view gateway_public_url);

}  // namespace registry::import
