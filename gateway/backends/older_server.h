// An OlderServer asks a server of a revision with sessions over Streamable HTTP.
//
//   caller 2026-07-28     translated, in a session that is pooled
//   older caller          bytes pass untouched, in a session of its own
//
// A plain JSON answer to an untouched call is relayed from the connection's buffer. An event stream
// is read message by message: notifications go to the caller, the server's questions too and their
// answers back (questions.h), and a stream that the server breaks off is gone on with
// (mcp/legacy/resumed_answer.h). So no event id of the server's ever reaches a caller.
//
// Belongs to one worker.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "gateway/backends/backend.h"
#include "gateway/backends/deadline.h"
#include "gateway/backends/outgoing.h"
#include "gateway/backends/server_sessions.h"
#include "gateway/backends/stream_client.h"
#include "gateway/backends/upstream.h"
#include "mcp/call.h"
#include "mcp/http_client.h"

namespace gateway {

class OlderServer {
 public:
  // `name` is for messages.
  OlderServer(std::string name, std::shared_ptr<ServerSessions> sessions,
              std::shared_ptr<Upstream> upstream, StreamClient& streams, BackendContext& context);

  // nullopt: the server did not take the message, since it speaks another revision by now.
  base::Task<std::optional<mcp::Response>> Ask(mcp::Call& call, Deadline& deadline);

 private:
  using Session = Upstream::SessionPointer;
  using Received = base::Result<mcp::ReceivedMessage>;

  base::Task<mcp::Response> PassOn(mcp::Call& call, const Outgoing& outgoing,
                                   std::unique_ptr<mcp::Answer> answer, Session session,
                                   Deadline& deadline);
  base::Task<base::Result<mcp::Response>> ReadStream(mcp::Call& call, const Outgoing& outgoing,
                                                     std::unique_ptr<mcp::Answer> answer,
                                                     Session session, Deadline& deadline);
  mcp::Response Finish(const mcp::Call& call, const Outgoing& outgoing, std::string_view bytes,
                       const mcp::Envelope& envelope) const;
  // The log level that a modern caller named holds for the session that it shares.
  base::Task<> AgreeOnLogLevel(std::string key, mcp::Call& call, Session session,
                               Deadline& deadline);
  void TellCancelled(const Outgoing& outgoing, const mcp::Call& call, const Session& session);
  std::size_t MaxBytes(const mcp::Call& call) const;

  // Constant after construction
  const std::string name_;
  const std::shared_ptr<ServerSessions> sessions_;
  const std::shared_ptr<Upstream> upstream_;
  StreamClient& streams_;
  BackendContext context_;
};

}  // namespace gateway
