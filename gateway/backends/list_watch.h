// A ListWatch listens to a server for as long as it lives, and says when the server's lists may
// have changed: when the server says so, and whenever the listening has begun (again), since nobody
// heard what changed before.
//
// One loop.
#pragma once

#include <functional>
#include <memory>

#include "base/loop.h"
#include "mcp/handler.h"

namespace gateway {

class ListWatch {
 public:
  // `on_end`: called when the listening has ended, some time after our own end.
  ListWatch(base::Loop& loop, std::shared_ptr<mcp::Handler> server, std::function<void()> on_change,
            std::function<void()> on_end);
  ~ListWatch();

 private:
  struct State;
  const std::shared_ptr<State> state_;
};

}  // namespace gateway
