#include "mcp/legacy/park_for_input.h"

#include "mcp/attempts.h"
#include "mcp/error.h"
#include "mcp/legacy/input_requests.h"
#include "mcp/legacy/translate.h"
#include "mcp/raw_json.h"

namespace mcp::legacy {
namespace {

Response StateRefused(const Call& call) {
  CallError error;
  error.code = kInvalidParams;
  error.message =
      "This requestState is not that of a call that waits for input: it was changed, is of another "
      "call, or is too old. Call again without it.";
  error.reason = "RequestStateInvalid";
  return Response::Message(ErrorMessage(call.id(), error, call.record.request_id));
}

// The state is a true one, but its call is not here any more.
Response CallLost(const Call& call) {
  CallError error;
  error.code = kUpstreamUnavailable;
  error.message =
      "The call that asked for this input is over: it waited too long, was answered already, or "
      "was lost when the gateway was restarted. Call again without requestState.";
  error.reason = "CallLost";
  return Response::Message(ErrorMessage(call.id(), error, call.record.request_id));
}

// The server knows the token of the first exchange; each exchange has its own, or none. Empty: not
// to be sent.
std::string UnderOwnToken(std::string notification, std::string_view servers,
                          std::string_view own) {
  if (servers.empty() || servers == own) return notification;
  if (DecodeString(Member(notification, "method")) != "notifications/progress") {
    return notification;
  }
  const std::string_view token = Member(Member(notification, "params"), "progressToken");
  if (token.empty() || own.empty()) return {};
  const auto at = static_cast<std::size_t>(token.data() - notification.data());
  return notification.replace(at, token.size(), own);
}

// The answer under the id of the exchange that it goes to.
void Readdress(Response& response, const Call& call) {
  const auto envelope = Scan(response.body);
  if (envelope && !envelope->id.empty()) {
    response.body = WithId(response.body, *envelope, call.id());
  }
}

void Take(Record& record, const Record& outcome) {
  record.outcome = outcome.outcome;
  record.error_code = outcome.error_code;
  record.reason = outcome.reason;
  record.message = outcome.message;
  TakeAttempts(record, outcome);
}

}  // namespace

ParkForInput::ParkForInput(std::shared_ptr<Handler> server, Options options)
    : server_(std::move(server)),
      options_(std::move(options)),
      sealer_(options_.parked, options_.scope) {}

base::Task<Response> ParkForInput::Handle(Call& call) {
  const bool may_be_asked = IsModern(call.revision) && call.is_request() &&
                            MayRequireInput(call.method) && CanBeAsked(call.client_capabilities);
  if (!may_be_asked) return server_->Handle(call);
  const std::optional<Revision> revision = options_.revision();
  if (revision && IsModern(*revision)) return server_->Handle(call);
  return Detour(call);
}

base::Task<Response> ParkForInput::Detour(Call& call) {
  const auto visit = std::make_shared<RunningCall::Visit>(options_.loop);
  Retry retry = ReadRetry(call.envelope.params.of(call.bytes));
  if (!retry.state.empty() && (options_.revision() || sealer_.IsOurs(retry.state))) {
    const auto opened = sealer_.Open(call, retry.state);
    if (!opened) co_return StateRefused(call);
    const auto waiting = options_.parked.Find(opened->id);
    if (!waiting) co_return CallLost(call);
    const auto resume = [waiting, visit, round = opened->round,
                         responses = std::move(retry.responses)]() mutable {
      waiting->Resume(visit, round, std::move(responses));
    };
    if (!waiting->PostHome(resume)) co_return CallLost(call);
    co_return co_await Attend(call, waiting, visit);
  }
  const auto running = std::make_shared<RunningCall>(call, options_.loop, options_.parked);
  running->Begin(visit, server_);
  co_return co_await Attend(call, running, visit);
}

base::Task<Response> ParkForInput::Attend(Call& call, std::shared_ptr<RunningCall> running,
                                          RunningCall::VisitPointer visit) {
  const auto leave = [&] { running->PostHome([running, visit] { running->Leave(visit); }); };
  base::CancelSignal::Hook hook(call.cancel, leave);
  if (call.cancel.requested()) leave();
  // However it goes, the call says in the end how: it heeds the cancellation.
  while (!visit->ending) {
    if (visit->notification) {
      const std::string message =
          UnderOwnToken(*std::exchange(visit->notification, std::nullopt),
                        running->raw_progress_token(), call.envelope.progress_token.of(call.bytes));
      base::Result<void> sent;
      if (!message.empty()) sent = co_await call.client.Notify(message);
      running->PostHome([running, sent = std::move(sent)]() mutable { running->Sent(sent); });
      continue;
    }
    co_await base::AwaitIo<>([&](auto handler) { visit->wake = std::move(handler); });
  }
  RunningCall::Ending& ending = *visit->ending;
  switch (ending.kind) {
    case RunningCall::Ending::Kind::kNotHere: co_return StateRefused(call);
    case RunningCall::Ending::Kind::kAsks: {
      const std::string state = sealer_.Seal(call, running->id(), ending.round);
      co_return Response::Message(InputRequiredMessage(call.id(), ending.requests, state));
    }
    case RunningCall::Ending::Kind::kAnswered: break;
  }
  Take(call.record, ending.record);
  Readdress(ending.response, call);
  co_return std::move(ending.response);
}

}  // namespace mcp::legacy
