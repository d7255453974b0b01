// The tools of portolan-demo: enough to see every shape of an answer, and nothing that needs a
// network.
#pragma once

#include <vector>

#include "base/loop.h"
#include "mcp/server/tools.h"

namespace demo {

// echo, add, weather, slow (with progress), fail. `loop` is where they run, and outlives them.
std::vector<mcp::Tool> Tools(base::Loop& loop);

}  // namespace demo
