#include "mcp/legacy/session_endpoint.h"

#include <stdexcept>

#include "mcp/collector.h"
#include "mcp/legacy/handshake.h"
#include "mcp/raw_json.h"
#include "mcp/requests.h"

namespace mcp::legacy {
namespace {

constexpr std::size_t kMaxDiscoverBytes = 4 * 1024 * 1024;

Refusal BadRequest(std::string sentence, std::string_view reason) {
  Refusal refusal;
  refusal.error.code = kLegacyBadRequest;
  refusal.error.message = std::move(sentence);
  refusal.error.reason = reason;
  return refusal;
}

Refusal NoSuchSession() {
  Refusal refusal;
  refusal.http_status = 404;
  refusal.error.code = kSessionNotFound;
  refusal.error.message = "Session not found. Initialize a new one.";
  refusal.error.reason = "SessionNotFound";
  return refusal;
}

Refusal TooMany(const base::Error& error) {
  Refusal refusal;
  refusal.http_status = 429;
  refusal.error.code = kTooManyRequests;
  refusal.error.message = error.message + ".";
  refusal.error.reason = "TooManySessions";
  return refusal;
}

// Known, and older than the stateless ones. 2024-11-05 had another transport, but its clients speak
// this one too.
bool IsServed(std::string_view version) {
  const std::optional<Revision> revision = ParseRevision(version);
  return revision && !IsModern(*revision);
}

std::string InvalidParams(const Call& call, std::string sentence) {
  CallError error;
  error.code = kInvalidParams;
  error.message = std::move(sentence);
  return ErrorMessage(call.id(), error, call.record.request_id);
}

}  // namespace

boost::system::result<SessionPointer, Refusal> FindSession(SessionHost& host,
                                                           const RequestHeaders& headers,
                                                           const base::auth::Principal& principal,
                                                           std::string_view method) {
  if (headers.version && !IsServed(*headers.version)) {
    return BadRequest("Unsupported protocol version '" + std::string(*headers.version) +
                          "' in MCP-Protocol-Version.",
                      "UnsupportedProtocolVersion");
  }
  if (headers.ambiguous) return BadRequest("A header of MCP occurs twice.", "HeaderMismatch");
  if (!headers.session) {
    if (method == "ping") return SessionPointer();
    return BadRequest("Mcp-Session-Id is missing: send initialize first.", "SessionMissing");
  }
  base::Result<SessionPointer> session = host.Find(*headers.session, principal);
  // A stream of 2024-11-05 is spoken to at its own address alone.
  if (session && (*session)->facts().over_sse) return NoSuchSession();
  if (session) return std::move(*session);
  if (session.error().code == base::Code::kResourceExhausted) return TooMany(session.error());
  return NoSuchSession();
}

std::optional<Refusal> EndSession(SessionHost& host, const RequestHeaders& headers,
                                  const base::auth::Principal& principal) {
  if (!headers.session) return BadRequest("Mcp-Session-Id is missing.", "SessionMissing");
  if (!host.Close(*headers.session, principal)) return NoSuchSession();
  return std::nullopt;
}

base::Task<InitializeAnswer> Initialize(Call& call, Handler& handler) {
  InitializeAnswer out;
  const std::string_view params = call.envelope.params.of(call.bytes);
  const std::string_view raw_version = Member(params, "protocolVersion");
  const std::string_view capabilities = Member(params, "capabilities");
  const std::string_view client_info = Member(params, "clientInfo");
  if (!IsString(raw_version)) {
    out.body = InvalidParams(call, "initialize: 'protocolVersion' must be a string.");
    co_return out;
  }
  if (!IsObject(capabilities) || !IsObject(client_info)) {
    out.body = InvalidParams(call, "initialize: 'capabilities' and 'clientInfo' must be objects.");
    co_return out;
  }
  const std::string version = DecodeString(raw_version);
  const Revision revision = IsServed(version) ? *ParseRevision(version) : kLatestLegacy;
  call.record.protocol_revision = ToString(revision);
  call.record.client_name = DecodeString(Member(client_info, "name"));
  call.record.client_version = DecodeString(Member(client_info, "version"));

  Identity asking;
  asking.info = IsObject(client_info) ? client_info : std::string_view();
  if (IsObject(capabilities)) asking.capabilities = capabilities;
  const std::string request = DiscoverRequest(call.id(), asking);
  const base::Result<Envelope> envelope = Scan(request);
  if (!envelope) {
    out.body = InvalidParams(call, "initialize: " + envelope.error().message + ".");
    co_return out;
  }
  Collector collector(kMaxDiscoverBytes);
  Call discover{.bytes = request,
                .envelope = *envelope,
                .revision = kLatest,
                .principal = call.principal,
                .client = collector,
                .cancel = call.cancel,
                .record = call.record,
                .method = kDiscoverMethod,
                .item = {},
                .fields = call.fields,
                .connection_id = call.connection_id,
                .session = {},
                .client_capabilities = capabilities,
                .client_info = client_info,
                .collect_result_up_to = kMaxDiscoverBytes};
  Response response = co_await handler.Handle(discover);
  const std::string answer = collector.Take(std::move(response));
  const base::Result<Envelope> parts = Scan(answer);
  if (!parts || parts->kind == Envelope::Kind::kRequest ||
      parts->kind == Envelope::Kind::kNotification) {
    CallError error;
    error.code = kUpstreamFailed;
    error.message = "The server did not say what it offers.";
    error.reason = "UpstreamFailed";
    out.body = ErrorMessage(call.id(), error, call.record.request_id);
    co_return out;
  }
  if (parts->kind == Envelope::Kind::kError) {
    out.body = answer;
    co_return out;
  }
  out.body = R"({"jsonrpc":"2.0","id":)";
  out.body += call.id();
  out.body += ",\"result\":" + InitializeResultFrom(parts->result.of(answer), revision) + "}";
  out.ok = true;
  out.revision = revision;
  out.client_info = client_info;
  out.client_capabilities = capabilities;
  co_return out;
}

void throw_exception_from_error(const Refusal& refusal, const boost::source_location&) {
  throw std::runtime_error(refusal.error.message);
}

}  // namespace mcp::legacy
