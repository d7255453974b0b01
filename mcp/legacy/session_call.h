// One message of a session on its way to the Handler and back, whatever carries it: a POST of its
// own, a batch, or HTTP+SSE.
//
// One thread.
#pragma once

#include <optional>
#include <string>

#include "mcp/endpoint_exchange.h"
#include "mcp/legacy/call_stream.h"
#include "mcp/legacy/session_host.h"

namespace mcp::legacy {

// The answer to what needs no Handler: pings, answers to our questions, cancellations. Empty: there
// is nothing to say. nullopt: it is a call. `session` may be null for a ping.
std::optional<std::string> AnswerAtOnce(EndpointExchange& in, const SessionPointer& session);

// The record and the call's facts learn whose message it is.
void Introduce(EndpointExchange& in, const CallerSession::Facts& facts);

class SessionCall {
 public:
  // All outlive it. The client is the one that is asked and told while the call runs.
  SessionCall(EndpointExchange& in, SessionPointer session, Client& client,
              base::CancelSignal& cancel);

  // Asks the Handler, and remembers what the caller wants to hear once the server has agreed.
  base::Task<Response> Ask();
  // Nobody wants the answer any more (MCP 2025-11-25, Cancellation): none is sent.
  bool cancelled() const { return running_.cancelled(); }

 private:
  void NoteWish();

  EndpointExchange& in_;
  const SessionPointer session_;
  Client& client_;
  base::CancelSignal& cancel_;
  const CallerSession::Running running_;
};

// Ends a call 30 s after its caller hung up, which is no cancellation (MCP 2025-11-25, Transports),
// unless the caller comes back for the rest of its stream.
class Patience {
 public:
  Patience(EndpointExchange& in, const CallStream& stream, base::CancelSignal& cancel)
      : in_(in), stream_(stream), cancel_(cancel), hook_(in.exchange.cancel(), Begin{this}) {
    if (in_.exchange.cancel().requested()) Arm();
  }

 private:
  struct Begin {
    Patience* patience;
    void operator()() const { patience->Arm(); }
  };
  void Arm();
  void Expire();

  EndpointExchange& in_;
  const CallStream& stream_;
  base::CancelSignal& cancel_;
  base::Timers::Timer timer_;
  base::CancelSignal::Hook<Begin> hook_;
};

}  // namespace mcp::legacy
