// StdioServers owns the programs of all stdio servers: started on demand, for each principal or
// shared, at most a few for each server, ended when nobody used them for a while.
//
// One for the process, on one loop; handlers may be asked from any worker, and hop to that loop and
// back.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "base/clock.h"
#include "base/loop.h"
#include "gateway/backends/backend.h"
#include "gateway/guard/guard.h"

namespace gateway {

class Upstream;

class StdioServers {
 public:
  // `loop` is the one that `guard` is attached to. Writing to a program that has ended must not end
  // us: ignores SIGPIPE.
  StdioServers(base::Loop& loop, Guard& guard, const BackendLimits& limits);
  ~StdioServers();

  // From any thread: the server's handler for a worker that runs `caller_loop`. The programs end
  // when the last handler of that server is gone.
  // What it says of itself is kept in `upstream`.
  std::shared_ptr<mcp::Handler> Get(const std::string& name, const portolan::v1::Server& spec,
                                    std::shared_ptr<Upstream> upstream, base::Loop& caller_loop);

  // `callback` is told the name of a server that says that its lists changed; from our loop. Once,
  // before the first Get.
  void OnListChanged(std::function<void(const std::string& name)> callback) {
    on_list_changed_ = std::move(callback);
  }

 private:
  // Constant after construction
  base::Loop& loop_;
  Guard& guard_;
  const BackendLimits& limits_;
  const base::SystemClock clock_;
  std::function<void(const std::string&)> on_list_changed_;

  std::mutex mutex_;
  std::map<std::string, std::weak_ptr<mcp::Handler>> servers_;
};

}  // namespace gateway
