// The endpoint of revisions before 2026-07-28: what a POST, GET or DELETE means in a session (MCP
// 2025-11-25, Transports). Calls go to the Handler as modern ones do; the session is what
// CallerSession keeps.
#pragma once

#include "base/task.h"
#include "mcp/endpoint_exchange.h"

namespace mcp::legacy {

// REQUIRES of both: options.sessions is set.

// A POST whose message was taken.
base::Task<void> ServeMessage(EndpointExchange& in);
// Any other verb.
base::Task<void> ServeVerb(EndpointExchange& in);

}  // namespace mcp::legacy
