// StdioServers owns the programs of all stdio servers: started on demand, for each principal or
// shared, at most a few for each server, ended when nobody used them for a while.
//
// One for the process, on one loop; handlers may be asked from any worker, and hop to that loop and
// back.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "base/clock.h"
#include "base/loop.h"
#include "gateway/backends/backend.h"
#include "gateway/guard/guard.h"

namespace gateway {

class StdioServer;

class StdioServers {
 public:
  // `loop` is the one that `guard` is attached to. Writing to a program that has ended must not end
  // us: ignores SIGPIPE.
  StdioServers(base::Loop& loop, Guard& guard, const BackendLimits& limits);
  ~StdioServers();

  // From any thread: the server's handler for a worker that runs `caller_loop`. The programs end
  // when the last handler of that server is gone.
  std::shared_ptr<mcp::Handler> Get(const std::string& name, const portolan::v1::Server& spec,
                                    base::Loop& caller_loop);

 private:
  // Constant after construction
  base::Loop& loop_;
  Guard& guard_;
  const BackendLimits& limits_;
  const base::SystemClock clock_;

  std::mutex mutex_;
  std::map<std::string, std::weak_ptr<StdioServer>> servers_;
};

}  // namespace gateway
