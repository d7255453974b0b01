// The server side of MCP's Streamable HTTP: one exchange in, one Call to a Handler, its answer out.
//
// Modern requests (2026-07-28) are served here; requests of older revisions pass through a
// legacy::SessionHost. The era is decided once a call, by `_meta` or the MCP-Protocol-Version
// header, never by Mcp-Method. Checks, in policies.md's order: verb, Accept, Content-Type, body
// cap, JSON-RPC, revision, headers equal body. Answers plain JSON unless something was notified
// first, or the call is quiet so long that it needs keep-alives (15 s).
#pragma once

#include <cstddef>

#include "base/auth/principal.h"
#include "base/http/server.h"
#include "base/loop.h"
#include "mcp/handler.h"
#include "mcp/record.h"

namespace mcp {

namespace legacy {
class SessionHost;
}

// Is given the records of calls that shared an exchange (a batch): each is a call of its own.
class PartSink {
 public:
  virtual ~PartSink() = default;
  virtual void Keep(Record& part) = 0;
};

struct EndpointOptions {
  std::size_t max_body_bytes = 4 * 1024 * 1024;
  std::chrono::milliseconds keep_alive{15'000};
  // Serves revisions before 2026-07-28; absent: modern only.
  legacy::SessionHost* sessions = nullptr;
  // Requested when the server ends: streams that would go on for ever end in good order.
  base::CancelSignal* ending = nullptr;
  PartSink* parts = nullptr;
};

// Serves one admitted exchange to its end; the record's outcome, status and bytes are set when it
// returns.
base::Task<void> ServeHttp(base::http::Exchange& exchange, base::Loop& loop,
                           const base::auth::Principal& principal, Record& record, Handler& handler,
                           const EndpointOptions& options);

}  // namespace mcp
