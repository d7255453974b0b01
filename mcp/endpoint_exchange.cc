#include "mcp/endpoint_exchange.h"

#include <exception>
#include <optional>
#include <utility>

#include "mcp/outcome.h"
#include "mcp/raw_json.h"

namespace mcp {
namespace {

using base::http::Field;

// The JSON-RPC codes that have an HTTP status of their own in the modern transport.
int ModernStatus(int error_code) {
  switch (error_code) {
    case kMethodNotFound: return 404;
    case kHeaderMismatch:
    case kMissingCapability:
    case kUnsupportedRevision: return 400;
    default: return 200;
  }
}

// A string of the message, decoded: a view into it, or into `storage` when it had escapes.
std::string_view Decode(std::string_view raw, std::string& storage) {
  if (const auto plain = PlainString(raw)) return *plain;
  storage = DecodeString(raw);
  return storage;
}

}  // namespace

EndpointExchange::EndpointExchange(base::http::Exchange& its_exchange, base::Loop& its_loop,
                                   const base::auth::Principal& its_principal, Record& its_record,
                                   Handler& its_handler, const EndpointOptions& its_options)
    : exchange(its_exchange),
      loop(its_loop),
      principal(its_principal),
      record(its_record),
      handler(its_handler),
      options(its_options),
      headers(RequestHeaders::Read(its_exchange.head().fields)) {}

void EndpointExchange::Take(std::string_view its_bytes, const Envelope& its_envelope) {
  bytes = its_bytes;
  envelope = its_envelope;
  method = Decode(envelope.method.of(bytes), method_storage_);
  item = Decode(ItemOf(method, envelope).of(bytes), item_storage_);
  record.method.assign(method);
  record.item.assign(item);
}

Call EndpointExchange::MakeCall(Client& client, base::CancelSignal& cancel, Revision revision,
                                std::string_view session) {
  return Call{.bytes = bytes,
              .envelope = envelope,
              .revision = revision,
              .principal = principal,
              .client = client,
              .cancel = cancel,
              .record = record,
              .method = method,
              .item = item,
              .fields = &exchange.head().fields,
              .connection_id = exchange.connection_id(),
              .session = session,
              .client_capabilities = client_capabilities,
              .client_info = client_info,
              .log_level = log_level,
              .loop = &loop};
}

std::optional<CallError> EndpointExchange::CheckCall() const {
  if (!is_request() || !NeedsName(method) ||
      (IsString(ItemOf(method, envelope).of(bytes)) &&
       (envelope.arguments.empty() || IsObject(envelope.arguments.of(bytes))))) {
    return std::nullopt;
  }
  CallError error;
  error.code = kInvalidParams;
  error.message = method == "resources/read"
                      ? "'params.uri' must be a string."
                      : "'params.name' must be a string, and 'params.arguments' an object.";
  error.reason = "InvalidParams";
  return error;
}

base::Task<Response> EndpointExchange::Handle(Call& call) {
  std::string what;
  try {
    co_return co_await handler.Handle(call);
  } catch (const std::exception& exception) {
    what = exception.what();
  }
  // The caller learns the request's id and nothing else.
  co_return InternalError(what);
}

base::Task<void> EndpointExchange::Deliver(HttpCaller& caller, Response response, bool modern) {
  using Kind = Response::Kind;
  if (!is_request()) {
    // A notification gets a status and no body.
    const bool refused = response.kind == Kind::kRefused && response.http_status >= 400;
    if (record.outcome == Outcome::kUnknown)
      record.outcome = refused ? Outcome::kRefused : Outcome::kOk;
    co_return co_await caller.Answer(refused ? response.http_status : 202, {}, {});
  }
  switch (response.kind) {
    case Kind::kRelayed: NoteOutcome(caller.relayed_outcome()); co_return co_await caller.End();
    case Kind::kGone:
      if (record.outcome == Outcome::kUnknown) record.outcome = Outcome::kCancelled;
      co_return co_await caller.End();
    case Kind::kAccepted:
      response = InternalError("a request was answered like a notification");
      break;
    case Kind::kMessage:
    case Kind::kRefused: break;
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
  record.outcome = Outcome::kInternal;
  record.message = what;
  CallError error;
  error.message = "Internal error.";
  return Response::Message(ErrorMessage(id(), error, record.request_id));
}

void EndpointExchange::FillFields(FieldList& fields, const Response& response) const {
  fields.push_back({"Content-Type", "application/json"});
  if (!record.request_id.empty()) fields.push_back({"X-Request-Id", record.request_id});
  for (const auto& [name, value] : response.headers) fields.push_back({name, value});
}

void EndpointExchange::NoteOutcome(const AnswerOutcome& outcome) {
  if (record.outcome == Outcome::kUnknown) record.outcome = outcome.outcome;
  if (record.error_code == 0) record.error_code = outcome.error_code;
}

base::Task<void> EndpointExchange::Send(int status, std::string_view body,
                                        std::span<const Field> more) {
  FieldList fields;
  if (!body.empty()) fields.push_back({"Content-Type", "application/json"});
  if (!record.request_id.empty()) fields.push_back({"X-Request-Id", record.request_id});
  fields.insert(fields.end(), more.begin(), more.end());
  record.http_status = status;
  const std::span<const Field> all(fields.data(), fields.size());
  co_await exchange.Respond(status, all, body);
}

base::Task<void> EndpointExchange::Refuse(int status, std::string_view raw_id,
                                          const CallError& error, std::span<const Field> more) {
  record.outcome = Outcome::kRefused;
  record.error_code = error.code;
  record.reason = error.reason;
  record.message = error.message;
  // A notification gets a status and no body.
  std::string body;
  if (!(envelope.kind == Envelope::Kind::kNotification)) body = ErrorMessage(raw_id, error, {});
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

}  // namespace mcp
