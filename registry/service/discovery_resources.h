// Each server that the caller sees as a resource, `portolan://servers/NAMESPACE/NAME`: what
// describe_server says of it, as JSON.
//
// Listed in pages of a hundred, read by URI, its name completed; all with the sight of the tools.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "mcp/call.h"
#include "mcp/server/resources.h"
#include "registry/search/index.h"
#include "registry/service/discovery_descriptions.h"

namespace registry {

// The index outlives the template.
mcp::ResourceTemplate ServerResources(const search::Index& index, DiscoveryOptions options);

std::string ServerUri(std::string_view server_name);

// Names of the servers that the caller sees and that hold what was typed, in either case: first
// those whose name or last part begins with it.
std::vector<std::string> CompleteServerName(const search::Index& index, const mcp::Call& call,
                                            std::string_view typed);

}  // namespace registry
