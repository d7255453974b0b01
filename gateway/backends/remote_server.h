// A RemoteServer asks a server over Streamable HTTP, in the era that the server speaks: found out
// when it is first called (or probed), and again when it does not hold any more.
//
//   era known? --no--> Meet: server/discover, then initialize
//       | modern -> modern_server.h        older -> older_server.h
//       `--<-- the server refuses that era: forget it, once more
//
// Belongs to one worker; what workers share is in its Upstream.
#pragma once

#include <memory>
#include <string>

#include "base/http/client.h"
#include "gateway/backends/backend.h"
#include "gateway/backends/deadline.h"
#include "gateway/backends/modern_server.h"
#include "gateway/backends/older_server.h"
#include "gateway/backends/server_sessions.h"
#include "gateway/backends/upstream.h"
#include "mcp/handler.h"

namespace gateway {

class RemoteServer final : public mcp::Handler {
 public:
  struct Options {
    std::string name;  // for messages
    base::http::Url url;
    // One session for all callers, instead of one for each.
    bool shared_sessions = false;
  };
  RemoteServer(Options options, std::shared_ptr<Upstream> upstream, BackendContext& context);
  ~RemoteServer() override;

  base::Task<mcp::Response> Handle(mcp::Call& call) override;

 private:
  base::Task<base::Result<mcp::Revision>> Meet(mcp::Call& call, Deadline& deadline);

  // Constant after construction
  const Options options_;
  const std::shared_ptr<Upstream> upstream_;
  BackendContext context_;
  const std::shared_ptr<ServerSessions> sessions_;

  StreamClient streams_;
  ModernServer modern_;
  OlderServer older_;
};

}  // namespace gateway
