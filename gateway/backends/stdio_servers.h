// StdioServers owns the programs of all stdio servers: started on demand, for each principal or
// shared, at most a few for each server, ended when nobody used them for a while.
//
// One for the process, on one loop; handlers may be asked from any worker, and hop to that loop and
// back.
#pragma once

#include <memory>
#include <string>

#include "base/loop.h"
#include "gateway/backends/backend.h"
#include "gateway/guard/guard.h"

namespace gateway {

class StdioServers {
 public:
  // `loop` is the one that `guard` is attached to.
  StdioServers(base::Loop& loop, Guard& guard, const BackendLimits& limits);
  ~StdioServers();

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace gateway
