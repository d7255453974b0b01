// A Listening is one call of ours to `subscriptions/listen`, in the name of a session: all kinds of
// changed lists, and the resources that the session is subscribed to. What comes goes to a log as
// the caller of an older revision knows it.
//
// One thread. Whoever starts it requests `cancel` and waits until it is done before it goes.
#pragma once

#include <string>
#include <string_view>

#include "mcp/endpoint_exchange.h"
#include "mcp/legacy/caller_session.h"

namespace mcp::legacy {

// In the _meta of an acknowledgement: true when everything is heard that the server says in the
// session, so that what the session subscribes to later needs no other listen. From our own
// Handlers to us; no caller sees it.
inline constexpr std::string_view kHearsSession = "portolan/hearsSession";

class Listening final : private Client {
 public:
  // All outlive it; the bell rings when one of the states below changes.
  Listening(EndpointExchange& in, CallerSession& session, EventLog& log, base::Doorbell& bell,
            CallerSession::Subscriptions wanted);
  void Start();

  // The server has begun to tell.
  bool acknowledged() const { return acknowledged_; }
  // It tells of what the session subscribes to from now on, too.
  bool hears_session() const { return hears_session_; }
  bool done() const { return done_; }
  // Done, and the server ended it in good order.
  bool ended_well() const { return ended_well_; }
  std::uint64_t version() const { return wanted_.version; }

  base::CancelSignal cancel;

 private:
  base::Task<void> Run();
  base::Task<base::Result<void>> Notify(std::string_view message) override;
  base::Task<base::Result<void>> Relay(Source& source) override;
  base::Task<base::Result<std::string>> Ask(std::string_view request,
                                            base::CancelSignal& withdrawn) override;
  void Hear(std::string_view message);

  EndpointExchange& in_;
  CallerSession& session_;
  EventLog& log_;
  base::Doorbell& bell_;
  const CallerSession::Subscriptions wanted_;
  Record record_;

  bool acknowledged_ = false;
  bool hears_session_ = false;
  bool done_ = false;
  bool ended_well_ = false;
};

// A notification of a subscription as older revisions know it: without the subscription's id.
std::string WithoutSubscription(std::string_view message, const Envelope& envelope);

}  // namespace mcp::legacy
