#include "gateway/backends/stdio_call.h"

#include <utility>

#include "gateway/backends/passage.h"
#include "gateway/backends/questions.h"
#include "gateway/backends/upstream_error.h"
#include "mcp/legacy/translate.h"
#include "mcp/raw_json.h"

namespace gateway {
namespace {

using base::Code;
using mcp::Response;
using Event = PendingRequest::Event;

std::string WithProgressToken(const mcp::Call& call, std::string_view raw_token) {
  const mcp::Span& token = call.envelope.progress_token;
  std::string out(call.bytes.substr(0, token.begin));
  out += raw_token;
  out += call.bytes.substr(token.end);
  return out;
}

// The call as the program gets it, under `raw_number`.
std::string MessageFor(const mcp::Call& call, Passage passage, std::string_view raw_number) {
  std::string storage;
  std::string_view bytes = call.bytes;
  mcp::Envelope envelope = call.envelope;
  if (!envelope.progress_token.empty()) {
    storage = WithProgressToken(call, raw_number);
    bytes = storage;
    envelope = *mcp::Scan(bytes);
  }
  switch (passage) {
    case Passage::kToModern:
      return mcp::legacy::ToModernRequest(bytes, envelope, IdentityOf(call), raw_number);
    case Passage::kToOlder: return mcp::legacy::ToLegacyRequest(bytes, envelope, raw_number);
    default: return mcp::legacy::WithId(bytes, envelope, raw_number);
  }
}

// The level of a logging/setLevel, when it is one that says more than `current`; empty otherwise.
std::string_view RequestedLevel(const mcp::Call& call, std::string_view current) {
  mcp::Call asked = call;
  asked.log_level = mcp::Member(call.envelope.params.of(call.bytes), "level");
  return LogLevelToSet(asked, current);
}

// What one session says about what several share: true when the program need not hear of it.
bool IsSettledAtPlace(const mcp::Call& call, StdioPlace& place) {
  if (call.session.empty()) return false;
  if (call.method == "resources/unsubscribe") {
    const std::string uri = mcp::DecodeString(call.envelope.uri.of(call.bytes));
    place.subscriptions().Remove(uri, call.session);
    return place.subscriptions().Has(uri);
  }
  if (call.method != "logging/setLevel") return false;
  const std::string_view level = RequestedLevel(call, place.log_level);
  return level.empty() && place.HasOtherSessions(call.session);
}

void NoteAnswered(const mcp::Call& call, StdioPlace& place) {
  if (call.session.empty()) return;
  if (call.method == "resources/subscribe") {
    place.subscriptions().Add(mcp::DecodeString(call.envelope.uri.of(call.bytes)), call.session);
  }
  // No unknown word, which none would be below.
  const bool sets = call.method == "logging/setLevel" && !RequestedLevel(call, {}).empty();
  if (sets) place.log_level = RequestedLevel(call, {});
}

// Before the program is asked: it logs what the caller wants to hear.
void SetLogLevel(const mcp::Call& call, StdioChild& child, StdioPlace& place) {
  const std::string_view level = LogLevelToSet(call, place.log_level);
  if (level.empty() || call.method == "logging/setLevel") return;
  place.log_level = level;
  // Its answer is nobody's.
  (void)child.Send(R"({"jsonrpc":"2.0","id":)" + std::to_string(child.NextNumber()) +
                   R"(,"method":"logging/setLevel","params":{"level":)" + place.log_level + "}}");
}

// What comes for the call, until its answer.
base::Task<base::Result<std::string>> AwaitAnswer(mcp::Call& call, PendingRequest& request,
                                                  Questions& questions,
                                                  base::CancelSignal& cancel) {
  const bool listening = call.method == mcp::kListenMethod;
  for (;;) {
    base::Result<Event> event = co_await request.Next(cancel);
    if (!event) co_return event.error();
    switch (event->kind) {
      case Event::Kind::kAnswer: co_return std::move(event->bytes);
      case Event::Kind::kQuestion: questions.Take(event->bytes, *mcp::Scan(event->bytes)); break;
      case Event::Kind::kWithdrawal:
        questions.TakeCancellation(event->bytes, *mcp::Scan(event->bytes));
        break;
      case Event::Kind::kEnd:  // fails the call
        break;
      case Event::Kind::kNotification:
        if (!listening && !MayHear(call, event->bytes)) break;
        if (auto sent = co_await call.client.Notify(event->bytes); !sent) co_return sent.error();
    }
  }
}

}  // namespace

base::Task<Response> CallProgram(mcp::Call& call, std::shared_ptr<StdioChild> child,
                                 std::shared_ptr<StdioPlace> place, StdioCallOptions options,
                                 Deadline& deadline, const base::Clock& clock) {
  const Passage passage = PassageOf(call, mcp::IsModern(options.revision), true);
  if (passage == Passage::kNone) co_return AnswerInstead(call, options.server);
  if (IsSettledAtPlace(call, *place)) co_return Response::Message(ResultMessage(call.id(), "{}"));
  if (options.has_log_level) SetLogLevel(call, *child, *place);

  const std::uint64_t number = child->NextNumber();
  const std::string message = MessageFor(call, passage, std::to_string(number));
  PendingRequest::Caller caller;
  caller.progress_token = call.envelope.progress_token.of(call.bytes);
  if (call.method == mcp::kListenMethod) caller.subscription_id = call.id();
  if (options.may_ask) caller.capabilities = call.client_capabilities;

  const base::TimePoint begun = clock.Now();
  const auto request = child->Ask(number, message, std::move(caller));
  if (!request) co_return UpstreamError(call, options.server, request.error());
  const auto deliver = [child](const std::string& answer) { (void)child->Send(answer); };
  Questions questions(call.client, deliver);
  if (!call.record.attempts.empty()) call.record.attempts.back().nothing_sent = false;
  base::Result<std::string> answer =
      co_await AwaitAnswer(call, **request, questions, deadline.signal());
  co_await questions.End();
  call.record.server_time +=
      std::chrono::duration_cast<std::chrono::microseconds>(clock.Now() - begun);

  if (!answer) {
    if (!(*request)->finished()) child->Cancel(number);
    if (!deadline.expired()) {
      Response response = UpstreamError(call, options.server, answer.error());
      // Whoever operates the gateway reads the program's last words too.
      if (child->ended()) call.record.message = child->ending();
      co_return response;
    }
    if (child->last_heard() < begun) child->End("it answered nothing for too long");
    co_return UpstreamError(call, options.server,
                            base::Fail(Code::kDeadlineExceeded, "the call took too long"),
                            deadline);
  }
  if (call.collect_result_up_to != 0 && answer->size() > call.collect_result_up_to) {
    co_return UpstreamError(call, options.server,
                            base::Fail(Code::kResourceExhausted, "the answer is too long"));
  }
  const mcp::Envelope envelope = *mcp::Scan(*answer);
  if (envelope.kind == mcp::Envelope::Kind::kResult) NoteAnswered(call, *place);
  co_return Response::Message(AnswerTo(call, passage, *answer, envelope));
}

}  // namespace gateway
