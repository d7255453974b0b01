#include "cli/mcp_endpoint.h"

#include "cli/context.h"

namespace cli {

base::Result<McpEndpoint> FindMcpEndpoint(Context& context, const std::string& server) {
  const auto where = context.registry().Describe();
  if (!where) return where.error();
  if (server.empty()) return McpEndpoint{where->public_url() + "/mcp", ""};
  const auto found = context.FindServer(server);
  if (!found) return found.error();
  const std::string& base_path = found->server().base_path();
  if (base_path.empty()) {
    return base::Fail(base::Code::kNotFound, found->name() + " is external: no gateway serves it");
  }
  return McpEndpoint{where->gateway_public_url() + "/" + base_path + "/mcp", base_path};
}

}  // namespace cli
