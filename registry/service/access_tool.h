// The tool by which an agent asks for a server that it may not see: request_access.
#pragma once

#include "base/loop.h"
#include "mcp/server/tools.h"
#include "registry/catalog/catalog.h"
#include "registry/service/worker_pool.h"

namespace registry {

// All outlive the tool. It writes on the pool; its calls are served on the loop.
mcp::Tool RequestAccessTool(Catalog& catalog, WorkerPool& pool, base::Loop& loop);

}  // namespace registry
