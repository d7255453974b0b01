// Who asks, as a server is told: `clientInfo` and `clientCapabilities` (raw JSON objects) and
// `logLevel` (a raw string; empty: no log messages are wanted). Ours, or those of a caller whom we
// speak for.
#pragma once

#include <string>

namespace mcp {

struct Identity {
  std::string info = R"({"name":"portolan","version":"0.1.0"})";
  std::string capabilities = "{}";
  std::string log_level;
};

}  // namespace mcp
