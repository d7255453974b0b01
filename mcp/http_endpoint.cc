#include "mcp/http_endpoint.h"

#include <boost/container/small_vector.hpp>
#include <exception>
#include <optional>

#include "mcp/error.h"
#include "mcp/http_caller.h"
#include "mcp/legacy/session_endpoint.h"
#include "mcp/outcome.h"
#include "mcp/raw_json.h"
#include "mcp/request_headers.h"

namespace mcp {
namespace {

using base::http::Field;
using FieldList = boost::container::small_vector<Field, 12>;

// A call of an older revision goes on when its caller hangs up, for so long (its stream cannot be
// resumed).
constexpr std::chrono::milliseconds kAfterHangup{30'000};

// Methods that modern clients cannot call any more, whatever stands behind us (MCP 2026-07-28, Key
// Changes).
bool IsRemoved(std::string_view method) {
  return method == "initialize" || method == "ping" || method == "logging/setLevel" ||
         method == "resources/subscribe" || method == "resources/unsubscribe";
}

// The JSON-RPC codes that have an HTTP status of their own in the modern transport.
int ModernStatus(int error_code) {
  switch (error_code) {
    case kMethodNotFound:
      return 404;
    case kHeaderMismatch:
    case kMissingCapability:
    case kUnsupportedRevision:
      return 400;
    default:
      return 200;
  }
}

// A string of the message, decoded: a view into it, or into `storage` when it had escapes.
std::string_view Decode(std::string_view raw, std::string& storage) {
  if (const auto plain = PlainString(raw)) return *plain;
  storage = DecodeString(raw);
  return storage;
}

// One exchange on its way through the endpoint. Lives in ServeHttp's frame.
class EndpointExchange {
 public:
  EndpointExchange(base::http::Exchange& exchange, base::Loop& loop,
                   const base::auth::Principal& principal, Record& record, Handler& handler,
                   const EndpointOptions& options)
      : exchange_(exchange),
        loop_(loop),
        principal_(principal),
        record_(record),
        handler_(handler),
        options_(options),
        headers_(RequestHeaders::Read(exchange.head().fields)) {}

  base::Task<void> Serve();

 private:
  base::Task<void> ServeMessage(std::string_view bytes);
  base::Task<void> ServeModern();
  base::Task<void> ServeOlder();
  base::Task<void> ServeInitialize();
  base::Task<void> ServeOtherVerb();
  // Hands the message to the Handler and its answer to the caller.
  base::Task<void> Dispatch(Revision revision, std::string_view session, base::CancelSignal& cancel,
                            bool outlives_peer);
  base::Task<void> Deliver(HttpCaller& caller, Response response, bool modern);

  Call MakeCall(Client& client, base::CancelSignal& cancel, Revision revision,
                std::string_view session);
  base::Task<void> Send(int status, std::string_view body, std::span<const Field> more = {});
  base::Task<void> Refuse(int status, std::string_view raw_id, const CallError& error,
                          std::span<const Field> more = {});
  base::Task<void> RefuseText(int status, int code, std::string_view sentence,
                              std::string_view reason, std::span<const Field> more = {});
  Response InternalError(std::string_view what);
  void FillFields(FieldList& fields, const Response& response) const;
  void NoteOutcome(const AnswerOutcome& outcome);
  std::string_view id() const { return envelope_.id.of(bytes_); }
  bool is_request() const { return envelope_.kind == Envelope::Kind::kRequest; }

  base::http::Exchange& exchange_;
  base::Loop& loop_;
  const base::auth::Principal& principal_;
  Record& record_;
  Handler& handler_;
  const EndpointOptions& options_;
  const RequestHeaders headers_;

  std::string_view bytes_;
  Envelope envelope_;
  std::string_view method_;
  std::string_view item_;
  std::string method_storage_;
  std::string item_storage_;
  std::string_view client_capabilities_;
  std::string_view client_info_;
  std::string_view log_level_;
};

base::Task<void> EndpointExchange::Serve() {
  const base::http::RequestHead& head = exchange_.head();
  if (head.method != "POST") co_return co_await ServeOtherVerb();
  if (!headers_.accepts_json || !headers_.accepts_events) {
    co_return co_await RefuseText(406, kInvalidRequest,
                                  "Accept must list application/json and text/event-stream.",
                                  "NotAcceptable");
  }
  if (!headers_.is_json) {
    co_return co_await RefuseText(415, kInvalidRequest, "Content-Type must be application/json.",
                                  "UnsupportedMediaType");
  }
  const base::Result<std::string_view> body = co_await exchange_.ReadBody(options_.max_body_bytes);
  if (body) co_return co_await ServeMessage(*body);
  switch (body.error().code) {
    case base::Code::kResourceExhausted: {
      const std::string limit = std::to_string(options_.max_body_bytes);
      const std::string sentence = "The body is longer than " + limit + " bytes.";
      co_return co_await RefuseText(413, kInvalidRequest, sentence, "BodyTooLarge");
    }
    case base::Code::kDeadlineExceeded:
      co_return co_await RefuseText(408, kInvalidRequest, "The body came too slowly.",
                                    "BodyTimeout");
    case base::Code::kInvalidArgument:
      co_return co_await RefuseText(400, kInvalidRequest, "The body's framing is broken.",
                                    "BodyBroken");
    default:
      record_.outcome = Outcome::kCancelled;
  }
}

base::Task<void> EndpointExchange::ServeOtherVerb() {
  const bool may_delete =
      options_.sessions && !(headers_.version && *headers_.version >= ToString(kLatest));
  if (exchange_.head().method == "DELETE" && may_delete) {
    record_.method = "session/delete";
    const std::optional<legacy::Refusal> refusal =
        legacy::EndSession(*options_.sessions, headers_, principal_);
    if (refusal) co_return co_await Refuse(refusal->http_status, {}, refusal->error);
    record_.outcome = Outcome::kOk;
    co_return co_await Send(200, {});
  }
  // GET: nothing is pushed, and a stream that closes at once would make clients come back for ever.
  const Field allow[] = {{"Allow", may_delete ? "POST, DELETE" : "POST"}};
  co_await RefuseText(405, kInvalidRequest, "Only POST is served here.", "MethodNotAllowed", allow);
}

base::Task<void> EndpointExchange::ServeMessage(std::string_view bytes) {
  const base::Result<Envelope> envelope = Scan(bytes);
  if (!envelope) {
    const bool is_json = envelope.error().code != base::Code::kInvalidArgument;
    const std::string sentence =
        (is_json ? "Invalid request: " : "Parse error: ") + envelope.error().message + ".";
    co_return co_await RefuseText(400, is_json ? kInvalidRequest : kParseError, sentence,
                                  is_json ? "InvalidRequest" : "ParseError");
  }
  bytes_ = bytes;
  envelope_ = *envelope;
  method_ = Decode(envelope_.method.of(bytes_), method_storage_);
  item_ = Decode(ItemOf(method_, envelope_).of(bytes_), item_storage_);
  record_.method.assign(method_);
  record_.item.assign(item_);
  if (IsModernRequest(headers_, envelope_)) co_return co_await ServeModern();
  if (!options_.sessions) {
    CallError error = UnsupportedRevision(headers_.version.value_or("none"), false);
    if (!headers_.version)
      error.message = "Only requests of protocol revision 2026-07-28 are served here.";
    co_return co_await Refuse(400, id(), error);
  }
  co_await ServeOlder();
}

base::Task<void> EndpointExchange::ServeModern() {
  record_.protocol_revision = ToString(kLatest);
  if (!envelope_.client_name.empty())
    record_.client_name = DecodeString(envelope_.client_name.of(bytes_));
  if (!envelope_.client_version.empty())
    record_.client_version = DecodeString(envelope_.client_version.of(bytes_));
  if (envelope_.kind == Envelope::Kind::kResult || envelope_.kind == Envelope::Kind::kError) {
    co_return co_await RefuseText(400, kInvalidRequest,
                                  "Invalid request: clients send no responses.", "InvalidRequest");
  }
  const std::optional<CallError> wrong =
      CheckModern(headers_, bytes_, envelope_, method_, item_, options_.sessions != nullptr);
  if (wrong) co_return co_await Refuse(400, id(), *wrong);
  if (is_request() && IsRemoved(method_)) {
    CallError error;
    error.code = kMethodNotFound;
    error.message = "Method not found: " + std::string(method_);
    error.reason = "MethodNotFound";
    co_return co_await Refuse(404, id(), error);
  }
  client_capabilities_ = envelope_.client_capabilities.of(bytes_);
  client_info_ = envelope_.client_info.of(bytes_);
  log_level_ = envelope_.log_level.of(bytes_);
  // The closed response stream is the cancellation (MCP 2026-07-28, Streamable HTTP, Cancellation).
  co_await Dispatch(kLatest, {}, exchange_.cancel(), false);
}

base::Task<void> EndpointExchange::ServeOlder() {
  if (method_ == "initialize" && is_request()) co_return co_await ServeInitialize();
  boost::system::result<legacy::Session, legacy::Refusal> session =
      legacy::FindSession(*options_.sessions, headers_, principal_, method_);
  if (!session) {
    co_return co_await Refuse(session.error().http_status, id(), session.error().error);
  }
  record_.protocol_revision = ToString(session->revision);
  record_.client_name = std::move(session->client_name);
  record_.client_version = std::move(session->client_version);
  client_capabilities_ = session->client_capabilities;
  client_info_ = session->client_info;
  record_.outcome = Outcome::kOk;
  // Nothing was asked of the client, so there is nothing that a response could answer.
  if (method_.empty() || method_ == "notifications/initialized") co_return co_await Send(202, {});
  if (method_ == "ping" && is_request()) {
    const std::string pong = R"({"jsonrpc":"2.0","id":)" + std::string(id()) + R"(,"result":{}})";
    co_return co_await Send(200, pong);
  }
  record_.outcome = Outcome::kUnknown;

  // A caller that hangs up does not cancel (MCP 2025-11-25, Transports); but nobody can fetch the
  // answer after a while.
  base::CancelSignal cancel;
  base::Timers::Timer after_hangup;
  const auto hang_up = [&] {
    const auto give_up = [](void* signal) { static_cast<base::CancelSignal*>(signal)->Request(); };
    loop_.timers.Arm(after_hangup, kAfterHangup, give_up, &cancel);
  };
  base::CancelSignal::Hook hook(exchange_.cancel(), hang_up);
  if (exchange_.cancel().requested()) hang_up();
  co_await Dispatch(session->revision, session->key, cancel, true);
}

base::Task<void> EndpointExchange::ServeInitialize() {
  HttpCaller caller(exchange_, loop_, record_, options_.keep_alive, false);
  Call call = MakeCall(caller, exchange_.cancel(), kLatestLegacy, {});
  const legacy::InitializeAnswer answer =
      co_await legacy::Initialize(call, handler_, *options_.sessions);
  NoteOutcome(OutcomeOf(answer.body));
  FieldList fields;
  Response plain;
  FillFields(fields, plain);
  if (!answer.session.empty()) fields.push_back({"Mcp-Session-Id", answer.session});
  const std::span<const Field> all(fields.data(), fields.size());
  co_await caller.Answer(200, answer.body, all);
}

Call EndpointExchange::MakeCall(Client& client, base::CancelSignal& cancel, Revision revision,
                                std::string_view session) {
  return Call{.bytes = bytes_,
              .envelope = envelope_,
              .revision = revision,
              .principal = principal_,
              .client = client,
              .cancel = cancel,
              .record = record_,
              .method = method_,
              .item = item_,
              .fields = &exchange_.head().fields,
              .connection_id = exchange_.connection_id(),
              .session = session,
              .client_capabilities = client_capabilities_,
              .client_info = client_info_,
              .log_level = log_level_};
}

base::Task<void> EndpointExchange::Dispatch(Revision revision, std::string_view session,
                                            base::CancelSignal& cancel, bool outlives_peer) {
  if (is_request() && NeedsName(method_) &&
      (!IsString(ItemOf(method_, envelope_).of(bytes_)) ||
       (!envelope_.arguments.empty() && !IsObject(envelope_.arguments.of(bytes_))))) {
    CallError error;
    error.code = kInvalidParams;
    error.message = method_ == "resources/read"
                        ? "'params.uri' must be a string."
                        : "'params.name' must be a string, and 'params.arguments' an object.";
    error.reason = "InvalidParams";
    co_return co_await Refuse(200, id(), error);
  }
  HttpCaller caller(exchange_, loop_, record_, options_.keep_alive, outlives_peer);
  Call call = MakeCall(caller, cancel, revision, session);
  Response response;
  try {
    response = co_await handler_.Handle(call);
  } catch (const std::exception& exception) {
    // Our own bug. The caller learns the request's id and nothing else.
    response = InternalError(exception.what());
  }
  co_await Deliver(caller, std::move(response), IsModern(revision));
}

base::Task<void> EndpointExchange::Deliver(HttpCaller& caller, Response response, bool modern) {
  using Kind = Response::Kind;
  if (!is_request()) {
    // A notification gets a status and no body.
    const bool refused = response.kind == Kind::kRefused && response.http_status >= 400;
    if (record_.outcome == Outcome::kUnknown)
      record_.outcome = refused ? Outcome::kRefused : Outcome::kOk;
    co_return co_await caller.Answer(refused ? response.http_status : 202, {}, {});
  }
  switch (response.kind) {
    case Kind::kRelayed:
      NoteOutcome(caller.relayed_outcome());
      co_return co_await caller.End();
    case Kind::kGone:
      if (record_.outcome == Outcome::kUnknown) record_.outcome = Outcome::kCancelled;
      co_return co_await caller.End();
    case Kind::kAccepted:
      response = InternalError("a request was answered like a notification");
      break;
    case Kind::kMessage:
    case Kind::kRefused:
      break;
  }
  AnswerOutcome outcome = OutcomeOf(response.body);
  const int code = outcome.error_code;
  if (response.kind == Kind::kRefused) outcome.outcome = Outcome::kRefused;
  NoteOutcome(outcome);
  const int status =
      modern && response.http_status == 200 ? ModernStatus(code) : response.http_status;
  FieldList fields;
  FillFields(fields, response);
  const std::span<const Field> all(fields.data(), fields.size());
  co_await caller.Answer(status, response.body, all);
}

Response EndpointExchange::InternalError(std::string_view what) {
  record_.outcome = Outcome::kInternal;
  record_.message = what;
  CallError error;
  error.message = "Internal error.";
  return Response::Message(ErrorMessage(id(), error, record_.request_id));
}

void EndpointExchange::FillFields(FieldList& fields, const Response& response) const {
  fields.push_back({"Content-Type", "application/json"});
  if (!record_.request_id.empty()) fields.push_back({"X-Request-Id", record_.request_id});
  for (const auto& [name, value] : response.headers) fields.push_back({name, value});
}

// What a filter or a backend has noted already is more exact.
void EndpointExchange::NoteOutcome(const AnswerOutcome& outcome) {
  if (record_.outcome == Outcome::kUnknown) record_.outcome = outcome.outcome;
  if (record_.error_code == 0) record_.error_code = outcome.error_code;
}

base::Task<void> EndpointExchange::Send(int status, std::string_view body,
                                        std::span<const Field> more) {
  FieldList fields;
  if (!body.empty()) fields.push_back({"Content-Type", "application/json"});
  if (!record_.request_id.empty()) fields.push_back({"X-Request-Id", record_.request_id});
  fields.insert(fields.end(), more.begin(), more.end());
  record_.http_status = status;
  const std::span<const Field> all(fields.data(), fields.size());
  co_await exchange_.Respond(status, all, body);
}

base::Task<void> EndpointExchange::Refuse(int status, std::string_view raw_id,
                                          const CallError& error, std::span<const Field> more) {
  record_.outcome = Outcome::kRefused;
  record_.error_code = error.code;
  record_.reason = error.reason;
  record_.message = error.message;
  // A notification gets a status and no body.
  std::string body;
  if (!(envelope_.kind == Envelope::Kind::kNotification)) body = ErrorMessage(raw_id, error, {});
  co_await Send(status, body, more);
}

base::Task<void> EndpointExchange::RefuseText(int status, int code, std::string_view sentence,
                                              std::string_view reason,
                                              std::span<const Field> more) {
  CallError error;
  error.code = code;
  error.message = sentence;
  error.reason = reason;
  co_await Refuse(status, {}, error, more);
}

}  // namespace

base::Task<void> ServeHttp(base::http::Exchange& exchange, base::Loop& loop,
                           const base::auth::Principal& principal, Record& record, Handler& handler,
                           const EndpointOptions& options) {
  EndpointExchange endpoint(exchange, loop, principal, record, handler, options);
  co_await endpoint.Serve();
  record.bytes_in = exchange.bytes_in();
  record.bytes_out = exchange.bytes_out();
}

}  // namespace mcp
