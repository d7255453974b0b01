// An SseServer asks a server over the HTTP+SSE transport of 2024-11-05: sessions as ServerSessions
// has them, each of them one stream (sse_session.h).
//
// One loop for all workers, since what belongs together comes on one stream: SseServers brings
// calls here. What a session was told is remembered in the Upstream and told again to the next one.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>

#include "base/http/client.h"
#include "gateway/backends/backend.h"
#include "gateway/backends/deadline.h"
#include "gateway/backends/passage.h"
#include "gateway/backends/questions.h"
#include "gateway/backends/sse_session.h"
#include "gateway/backends/stream_client.h"
#include "gateway/backends/subscription.h"
#include "gateway/backends/upstream.h"
#include "mcp/handler.h"

namespace gateway {

class SseServer final : public mcp::Handler, public std::enable_shared_from_this<SseServer> {
 public:
  struct Options {
    std::string name;  // for messages
    base::http::Url url;
    bool shared_sessions = false;
  };
  static std::shared_ptr<SseServer> Make(Options options, std::shared_ptr<Upstream> upstream,
                                         BackendContext& context);
  ~SseServer() override;

  base::Task<mcp::Response> Handle(mcp::Call& call) override;

 private:
  // A session, and its mark in the Upstream: who holds it keeps the session from being idle.
  struct Held {
    std::shared_ptr<SseSession> session;
    Upstream::SessionPointer mark;
  };
  struct Kept {
    std::shared_ptr<SseSession> session;
    std::weak_ptr<const UpstreamSession> mark;
  };

  SseServer(Options options, std::shared_ptr<Upstream> upstream, BackendContext& context);

  base::Task<base::Result<Held>> SessionFor(std::string key, const mcp::Call& call,
                                            base::CancelSignal& cancel);
  base::Task<base::Result<std::shared_ptr<SseSession>>> Open(const mcp::Call& call,
                                                             base::CancelSignal& cancel);
  base::Task<> SayAgain(std::string key, std::shared_ptr<SseSession> session,
                        base::CancelSignal& cancel);
  std::string KeyOf(const mcp::Call& call) const;
  bool MayAsk() const { return !options_.shared_sessions; }

  // nullopt: the server has forgotten the session, and not looked at the message.
  base::Task<std::optional<mcp::Response>> Ask(mcp::Call& call, std::string key, Held held,
                                               Passage passage, Deadline& deadline);
  base::Task<mcp::Response> Listen(mcp::Call& call, Deadline& deadline);
  base::Task<base::Result<void>> Hear(mcp::Call& call, const ListenFilter& filter, bool callers_own,
                                      std::shared_ptr<SseSession> session, PendingRequest& mailbox,
                                      base::CancelSignal& cancel);
  void Drop(const std::string& key, const std::shared_ptr<SseSession>& session);
  void EndThoseOver();

  // Constant after construction
  const Options options_;
  const std::shared_ptr<Upstream> upstream_;
  BackendContext context_;

  StreamClient streams_;
  std::map<std::string, Kept> kept_;
  base::Timers::Timer idle_timer_;
};

}  // namespace gateway
