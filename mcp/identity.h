// Who we say we are toward a server, and what we can do for it: `clientInfo` and
// `clientCapabilities`, raw JSON objects.
#pragma once

#include <string>

namespace mcp {

struct Identity {
  std::string info = R"({"name":"portolan","version":"0.1.0"})";
  std::string capabilities = "{}";
};

}  // namespace mcp
