// Where an MCP client goes: to one server through the gateway, or to the tools that find them all.
#pragma once

#include <string>

#include "base/result.h"

namespace cli {

class Context;

struct McpEndpoint {
  std::string url;
  // Of the server on the gateway; empty for the tools that find all servers.
  std::string base_path;
};

// Empty `server`: the tools that find all others. kNotFound: no such server, or none that a gateway
// serves.
base::Result<McpEndpoint> FindMcpEndpoint(Context& context, const std::string& server);

}  // namespace cli
