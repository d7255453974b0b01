// A Server is an MCP server of our own, made of Features. The registry's discovery tools,
// portolan-demo and the conformance server are Servers.
//
// It answers server/discover and ping itself; everything else is a Feature's. It knows nothing of
// HTTP, and is right in both eras: what a modern result needs is harmless to an older client, and
// the handshake and the sessions of older revisions are the transport's. One thread, like every
// Handler.
#pragma once

#include <string>
#include <vector>

#include "base/task.h"
#include "mcp/handler.h"
#include "mcp/server/feature.h"
#include "mcp/server/request_state.h"

namespace mcp {

struct ServerOptions {
  std::string name;
  std::string title;
  std::string version = "0.1.0";
  std::string instructions;
  // Of server/discover.
  ListFreshness freshness;
};

class Server final : public Handler {
 public:
  // The features outlive the server; each method is served by the first that has it.
  Server(ServerOptions options, std::vector<Feature*> features);

  base::Task<Response> Handle(Call& call) override;

 private:
  base::Task<Reply> Serve(ServedCall& call);
  std::string Discover(const ServedCall& call) const;

  // Constant after construction
  const ServerOptions options_;
  const std::vector<Feature*> features_;

  RequestState state_;
};

}  // namespace mcp
