// A ServerListener answers one subscriptions/listen call for a server of an older revision over
// Streamable HTTP: what such a server pushes comes on a stream opened by GET.
//
//   session     the caller's own, or the one that a modern caller's calls are in; only one stream
//               is served in each, so a second listener gets a session for itself
//   GET         opened first, or what is said between would be lost, so calls of the caller's own
//               session wait for it (opening_streams.h); while the server still sees the stream of
//               the listener before us (409), asked for again soon
//   subscribe   resources/subscribe for each URI (a caller with a session has done so itself)
//   ack         notifications/subscriptions/acknowledged, then whatever comes, tagged
//   again       a stream that ends is opened again behind its last event, with growing pauses
//
// A server that knows no GET (405) pushes nothing: the listener stays, and hears nothing. The
// server's questions are put to the listener. Lives in the call's frame.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include "gateway/backends/backend.h"
#include "gateway/backends/deadline.h"
#include "gateway/backends/opening_streams.h"
#include "gateway/backends/questions.h"
#include "gateway/backends/server_sessions.h"
#include "gateway/backends/stream_client.h"
#include "gateway/backends/subscription.h"
#include "mcp/call.h"
#include "mcp/http_client.h"

namespace gateway {

// The part of what a listener wants that a server with these capabilities (raw) tells of.
ListenFilter Granted(ListenFilter wanted, std::string_view capabilities);
// Whether the listener hears a notification that the server pushes. `callers_own`: in the session
// of its caller, which hears everything, as it would without us; but of lists it said what it
// wants.
bool ListenerHears(const mcp::Call& call, const ListenFilter& filter, bool callers_own,
                   std::string_view message, const mcp::Envelope& envelope);

class ServerListener {
 public:
  // References outlive Run.
  ServerListener(const std::string& name, std::shared_ptr<ServerSessions> sessions,
                 const std::string& introduction, StreamClient& streams, BackendContext& context,
                 mcp::Call& call, Deadline& deadline);

  // Ends when the caller goes, or when the server cannot be listened to. nullopt: it refuses our
  // sessions, since it speaks another revision by now.
  base::Task<std::optional<mcp::Response>> Run();

 private:
  using Session = ServerSessions::Session;
  // A GET on its way.
  struct Opening;
  // Why a stream is not read any more.
  enum class Ending { kBroken, kTaken, kSessionLost, kNotServed, kRefused, kCallerGone };

  base::Task<base::Result<Session>> OpenSession();
  // Opens the stream and reads it to its end.
  base::Task<Ending> Follow();
  static base::Task<> Open(std::shared_ptr<Opening> opening, base::http::Client& client,
                           const base::http::Url& url);
  base::Task<> Await(Opening& opening, std::chrono::milliseconds limit);
  base::Task<> Subscribe();
  base::Task<bool> Acknowledge();
  base::Task<Ending> Read(mcp::Answer& answer);
  base::Task<base::Result<void>> Take(std::string_view message);
  // False: the caller is gone.
  base::Task<bool> Pause();
  base::Task<> StayQuiet();
  // Of a session of its own.
  void EndSession();

  // Constant after construction
  const std::string& name_;
  const std::shared_ptr<ServerSessions> sessions_;
  StreamClient& streams_;
  BackendContext context_;
  mcp::Call& call_;
  Deadline& deadline_;
  const bool callers_own_;     // it listens in its caller's session
  const std::string key_;      // of the session that it shares with calls; empty: it shares none
  const std::string offered_;  // the server's capabilities, raw

  // Calls of the session, until the first stream is open.
  std::optional<OpeningStreams::Opening> holding_back_;
  ListenFilter filter_;
  Session session_;
  // Of the present session: an answer to one that is lost is nobody's.
  std::optional<Questions> questions_;
  bool subscribed_ = false;  // in the present session
  bool acknowledged_ = false;
  std::string last_event_id_;
  std::optional<std::chrono::milliseconds> retry_;
  std::chrono::milliseconds pause_;
  int losses_ = 0;    // of sessions, since a stream was last opened
  int refusals_ = 0;  // of a stream that is still another's
  base::Error refusal_;
};

}  // namespace gateway
