// A ToolServer is a Server with tools and nothing else, whole and ready. portolan-demo is one.
#pragma once

#include <utility>
#include <vector>

#include "mcp/server/server.h"
#include "mcp/server/tools.h"

namespace mcp {

class ToolServer final : public Handler {
 public:
  // REQUIRES: as for Tools.
  ToolServer(ServerOptions options, std::vector<Tool> tools)
      : tools_(std::move(tools), options.freshness), server_(std::move(options), {&tools_}) {}

  base::Task<Response> Handle(Call& call) override { return server_.Handle(call); }

 private:
  Tools tools_;
  Server server_;
};

}  // namespace mcp
