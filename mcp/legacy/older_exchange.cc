#include "mcp/legacy/older_exchange.h"

#include <optional>
#include <utility>

#include "mcp/legacy/call_stream.h"
#include "mcp/legacy/session_endpoint.h"
#include "mcp/raw_json.h"

namespace mcp::legacy {
namespace {

using base::http::Field;

// A call goes on when its caller hangs up, for so long: nobody fetches the answer later.
constexpr std::chrono::milliseconds kAfterHangup{30'000};
// Of the answers to what the session must know of.
constexpr std::size_t kMaxWishAnswer = 64 * 1024;

// Ends a call whose caller hung up (which is no cancellation: MCP 2025-11-25, Transports), unless
// the caller comes back for the rest of its stream.
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
  void Arm() {
    const auto fire = [](void* self) { static_cast<Patience*>(self)->Expire(); };
    in_.loop.timers.Arm(timer_, kAfterHangup, fire, this);
  }
  void Expire() {
    if (stream_.followed()) return Arm();
    cancel_.Request();
  }

  EndpointExchange& in_;
  const CallStream& stream_;
  base::CancelSignal& cancel_;
  base::Timers::Timer timer_;
  base::CancelSignal::Hook<Begin> hook_;
};

base::Task<void> ServeInitialize(EndpointExchange& in) {
  HttpCaller caller(in.exchange, in.loop, in.record, in.options.keep_alive, nullptr);
  Call call = in.MakeCall(caller, in.exchange.cancel(), kLatestLegacy, {});
  const InitializeAnswer answer = co_await Initialize(call, in.handler, *in.options.sessions);
  in.NoteOutcome(OutcomeOf(answer.body));
  boost::container::small_vector<Field, 3> fields = {{"Content-Type", "application/json"}};
  if (!in.record.request_id.empty()) fields.push_back({"X-Request-Id", in.record.request_id});
  if (!answer.session.empty()) fields.push_back({"Mcp-Session-Id", answer.session});
  const std::span<const Field> all(fields.data(), fields.size());
  co_await caller.Answer(200, answer.body, all);
}

bool IsWish(std::string_view method) {
  return method == "logging/setLevel" || method == "resources/subscribe" ||
         method == "resources/unsubscribe";
}

// What the caller wants to hear, once the server has agreed.
void NoteWish(const EndpointExchange& in, CallerSession& session) {
  if (in.method == "logging/setLevel") {
    const std::string_view level = Member(in.envelope.params.of(in.bytes), "level");
    if (IsString(level)) session.SetLogLevel(level);
  } else if (in.method == "resources/subscribe") {
    session.Subscribe(in.item);
  } else {
    session.Unsubscribe(in.item);
  }
}

CallError TooManySubscriptions() {
  CallError error;
  error.code = kTooManyRequests;
  error.message = "This session has " + std::to_string(CallerSession::kMaxSubscriptions) +
                  " subscriptions already. Unsubscribe from some.";
  error.reason = "TooManySubscriptions";
  return error;
}

base::Task<void> ServeCall(EndpointExchange& in, CallerSession& session) {
  if (const auto unfit = in.CheckCall()) co_return co_await in.Refuse(200, in.id(), *unfit);
  const bool is_wish = in.is_request() && IsWish(in.method);
  if (is_wish && in.method == "resources/subscribe" && !session.MaySubscribe(in.item)) {
    const CallError error = TooManySubscriptions();
    co_return co_await in.Refuse(200, in.id(), error);
  }
  base::CancelSignal cancel;
  const CallerSession::Running running(session, in.id(), in.loop, cancel);
  CallStream stream(session, in.id(), in.loop, cancel);
  const Patience patience(in, stream, cancel);
  in.log_level = running.log_level();

  HttpCaller caller(in.exchange, in.loop, in.record, in.options.keep_alive, &stream);
  Call call = in.MakeCall(caller, cancel, session.facts().revision, session.facts().key);
  if (is_wish) call.collect_result_up_to = kMaxWishAnswer;
  Response response = co_await in.Handle(call);
  if (running.cancelled()) {
    // MCP 2025-11-25, Cancellation: who cancelled gets no answer.
    in.record.outcome = Outcome::kCancelled;
    co_return co_await caller.EndUnanswered();
  }
  if (is_wish && response.kind == Response::Kind::kMessage &&
      OutcomeOf(response.body).outcome == Outcome::kOk) {
    NoteWish(in, session);
    co_await session.Settle(in.loop, cancel);
  }
  co_await in.Deliver(caller, std::move(response), false);
}

}  // namespace

base::Task<void> ServeMessage(EndpointExchange& in) {
  if (in.method == "initialize" && in.is_request()) co_return co_await ServeInitialize(in);
  const boost::system::result<SessionPointer, Refusal> found =
      FindSession(*in.options.sessions, in.headers, in.principal, in.method);
  if (!found) co_return co_await in.Refuse(found.error().http_status, in.id(), found.error().error);
  const SessionPointer session = *found;
  if (session) {
    const CallerSession::Facts& facts = session->facts();
    in.record.protocol_revision = ToString(facts.revision);
    in.record.client_name = facts.client_name;
    in.record.client_version = facts.client_version;
    in.client_capabilities = facts.client_capabilities;
    in.client_info = facts.client_info;
  }
  in.record.outcome = Outcome::kOk;
  if (in.method == "ping" && in.is_request()) {
    std::string pong = R"({"jsonrpc":"2.0","id":)";
    pong.append(in.id()).append(R"(,"result":{}})");
    co_return co_await in.Send(200, pong);
  }
  if (in.method.empty()) {
    // An answer that nobody waits for (any more) is nobody's fault.
    if (session) session->Answer(in.id(), in.bytes);
    co_return co_await in.Send(202, {});
  }
  if (in.method == "notifications/cancelled") {
    if (session) CallerSession::Cancel(session, in.envelope.request_id.of(in.bytes));
    co_return co_await in.Send(202, {});
  }
  if (in.method == "notifications/initialized" || !session) co_return co_await in.Send(202, {});
  in.record.outcome = Outcome::kUnknown;
  co_await ServeCall(in, *session);
}

base::Task<void> ServeVerb(EndpointExchange& in) {
  if (in.exchange.head().method == "DELETE") {
    in.record.method = "session/delete";
    const std::optional<Refusal> refusal =
        EndSession(*in.options.sessions, in.headers, in.principal);
    if (refusal) co_return co_await in.Refuse(refusal->http_status, {}, refusal->error);
    in.record.outcome = Outcome::kOk;
    co_return co_await in.Send(200, {});
  }
  // GET: nothing is pushed, and a stream that closes at once would make clients come back for ever.
  const Field allow[] = {{"Allow", "POST, DELETE"}};
  co_await in.RefuseText(405, kInvalidRequest, "Only POST is served here.", "MethodNotAllowed",
                         allow);
}

}  // namespace mcp::legacy
