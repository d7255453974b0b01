// The tools by which an agent finds servers and tools: find_tools, find_servers, describe_tool and
// describe_server.
//
// They answer from the index in memory with the caller's own sight: what a caller may not call, it
// does not see. They never wait.
#pragma once

#include <vector>

#include "mcp/server/tools.h"
#include "registry/search/index.h"
#include "registry/service/discovery_descriptions.h"

namespace registry {

// The index outlives the tools.
std::vector<mcp::Tool> DiscoveryTools(const search::Index& index, DiscoveryOptions options);

}  // namespace registry
