// A RemoteServer asks a server over Streamable HTTP, in the era that the server speaks.
//
//   caller \ server    2026-07-28                         older
//   2026-07-28         bytes pass untouched               translated: server/discover, tools/list,
//                                                         tools/call
//   older              translated: tools/list,            bytes pass untouched, in the server's
//                      tools/call                         session for that of the caller
//
// An answer is relayed as it comes: JSON from the connection's buffer, events as they stand. Only
// what must be translated, renumbered or seen whole is collected, under a bound.
//
// Belongs to one worker; what workers share is in its Upstream.
#pragma once

#include <memory>
#include <string>

#include "base/http/client.h"
#include "gateway/backends/backend.h"
#include "gateway/backends/deadline.h"
#include "gateway/backends/passage.h"
#include "gateway/backends/upstream.h"
#include "mcp/handler.h"
#include "mcp/http_client.h"

namespace gateway {

class RemoteServer final : public mcp::Handler, public std::enable_shared_from_this<RemoteServer> {
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
  using Session = Upstream::SessionPointer;
  // A request as it goes to the server.
  struct Outgoing {
    std::string_view bytes;
    std::string storage;  // when it is not the caller's own
    std::string raw_id;   // ours, when it was renumbered
    Passage passage = Passage::kUntouched;
  };

  base::Task<base::Result<mcp::Revision>> Meet(mcp::Call& call, Deadline& deadline);
  base::Task<base::Result<Session>> SessionFor(const std::string& key, Deadline& deadline);
  std::string SessionKey(const mcp::Call& call) const;

  // nullopt: the server did not take the message, since it speaks another revision by now.
  base::Task<std::optional<mcp::Response>> AskModern(mcp::Call& call, Deadline& deadline);
  base::Task<std::optional<mcp::Response>> AskOlder(mcp::Call& call, Deadline& deadline);

  Outgoing MakeOutgoing(const mcp::Call& call, Passage passage);
  base::Task<boost::system::result<std::unique_ptr<mcp::Answer>, base::http::SendFailure>> Send(
      mcp::Call& call, const Outgoing& outgoing, const UpstreamSession* session,
      Deadline& deadline);
  base::Task<mcp::Response> PassOn(mcp::Call& call, const Outgoing& outgoing, mcp::Answer& answer,
                                   const Session& session, Deadline& deadline);
  base::Task<mcp::Response> Collect(mcp::Call& call, const Outgoing& outgoing, mcp::Answer& answer,
                                    const Session& session, Deadline& deadline);
  mcp::Response Fail(mcp::Call& call, const base::Error& error, const Deadline& deadline);
  mcp::Response Introduce(const mcp::Call& call, bool modern_server) const;

  // Both outlive the call that they tell the server about.
  void TellCancelled(const Outgoing& outgoing, const mcp::Call& call, const Session& session);
  static base::Task<> PostAside(std::shared_ptr<RemoteServer> self, std::string message,
                                Session session);
  void EndIdleSessions();
  static base::Task<> EndSessions(std::shared_ptr<RemoteServer> self,
                                  std::vector<Session> sessions);

  friend class AsideSink;

  // Constant after construction
  const Options options_;
  const std::shared_ptr<Upstream> upstream_;
  BackendContext context_;

  base::Timers::Timer idle_timer_;
};

}  // namespace gateway
