// The discovery tools are the MCP server by which an agent finds servers and tools: find_tools,
// find_servers, describe_tool and describe_server.
//
// Answers from the index in memory with the caller's own sight: what a caller may not call, it does
// not see. Never waits.
#pragma once

#include <memory>
#include <string>

#include "mcp/handler.h"
#include "registry/search/index.h"

namespace registry {

struct DiscoveryOptions {
  // Where clients reach the gateway, without a slash at the end; empty: no URLs are told.
  std::string gateway_public_url;
};

// The index outlives the handler.
std::unique_ptr<mcp::Handler> MakeDiscoveryTools(const search::Index& index,
                                                 DiscoveryOptions options);

}  // namespace registry
