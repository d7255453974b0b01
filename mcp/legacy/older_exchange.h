// The endpoint of revisions before 2026-07-28: what a POST, GET or DELETE means in a session (MCP
// 2025-11-25, Transports). Calls go to the Handler as modern ones do; the session is what
// CallerSession keeps.
#pragma once

#include "base/task.h"
#include "mcp/endpoint_exchange.h"
#include "mcp/legacy/session_host.h"

namespace mcp::legacy {

// REQUIRES of both: options.sessions is set.

// A POST whose message was taken.
base::Task<void> ServeMessage(EndpointExchange& in);
// The same once its session is known (null: only a ping needs none).
base::Task<void> ServeInSession(EndpointExchange& in, const SessionPointer& session);
// Any other verb.
base::Task<void> ServeVerb(EndpointExchange& in);

}  // namespace mcp::legacy
