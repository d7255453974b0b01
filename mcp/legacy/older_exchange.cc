#include "mcp/legacy/older_exchange.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "mcp/legacy/batch.h"
#include "mcp/legacy/own_stream.h"
#include "mcp/legacy/session_call.h"
#include "mcp/legacy/session_endpoint.h"

namespace mcp::legacy {
namespace {

using base::http::Field;

base::Task<void> ServeInitialize(EndpointExchange& in) {
  HttpCaller caller(in.exchange, in.loop, in.record, in.options.keep_alive, nullptr);
  Call call = in.MakeCall(caller, in.exchange.cancel(), kLatestLegacy, {});
  const InitializeAnswer answer = co_await Initialize(call, in.handler);
  std::string session;
  if (answer.ok) {
    session = in.options.sessions->Open(in.principal, answer.revision, answer.client_info,
                                        answer.client_capabilities);
  }
  in.NoteOutcome(OutcomeOf(answer.body));
  boost::container::small_vector<Field, 3> fields = {{"Content-Type", "application/json"}};
  if (!in.record.request_id.empty()) fields.push_back({"X-Request-Id", in.record.request_id});
  if (!session.empty()) fields.push_back({"Mcp-Session-Id", session});
  const std::span<const Field> all(fields.data(), fields.size());
  co_await caller.Answer(200, answer.body, all);
}

base::Task<void> ServeGet(EndpointExchange& in) {
  in.record.method = "session/listen";
  const auto accept = in.exchange.head().fields.Find("Accept");
  const Field allow[] = {{"Allow", "POST, DELETE"}};
  if (!in.headers.session) {
    // A stream that closes at once would make clients come back for ever.
    co_return co_await in.RefuseText(405, kInvalidRequest, "Only a session has a stream.",
                                     "MethodNotAllowed", allow);
  }
  if (accept && !in.headers.accepts_events) {
    co_return co_await in.RefuseText(406, kInvalidRequest, "Accept must list text/event-stream.",
                                     "NotAcceptable");
  }
  const boost::system::result<SessionPointer, Refusal> found =
      FindSession(*in.options.sessions, in.headers, in.principal, {});
  if (!found) co_return co_await in.Refuse(found.error().http_status, {}, found.error().error);
  const SessionPointer session = *found;
  Introduce(in, session->facts());
  const auto last = in.exchange.head().fields.Find("Last-Event-ID");
  const std::optional<EventId> last_event = last ? EventId::Parse(*last) : std::nullopt;
  if (last_event && last_event->of_call) co_return co_await ServeRest(in, *session, *last_event);
  OwnStream stream(in, session);
  co_await stream.ServeGet(last_event ? &*last_event : nullptr);
}

}  // namespace

base::Task<void> ServeInSession(EndpointExchange& in, const SessionPointer& session) {
  if (const auto answer = AnswerAtOnce(in, session)) {
    co_return co_await in.Send(answer->empty() ? 202 : 200, *answer);
  }
  base::CancelSignal cancel;
  CallStream stream(*session, in.id(), in.loop, cancel);
  const Patience patience(in, stream, cancel);
  HttpCaller caller(in.exchange, in.loop, in.record, in.options.keep_alive, &stream);
  SessionCall call(in, session, caller, cancel);
  Response response = co_await call.Ask();
  if (call.cancelled()) {
    in.record.outcome = Outcome::kCancelled;
    co_return co_await caller.EndUnanswered();
  }
  co_await in.Deliver(caller, std::move(response), false);
}

base::Task<void> ServeMessage(EndpointExchange& in) {
  if (in.method == "initialize" && in.is_request()) co_return co_await ServeInitialize(in);
  const boost::system::result<SessionPointer, Refusal> found =
      FindSession(*in.options.sessions, in.headers, in.principal, in.method);
  if (!found) co_return co_await in.Refuse(found.error().http_status, in.id(), found.error().error);
  const SessionPointer session = *found;
  if (session) Introduce(in, session->facts());
  co_await ServeInSession(in, session);
}

base::Task<void> ServeVerb(EndpointExchange& in) {
  const std::string_view verb = in.exchange.head().method;
  if (verb == "GET") co_return co_await ServeGet(in);
  if (verb == "DELETE") {
    in.record.method = "session/delete";
    const std::optional<Refusal> refusal =
        EndSession(*in.options.sessions, in.headers, in.principal);
    if (refusal) co_return co_await in.Refuse(refusal->http_status, {}, refusal->error);
    in.record.outcome = Outcome::kOk;
    co_return co_await in.Send(200, {});
  }
  const Field allow[] = {{"Allow", "POST, GET, DELETE"}};
  co_await in.RefuseText(405, kInvalidRequest, "Only POST, GET and DELETE are served here.",
                         "MethodNotAllowed", allow);
}

}  // namespace mcp::legacy
