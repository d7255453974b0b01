// A ModernServer asks a server of 2026-07-28 over Streamable HTTP: no session, and each request
// says all there is to know.
//
// What needs no translation is relayed as it comes: JSON from the connection's buffer, events as
// they stand. Only what must be translated or seen whole is collected, under a bound; what a
// listener hears goes by Notify, message by message. A caller that is gone is a closed stream,
// which the server takes for the cancellation. Belongs to one worker.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "gateway/backends/backend.h"
#include "gateway/backends/deadline.h"
#include "gateway/backends/outgoing.h"
#include "gateway/backends/stream_client.h"
#include "gateway/backends/upstream.h"
#include "mcp/call.h"
#include "mcp/http_client.h"

namespace gateway {

class ModernServer {
 public:
  // `name` is for messages.
  ModernServer(std::string name, base::http::Url url, std::shared_ptr<Upstream> upstream,
               StreamClient& streams, BackendContext& context);

  // nullopt: the server did not take the message, since it speaks another revision by now.
  base::Task<std::optional<mcp::Response>> Ask(mcp::Call& call, Deadline& deadline);

 private:
  base::Task<mcp::Response> Collect(mcp::Call& call, const Outgoing& outgoing, mcp::Answer& answer,
                                    Deadline& deadline);

  // Constant after construction
  const std::string name_;
  const base::http::Url url_;
  const std::shared_ptr<Upstream> upstream_;
  StreamClient& streams_;
  BackendContext context_;
};

}  // namespace gateway
