// A Handler answers MCP calls. A remote server, a stdio child, the discovery tools, a whole chain
// of filters and every fake in the tests is a Handler.
#pragma once

#include "base/task.h"
#include "mcp/call.h"

namespace mcp {

class Handler {
 public:
  virtual ~Handler() = default;
  // `call` stays valid until the task ends. Must not throw for anything a peer can cause.
  virtual base::Task<Response> Handle(Call& call) = 0;
};

}  // namespace mcp
