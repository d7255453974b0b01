// HTTP+SSE, the transport of 2024-11-05: one stream that a GET opens and everything comes on, and
// an address where the caller posts its messages.
//
//   GET  /BASE/sse                      event: endpoint, then every answer, question and
//   notification POST /BASE/messages?sessionId=ID    202 at once; the answer goes to the stream
//
// The session lives as long as the stream: its end ends the session's calls.
#pragma once

#include "base/task.h"
#include "mcp/http_endpoint.h"

namespace mcp::legacy {

// REQUIRES of both: options.sessions is set. As ServeHttp.
base::Task<void> ServeSseStream(base::http::Exchange& exchange, base::Loop& loop,
                                const base::auth::Principal& principal, Record& record,
                                Handler& handler, const EndpointOptions& options);
base::Task<void> ServeSseMessage(base::http::Exchange& exchange, base::Loop& loop,
                                 const base::auth::Principal& principal, Record& record,
                                 Handler& handler, const EndpointOptions& options);

}  // namespace mcp::legacy
