// Which of MCP's transports a URL is served by.
#pragma once

#include <string>

namespace cli {

// True: HTTP+SSE of 2024-11-05. Found out as clients do (MCP 2026-07-28, Versioning, Backward
// Compatibility): server/discover, initialize, then GET for an event stream that names an endpoint.
// Takes at most 5 s; of a server that cannot be reached from here only the path tells (`/sse`).
bool IsSse(const std::string& url);

}  // namespace cli
