// A Filter is one rule between caller and server. Immutable and shared by all workers; what it
// counts or remembers lives in gateway/state.
#pragma once

#include "base/task.h"
#include "mcp/handler.h"

namespace gateway {

class Filter {
 public:
  virtual ~Filter() = default;
  // Answers by itself (a refusal), or asks `next` and may look at its answer. A local lives exactly
  // as long as the exchange.
  virtual base::Task<mcp::Response> Apply(mcp::Call& call, mcp::Handler& next) const = 0;
};

}  // namespace gateway
