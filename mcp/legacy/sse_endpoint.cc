#include "mcp/legacy/sse_endpoint.h"

#include <algorithm>
#include <string>
#include <utility>

#include "mcp/collector.h"
#include "mcp/legacy/older_exchange.h"
#include "mcp/legacy/own_stream.h"
#include "mcp/legacy/session_call.h"
#include "mcp/legacy/session_endpoint.h"
#include "mcp/sse.h"

namespace mcp::legacy {
namespace {

using base::http::Field;

// An exchange whose answer goes to the session's stream: whoever serves a message need not know.
class StreamedReply final : public base::http::Exchange {
 public:
  StreamedReply(base::http::Exchange& post, CallerSession& session, base::Loop& loop)
      : post_(post), session_(session), loop_(loop) {}

  const base::http::RequestHead& head() const override { return post_.head(); }
  std::string_view peer_address() const override { return post_.peer_address(); }
  std::uint64_t connection_id() const override { return post_.connection_id(); }
  bool is_tls() const override { return post_.is_tls(); }
  // The caller has its 202 and may hang up; the session's end cancels its calls.
  base::CancelSignal& cancel() override { return never_; }
  std::uint64_t bytes_in() const override { return post_.bytes_in(); }
  std::uint64_t bytes_out() const override { return bytes_out_; }
  bool response_started() const override { return started_; }
  base::Task<base::Result<std::string_view>> ReadBody(std::size_t max_bytes) override {
    return post_.ReadBody(max_bytes);
  }

  base::Task<base::Result<void>> Respond(int, std::span<const Field>,
                                         std::string_view body) override {
    started_ = true;
    // A call whose session has ended is answered to nobody.
    if (!body.empty()) co_await Say(body);
    co_return base::Result<void>();
  }
  base::Task<base::Result<void>> Respond(int status, std::span<const Field> fields,
                                         std::span<const std::string_view> body) override {
    std::string whole;
    for (const std::string_view piece : body) whole += piece;
    co_return co_await Respond(status, fields, std::string_view(whole));
  }
  // A long answer comes in pieces; an event stream's events are on the session's stream already.
  base::Task<base::Result<void>> StartStream(int, std::span<const Field> fields,
                                             std::uint64_t) override {
    started_ = true;
    for (const Field& field : fields) {
      if (base::http::EqualsIgnoreCase(field.name, "Content-Type"))
        collects_ = field.value == "application/json";
    }
    co_return base::Result<void>();
  }
  base::Task<base::Result<void>> Write(std::string_view bytes) override {
    if (collects_ && body_.size() + bytes.size() > kMaxEventBytes)
      co_return base::Fail(base::Code::kResourceExhausted, "the answer is too long for an event");
    if (collects_) body_ += bytes;
    co_return base::Result<void>();
  }
  base::Task<base::Result<void>> FinishStream() override {
    if (!body_.empty()) co_await Say(body_);
    body_.clear();
    co_return base::Result<void>();
  }

 private:
  base::Task<void> Say(std::string_view message) {
    co_await session_.own_log()->Room(loop_, never_);
    bytes_out_ += message.size();
    session_.own_log()->Add(message, false, nullptr);
  }

  base::http::Exchange& post_;
  CallerSession& session_;
  base::Loop& loop_;
  base::CancelSignal never_;
  bool started_ = false;
  bool collects_ = false;
  std::string body_;
  std::uint64_t bytes_out_ = 0;
};

// `sessionId` of the query; empty when there is none.
std::string_view SessionIdOf(std::string_view query) {
  constexpr std::string_view kName = "sessionId=";
  while (!query.empty()) {
    const std::string_view part = query.substr(0, query.find('&'));
    if (part.starts_with(kName)) return part.substr(kName.size());
    query.remove_prefix(std::min(query.size(), part.size() + 1));
  }
  return {};
}

base::Task<void> ServeInitialize(EndpointExchange& in, CallerSession& session) {
  Collector nobody(0);  // initialize says nothing before its answer
  Call call = in.MakeCall(nobody, in.exchange.cancel(), kLatestLegacy, {});
  InitializeAnswer answer = co_await Initialize(call, in.handler);
  if (answer.ok &&
      !session.Introduce(answer.revision, answer.client_info, answer.client_capabilities)) {
    CallError error;
    error.code = kInvalidRequest;
    error.message = "initialize was sent before.";
    answer.body = ErrorMessage(in.id(), error, in.record.request_id);
  }
  in.NoteOutcome(OutcomeOf(answer.body));
  in.record.http_status = 200;
  (void)co_await in.exchange.Respond(200, {}, std::string_view(answer.body));
}

base::Task<void> ServeTaken(EndpointExchange& in, const SessionPointer& session) {
  if (in.method == "initialize" && in.is_request())
    co_return co_await ServeInitialize(in, *session);
  const bool needs_introduction = in.is_request() && in.method != "ping";
  if (needs_introduction && !session->introduced()) {
    CallError error;
    error.code = kInvalidRequest;
    error.message = "Send initialize first.";
    error.reason = "NotInitialized";
    co_return co_await in.Refuse(200, in.id(), error);
  }
  if (session->introduced()) Introduce(in, session->facts());
  if (!session->introduced() && in.method != "ping") co_return;
  co_await ServeInSession(in, session);
}

}  // namespace

base::Task<void> ServeSseStream(base::http::Exchange& exchange, base::Loop& loop,
                                const base::auth::Principal& principal, Record& record,
                                Handler& handler, const EndpointOptions& options) {
  EndpointExchange in(exchange, loop, principal, record, handler, options);
  record.method = "session/sse";
  if (exchange.head().method != "GET") {
    const Field allow[] = {{"Allow", "GET"}};
    co_return co_await in.RefuseText(405, kInvalidRequest, "Only GET is served here.",
                                     "MethodNotAllowed", allow);
  }
  if (!in.headers.accepts_events) {
    co_return co_await in.RefuseText(406, kInvalidRequest, "Accept must list text/event-stream.",
                                     "NotAcceptable");
  }
  const base::Result<OpenedStream> opened = options.sessions->OpenStream(principal);
  if (!opened) {
    co_return co_await in.RefuseText(429, kTooManyRequests, opened.error().message + ".",
                                     "TooManySessions");
  }
  // Relative, so that it holds behind whatever prefix a proxy serves us under.
  std::string opening = "event: endpoint\ndata: ";
  if (exchange.head().path.ends_with('/')) opening += "../";
  opening += "messages?sessionId=" + opened->id + "\n\n";
  {
    OwnStream stream(in, opened->session);
    co_await stream.ServeSse(opening);
  }
  options.sessions->CloseStream(opened->id);
  record.bytes_in = exchange.bytes_in();
  record.bytes_out = exchange.bytes_out();
}

base::Task<void> ServeSseMessage(base::http::Exchange& exchange, base::Loop& loop,
                                 const base::auth::Principal& principal, Record& record,
                                 Handler& handler, const EndpointOptions& options) {
  EndpointExchange posted(exchange, loop, principal, record, handler, options);
  record.method = "session/message";
  if (exchange.head().method != "POST") {
    const Field allow[] = {{"Allow", "POST"}};
    co_return co_await posted.RefuseText(405, kInvalidRequest, "Only POST is served here.",
                                         "MethodNotAllowed", allow);
  }
  const base::Result<SessionPointer> session =
      options.sessions->Find(SessionIdOf(exchange.head().query), principal);
  if (!session || !(*session)->facts().over_sse) {
    co_return co_await posted.RefuseText(
        404, kSessionNotFound, "Session not found. Open a new stream.", "SessionNotFound");
  }
  if (!posted.headers.is_json) {
    co_return co_await posted.RefuseText(
        415, kInvalidRequest, "Content-Type must be application/json.", "UnsupportedMediaType");
  }
  const base::Result<std::string_view> body = co_await exchange.ReadBody(options.max_body_bytes);
  if (!body) {
    if (body.error().code == base::Code::kCancelled) co_return;
    co_return co_await posted.RefuseText(
        body.error().code == base::Code::kResourceExhausted ? 413 : 400, kInvalidRequest,
        "The body is too long, or broken.", "BodyRefused");
  }
  const base::Result<Envelope> envelope = Scan(*body);
  if (!envelope) {
    co_return co_await posted.RefuseText(400, kInvalidRequest,
                                         "Invalid request: " + envelope.error().message + ".",
                                         "InvalidRequest");
  }
  // The next message must not wait behind this call on its connection.
  const Field fields[] = {{"Content-Type", "text/plain"}, {"Connection", "close"}};
  const base::Result<void> accepted =
      co_await exchange.Respond(202, fields, std::string_view("Accepted"));
  if (accepted) exchange.CloseConnection();

  StreamedReply reply(exchange, **session, loop);
  EndpointExchange in(reply, loop, principal, record, handler, options);
  in.Take(*body, *envelope);
  co_await ServeTaken(in, *session);
  record.bytes_in = exchange.bytes_in();
  record.bytes_out = reply.bytes_out();
}

}  // namespace mcp::legacy
