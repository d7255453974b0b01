// A batch (MCP 2025-03-26, and no other revision): several messages in one POST, each a call of its
// own. The answers come in one array, or as events once a call had something to tell before.
#pragma once

#include <cstddef>
#include <string_view>

#include "base/task.h"
#include "mcp/endpoint_exchange.h"

namespace mcp::legacy {

inline constexpr std::size_t kMaxBatch = 50;

// REQUIRES: `body` is JSON that begins with `[`; options.sessions is set.
base::Task<void> ServeBatch(EndpointExchange& in, std::string_view body);

}  // namespace mcp::legacy
