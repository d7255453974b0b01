// SseServers brings the calls of all workers to the one loop where the streams of HTTP+SSE servers
// are read, and their answers back.
//
// One for the process. Handlers may be asked from any worker.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "gateway/backends/backend.h"
#include "gateway/backends/sse_server.h"

namespace gateway {

class SseServers {
 public:
  // `context` is that of the loop; it and we outlive all handlers.
  explicit SseServers(BackendContext context) : context_(context) {}

  // From any thread: the handler for a worker that runs `caller_loop`. The sessions end when the
  // last handler of that server (`key`) is gone.
  std::shared_ptr<mcp::Handler> Get(const std::string& key, SseServer::Options options,
                                    std::shared_ptr<Upstream> upstream, base::Loop& caller_loop);

 private:
  BackendContext context_;

  std::mutex mutex_;
  std::map<std::string, std::weak_ptr<SseServer>> servers_;
};

}  // namespace gateway
