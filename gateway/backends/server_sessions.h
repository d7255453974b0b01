// ServerSessions are our sessions with one server of an older revision over Streamable HTTP: opened
// when somebody needs one, shared by whom they serve, ended when nobody does.
//
//   a caller's session          one of its own, with the caller's revision and capabilities
//   modern callers              one for each principal and what it can be asked, a bounded number;
//                               anonymous ones share one only within a connection
//   `sessions: SHARED`          one for all, which can ask nobody
//
// What was said in a session that the server then forgot (subscriptions, log level) is said again
// in the next one. Belongs to one worker; what workers share is in the Upstream. Held by
// shared_ptr, since what it tells servers outlives the calls.
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/http/client.h"
#include "gateway/backends/asides.h"
#include "gateway/backends/backend.h"
#include "gateway/backends/forwarded_fields.h"
#include "gateway/backends/upstream.h"
#include "mcp/call.h"
#include "mcp/http_client.h"

namespace gateway {

// Whom a call's session with an older server serves: equal keys, one session.
std::string SessionKeyOf(const mcp::Call& call, bool shared);
// What the server is told of the caller, on the call's terms; `own` are the lines of OwnFields, which
// it refers to.
mcp::HandshakeOptions HandshakeFor(const mcp::Call& call, bool shared, const FieldList& own,
                                   base::CancelSignal& cancel);
// Takes note of what must be said again in the next session of that key. REQUIRES: the server has
// taken it.
void NoteSaid(Upstream& upstream, const std::string& key, const mcp::Call& call);

class ServerSessions final : public std::enable_shared_from_this<ServerSessions> {
 public:
  using Session = Upstream::SessionPointer;
  // Opening one, with all that must be said again in it: others wait for it.
  static constexpr std::chrono::milliseconds kOpenWithin{60'000};

  static std::shared_ptr<ServerSessions> Make(base::http::Url url, bool shared,
                                              std::shared_ptr<Upstream> upstream,
                                              BackendContext& context);
  ~ServerSessions();

  const base::http::Url& url() const { return url_; }

  // Whom the call's session serves.
  std::string KeyOf(const mcp::Call& call) const { return SessionKeyOf(call, shared_); }
  // True when several callers' requests meet in it, so that their ids must be ours.
  bool IsShared(const mcp::Call& call) const { return shared_ || call.session.empty(); }

  // What the server is told of the caller.
  mcp::HandshakeOptions HandshakeFor(const mcp::Call& call, const FieldList& own,
                                     base::CancelSignal& cancel) const {
    return gateway::HandshakeFor(call, shared_, own, cancel);
  }

  bool shared() const { return shared_; }
  Upstream& upstream() { return *upstream_; }

  // Nobody asks this server on this worker any more. If nobody does on any other, its sessions are
  // ended.
  void Leave();

  // kFailedPrecondition: the server was reached and refuses the handshake.
  base::Task<base::Result<Session>> For(std::string key, const mcp::Call& call,
                                        base::CancelSignal& cancel);
  // One that nobody shares: for a listener. The caller ends it.
  base::Task<base::Result<Session>> OpenOwn(const mcp::Call& call, base::CancelSignal& cancel);
  // The session that meeting the server has left.
  base::Task<> Keep(std::string key, UpstreamSession session, base::CancelSignal& cancel);
  // The server has forgotten it.
  void Lost(std::string_view key, const Session& session) { upstream_->Lost(key, session); }
  void NoteSaid(const std::string& key, const mcp::Call& call) {
    gateway::NoteSaid(*upstream_, key, call);
  }

  // Sends a notification or an answer beside everything else; whatever comes back is fine. Bounded
  // for each session (asides.h): what is too much is dropped, with a line in the log. `terms`: of the
  // call that it is about; null: as the session was opened.
  void PostAside(std::string message, Session session,
                 std::shared_ptr<const mcp::UpstreamTerms> terms);
  // Sends a request of our own with one parameter, and waits for its answer: whether it was a
  // result.
  base::Task<bool> Say(std::string_view method, std::string_view member, std::string_view raw_value,
                       Session session, base::CancelSignal& cancel);
  // Tells the server that nobody needs the session any more; later, beside everything else.
  void End(Session session);
  // The same for what was subscribed to in it; `then_end`: and for the session.
  void Unsubscribe(Session session, std::vector<std::string> uris, bool then_end);

 private:
  ServerSessions(base::http::Url url, bool shared, std::shared_ptr<Upstream> upstream,
                 BackendContext& context);

  base::Task<base::Result<Session>> Open(const mcp::Call& call, base::CancelSignal& cancel);
  base::Task<> SayAgain(std::string key, Session session, base::CancelSignal& cancel);
  static base::Task<> Post(std::shared_ptr<ServerSessions> self, std::string message,
                           Session session, std::shared_ptr<const mcp::UpstreamTerms> terms);
  void EndIdle();
  static base::Task<> UnsubscribeAll(std::shared_ptr<ServerSessions> self, Session session,
                                     std::vector<std::string> uris, bool then_end);
  static base::Task<> EndAll(std::shared_ptr<ServerSessions> self, std::vector<Session> sessions);

  // Constant after construction
  const base::http::Url url_;
  const bool shared_;
  const std::shared_ptr<Upstream> upstream_;
  BackendContext context_;

  std::map<const UpstreamSession*, Asides> asides_;  // of sessions that have some on their way
  base::Timers::Timer idle_timer_;
};

}  // namespace gateway
