#include "mcp/legacy/session_call.h"

#include <utility>

#include "mcp/raw_json.h"
#include "mcp/requests.h"

namespace mcp::legacy {
namespace {

constexpr std::chrono::milliseconds kAfterHangup{30'000};
// Of the answers to what the session must know of.
constexpr std::size_t kMaxWishAnswer = 64 * 1024;

bool IsWish(std::string_view method) {
  return method == "logging/setLevel" || method == "resources/subscribe" ||
         method == "resources/unsubscribe";
}

Response Refused(EndpointExchange& in, const CallError& error) {
  in.record.reason = error.reason;
  in.record.message = error.message;
  Response response = Response::Message(ErrorMessage(in.id(), error, {}));
  response.kind = Response::Kind::kRefused;
  return response;
}

CallError TooManySubscriptions() {
  CallError error;
  error.code = kTooManyRequests;
  error.message = "This session has " + std::to_string(CallerSession::kMaxSubscriptions) +
                  " subscriptions already. Unsubscribe from some.";
  error.reason = "TooManySubscriptions";
  return error;
}

}  // namespace

void Patience::Arm() {
  const auto fire = [](void* self) { static_cast<Patience*>(self)->Expire(); };
  in_.loop.timers.Arm(timer_, kAfterHangup, fire, this);
}

void Patience::Expire() {
  if (stream_.followed()) return Arm();
  cancel_.Request();
}

void Introduce(EndpointExchange& in, const CallerSession::Facts& facts) {
  in.record.protocol_revision = ToString(facts.revision);
  in.record.client_name = facts.client_name;
  in.record.client_version = facts.client_version;
  in.client_capabilities = facts.client_capabilities;
  in.client_info = facts.client_info;
}

std::optional<std::string> AnswerAtOnce(EndpointExchange& in, const SessionPointer& session) {
  const Outcome before = std::exchange(in.record.outcome, Outcome::kOk);
  if (in.method == "ping" && in.is_request()) {
    std::string pong = R"({"jsonrpc":"2.0","id":)";
    return pong.append(in.id()).append(R"(,"result":{}})");
  }
  if (in.method.empty()) {
    // An answer that nobody waits for (any more) is nobody's fault.
    if (session) session->Answer(in.id(), in.bytes);
    return std::string();
  }
  if (in.method == kCancelledMethod) {
    if (session) CallerSession::Cancel(session, in.envelope.request_id.of(in.bytes));
    return std::string();
  }
  if (in.method == "notifications/initialized" || !session) return std::string();
  in.record.outcome = before;
  return std::nullopt;
}

SessionCall::SessionCall(EndpointExchange& in, SessionPointer session, Client& client,
                         base::CancelSignal& cancel)
    : in_(in),
      session_(std::move(session)),
      client_(client),
      cancel_(cancel),
      running_(*session_, in.id(), in.loop, cancel) {
  in_.log_level = running_.log_level();
}

base::Task<Response> SessionCall::Ask() {
  if (const auto unfit = in_.CheckCall()) co_return Refused(in_, *unfit);
  const bool is_wish = in_.is_request() && IsWish(in_.method);
  if (is_wish && in_.method == "resources/subscribe" && !session_->MaySubscribe(in_.item))
    co_return Refused(in_, TooManySubscriptions());
  const CallerSession::Facts& facts = session_->facts();
  Call call = in_.MakeCall(client_, cancel_, facts.revision, facts.key);
  if (is_wish) call.collect_result_up_to = kMaxWishAnswer;
  Response response = co_await in_.Handle(call);
  if (is_wish && response.kind == Response::Kind::kMessage &&
      OutcomeOf(response.body).outcome == Outcome::kOk) {
    NoteWish();
    co_await session_->Settle(in_.loop, cancel_);
  }
  co_return response;
}

void SessionCall::NoteWish() {
  if (in_.method == "logging/setLevel") {
    const std::string_view level = Member(in_.envelope.params.of(in_.bytes), "level");
    if (IsString(level)) session_->SetLogLevel(level);
  } else if (in_.method == "resources/subscribe") {
    session_->Subscribe(in_.item);
  } else {
    session_->Unsubscribe(in_.item);
  }
}

}  // namespace mcp::legacy
