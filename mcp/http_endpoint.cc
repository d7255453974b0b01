#include "mcp/http_endpoint.h"

#include <optional>
#include <utility>

#include "mcp/endpoint_exchange.h"
#include "mcp/error.h"
#include "mcp/legacy/batch.h"
#include "mcp/legacy/older_exchange.h"
#include "mcp/raw_json.h"
#include "mcp/request_headers.h"

namespace mcp {
namespace {

// Methods that modern clients cannot call any more, whatever stands behind us (MCP 2026-07-28, Key
// Changes).
bool IsRemoved(std::string_view method) {
  return method == "initialize" || method == "ping" || method == "logging/setLevel" ||
         method == "resources/subscribe" || method == "resources/unsubscribe";
}

// One exchange: what must hold in every era, the decision of the era, and the modern one.
class HttpEndpoint final : public EndpointExchange {
 public:
  using EndpointExchange::EndpointExchange;

  bool is_post() const { return exchange.head().method == "POST"; }
  base::Task<void> ServeOtherVerb();
  // Of a POST whose body need not be read.
  bool can_serve_body() const {
    return headers.accepts_json && headers.accepts_events && headers.is_json;
  }
  base::Task<void> RefuseUnread();
  // What came of reading the body.
  base::Task<void> ServeBody(const base::Result<std::string_view>& body);

 private:
  base::Task<void> ServeMessage(std::string_view body);
  base::Task<void> RefuseUnreadable(base::Code why);
  base::Task<void> ServeModern();
  base::Task<void> RefuseUnscanned(base::Error error);
  base::Task<void> RefuseRevision();
  bool may_be_older() const {
    return options.sessions && !(headers.version && *headers.version >= ToString(kLatest));
  }
};

base::Task<void> HttpEndpoint::RefuseUnread() {
  if (!headers.accepts_json || !headers.accepts_events) {
    co_return co_await RefuseText(406, kInvalidRequest,
                                  "Accept must list application/json and text/event-stream.",
                                  "NotAcceptable");
  }
  co_await RefuseText(415, kInvalidRequest, "Content-Type must be application/json.",
                      "UnsupportedMediaType");
}

base::Task<void> HttpEndpoint::ServeBody(const base::Result<std::string_view>& body) {
  return body ? ServeMessage(*body) : RefuseUnreadable(body.error().code);
}

base::Task<void> HttpEndpoint::RefuseUnreadable(base::Code why) {
  switch (why) {
    case base::Code::kResourceExhausted: {
      const std::string limit = std::to_string(options.max_body_bytes);
      const std::string sentence = "The body is longer than " + limit + " bytes.";
      co_return co_await RefuseText(413, kInvalidRequest, sentence, "BodyTooLarge");
    }
    case base::Code::kDeadlineExceeded:
      co_return co_await RefuseText(408, kInvalidRequest, "The body came too slowly.",
                                    "BodyTimeout");
    case base::Code::kInvalidArgument:
      co_return co_await RefuseText(400, kInvalidRequest, "The body's framing is broken.",
                                    "BodyBroken");
    default: record.outcome = Outcome::kCancelled;
  }
}

base::Task<void> HttpEndpoint::ServeOtherVerb() {
  if (may_be_older()) co_return co_await legacy::ServeVerb(*this);
  const base::http::Field allow[] = {{"Allow", "POST"}};
  co_await RefuseText(405, kInvalidRequest, "Only POST is served here.", "MethodNotAllowed", allow);
}

// Waits for nothing itself: a call has fewer coroutines to go through.
base::Task<void> HttpEndpoint::ServeMessage(std::string_view body) {
  const base::Result<Envelope> scanned = Scan(body);
  if (!scanned) {
    const bool is_batch = scanned.error().code == base::Code::kOutOfRange;
    if (is_batch && may_be_older() && headers.session && IsJson(body))
      return legacy::ServeBatch(*this, body);
    return RefuseUnscanned(scanned.error());
  }
  Take(body, *scanned);
  if (IsModernRequest(headers, envelope)) return ServeModern();
  return options.sessions ? legacy::ServeMessage(*this) : RefuseRevision();
}

base::Task<void> HttpEndpoint::RefuseRevision() {
  CallError error = UnsupportedRevision(headers.version.value_or("none"), false);
  if (!headers.version)
    error.message = "Only requests of protocol revision 2026-07-28 are served here.";
  co_await Refuse(400, id(), error);
}

base::Task<void> HttpEndpoint::RefuseUnscanned(base::Error error) {
  const bool is_json = error.code != base::Code::kInvalidArgument;
  const std::string sentence =
      (is_json ? "Invalid request: " : "Parse error: ") + error.message + ".";
  co_await RefuseText(400, is_json ? kInvalidRequest : kParseError, sentence,
                      is_json ? "InvalidRequest" : "ParseError");
}

base::Task<void> HttpEndpoint::ServeModern() {
  record.protocol_revision = ToString(kLatest);
  if (!envelope.client_name.empty())
    record.client_name = DecodeString(envelope.client_name.of(bytes));
  if (!envelope.client_version.empty())
    record.client_version = DecodeString(envelope.client_version.of(bytes));
  if (envelope.kind == Envelope::Kind::kResult || envelope.kind == Envelope::Kind::kError) {
    co_return co_await RefuseText(400, kInvalidRequest,
                                  "Invalid request: clients send no responses.", "InvalidRequest");
  }
  const std::optional<CallError> wrong =
      CheckModern(headers, bytes, envelope, method, item, options.sessions != nullptr);
  if (wrong) co_return co_await Refuse(400, id(), *wrong);
  if (is_request() && IsRemoved(method)) {
    CallError error;
    error.code = kMethodNotFound;
    error.message = "Method not found: " + std::string(method);
    error.reason = "MethodNotFound";
    co_return co_await Refuse(404, id(), error);
  }
  client_capabilities = envelope.client_capabilities.of(bytes);
  client_info = envelope.client_info.of(bytes);
  log_level = envelope.log_level.of(bytes);
  if (const auto unfit = CheckCall()) co_return co_await Refuse(200, id(), *unfit);
  // The closed response stream is the cancellation (MCP 2026-07-28, Streamable HTTP, Cancellation).
  HttpCaller caller(exchange, loop, record, options.keep_alive, nullptr);
  Call call = MakeCall(caller, exchange.cancel(), kLatest, {});
  Response response = co_await Handle(call);
  // Relayed as a whole, as most answers are: nothing is left to be said.
  const bool said = response.kind == Response::Kind::kRelayed && caller.ended();
  if (said) co_return NoteOutcome(caller.relayed_outcome());
  co_await Deliver(caller, std::move(response), true);
}

}  // namespace

base::Task<void> ServeHttp(base::http::Exchange& exchange, base::Loop& loop,
                           const base::auth::Principal& principal, Record& record, Handler& handler,
                           const EndpointOptions& options) {
  HttpEndpoint endpoint(exchange, loop, principal, record, handler, options);
  if (!endpoint.is_post()) {
    co_await endpoint.ServeOtherVerb();
  } else if (!endpoint.can_serve_body()) {
    co_await endpoint.RefuseUnread();
  } else {
    const base::Result<std::string_view> body = co_await exchange.ReadBody(options.max_body_bytes);
    co_await endpoint.ServeBody(body);
  }
  record.bytes_in = exchange.bytes_in();
  record.bytes_out = exchange.bytes_out();
}

}  // namespace mcp
