// The tools by which an agent finds servers and tools: find_tools, find_servers, describe_tool and
// describe_server.
//
// They answer from the index with the caller's own sight: what a caller may not call, it does not
// see. Schemas are looked up, so find_tools and describe_tool run on the pool, where there is one.
#pragma once

#include <vector>

#include "mcp/server/tools.h"
#include "registry/search/index.h"
#include "registry/service/discovery_descriptions.h"
#include "registry/service/worker_pool.h"

namespace registry {

// Where what reads the store runs, and where it comes back to; none: where it is called.
struct DiscoveryPool {
  WorkerPool* pool = nullptr;
  base::Loop* loop = nullptr;
};

// The index and the pool outlive the tools.
std::vector<mcp::Tool> DiscoveryTools(const search::Index& index, DiscoveryOptions options,
                                      DiscoveryPool where = {});

}  // namespace registry
