// The OwnStream is a session's own event stream, on the exchange that a GET opened (2024-11-05: the
// one stream there is): what servers tell the caller unasked, until somebody ends it.
//
//   Handler --subscriptions/listen (our call)--> Listening --> the session's log --> the exchange
//
// What the caller subscribes to later is listened to by a new call, which takes over when it is
// acknowledged; unless the present one hears of it anyway (kHearsSession). A caller whose connection is gone is listened for half a minute more: it may come
// back for what it missed. One thread; lives in the exchange's frame.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "mcp/endpoint_exchange.h"
#include "mcp/legacy/session_host.h"

namespace mcp::legacy {

class Listening;

class OwnStream {
 public:
  OwnStream(EndpointExchange& in, SessionPointer session);
  ~OwnStream();
  OwnStream(OwnStream&&) = delete;

  // Serves the exchange to its end. 405 when the Handler has nothing to push. `last_event`: what
  // the caller says it has heard last; null when it says nothing.
  base::Task<void> ServeGet(const EventId* last_event);
  // The same for a stream that is needed in any case, and begins with `opening`.
  base::Task<void> ServeSse(std::string_view opening);

 private:
  enum class Next { kGoOn, kFinish, kBreak };
  base::Task<void> Run();
  base::Task<bool> Write(std::string_view bytes);
  base::Task<bool> Begin(std::string_view opening);
  // One step of Run: what the calls that listen have come to.
  Next Supervise();
  void Listen();
  base::Task<void> StopListening();
  bool gone() const { return in_.exchange.cancel().requested(); }

  EndpointExchange& in_;
  const SessionPointer session_;
  const std::shared_ptr<EventLog> log_;
  std::unique_ptr<EventLog::Follower> follower_;
  std::unique_ptr<CallerSession::Listener> listener_;
  base::CancelSignal never_;

  std::unique_ptr<Listening> current_;
  std::unique_ptr<Listening> next_;  // not acknowledged yet
  std::vector<std::unique_ptr<Listening>> retired_;
  std::chrono::steady_clock::time_point listen_at_;
  std::chrono::milliseconds back_off_{0};
  std::chrono::steady_clock::time_point written_at_;
  std::chrono::steady_clock::time_point gone_at_;
};

// Serves the rest of the stream of a call, behind `last_event`.
base::Task<void> ServeRest(EndpointExchange& in, CallerSession& session, const EventId& last_event);

}  // namespace mcp::legacy
