#include "gateway/feed/call_record.h"

namespace gateway {
namespace {

using portolan::v1::CallOutcome;
using portolan::v1::CallRecord;

constexpr std::size_t kMaxText = 512;
// As rules `record` may have it (policy/validate_inspect).
constexpr std::size_t kMaxPayload = 65'536;

CallOutcome::Value ToProto(mcp::Outcome outcome) {
  switch (outcome) {
    case mcp::Outcome::kUnknown: return CallOutcome::UNSPECIFIED;
    case mcp::Outcome::kOk: return CallOutcome::OK;
    case mcp::Outcome::kToolError: return CallOutcome::TOOL_ERROR;
    case mcp::Outcome::kRpcError: return CallOutcome::RPC_ERROR;
    case mcp::Outcome::kRefused: return CallOutcome::REFUSED;
    case mcp::Outcome::kUpstreamFailed: return CallOutcome::UPSTREAM_FAILED;
    case mcp::Outcome::kCancelled: return CallOutcome::CANCELLED;
    case mcp::Outcome::kInternal: return CallOutcome::INTERNAL;
  }
  return CallOutcome::UNSPECIFIED;
}

portolan::v1::CacheUse::Value ToProto(mcp::CacheUse use) {
  switch (use) {
    case mcp::CacheUse::kNone: return portolan::v1::CacheUse::UNSPECIFIED;
    case mcp::CacheUse::kMiss: return portolan::v1::CacheUse::MISS;
    case mcp::CacheUse::kHit: return portolan::v1::CacheUse::HIT;
  }
  return portolan::v1::CacheUse::UNSPECIFIED;
}

portolan::v1::UpstreamFailure::Value ToProto(mcp::UpstreamFailure failure) {
  using Named = portolan::v1::UpstreamFailure;
  switch (failure) {
    case mcp::UpstreamFailure::kNone: break;
    case mcp::UpstreamFailure::kConnect: return Named::CONNECT;
    case mcp::UpstreamFailure::kTimedOut: return Named::TIMED_OUT;
    case mcp::UpstreamFailure::kBroken: return Named::BROKEN;
    case mcp::UpstreamFailure::kHttp429: return Named::HTTP_429;
    case mcp::UpstreamFailure::kHttp500: return Named::HTTP_500;
    case mcp::UpstreamFailure::kHttp502: return Named::HTTP_502;
    case mcp::UpstreamFailure::kHttp503: return Named::HTTP_503;
    case mcp::UpstreamFailure::kHttp504: return Named::HTTP_504;
  }
  return Named::UNSPECIFIED;
}

portolan::v1::UpstreamAttempt ToProto(const mcp::UpstreamAttempt& attempt) {
  portolan::v1::UpstreamAttempt shown;
  shown.set_member(attempt.member);
  shown.set_failure(ToProto(attempt.failure));
  shown.set_http_status(attempt.http_status);
  shown.set_duration_us(attempt.duration.count());
  shown.set_refused_by_breaker(attempt.refused_by_breaker);
  return shown;
}

portolan::v1::Detection ToProto(const mcp::Detection& detection) {
  using portolan::v1::DetectorAction;
  using portolan::v1::DetectorKind;
  using portolan::v1::InspectedPart;
  portolan::v1::Detection out;
  out.set_detector(detection.detector);
  out.set_rule(detection.rule);
  out.set_count(detection.count);
  switch (detection.kind) {
    case mcp::Detection::Kind::kSecrets: out.set_kind(DetectorKind::SECRETS); break;
    case mcp::Detection::Kind::kHiddenUnicode: out.set_kind(DetectorKind::HIDDEN_UNICODE); break;
    case mcp::Detection::Kind::kInjectionPhrases:
      out.set_kind(DetectorKind::INJECTION_PHRASES);
      break;
    case mcp::Detection::Kind::kPersonalData: out.set_kind(DetectorKind::PERSONAL_DATA); break;
    case mcp::Detection::Kind::kPattern: out.set_kind(DetectorKind::PATTERN); break;
  }
  switch (detection.part) {
    case mcp::Detection::Part::kArguments: out.set_part(InspectedPart::ARGUMENTS); break;
    case mcp::Detection::Part::kResult: out.set_part(InspectedPart::RESULT); break;
    case mcp::Detection::Part::kDescription: out.set_part(InspectedPart::DESCRIPTION); break;
  }
  switch (detection.action) {
    case mcp::Detection::Action::kFlag: out.set_action(DetectorAction::FLAG); break;
    case mcp::Detection::Action::kRedact: out.set_action(DetectorAction::REDACT); break;
    case mcp::Detection::Action::kBlock: out.set_action(DetectorAction::BLOCK); break;
  }
  return out;
}

// What rules `inspect` and `record` wrote.
void AddContent(const mcp::Record& record, CallRecord& call) {
  for (const mcp::Detection& detection : record.detections)
    *call.add_detections() = ToProto(detection);
  const mcp::Payload& payload = record.payload;
  call.set_arguments(CleanText(payload.arguments, kMaxPayload));
  call.set_result(CleanText(payload.result, kMaxPayload));
  call.set_arguments_bytes(static_cast<std::int64_t>(payload.arguments_bytes));
  call.set_result_bytes(static_cast<std::int64_t>(payload.result_bytes));
  for (const auto& [name, value] : payload.dimensions) {
    portolan::v1::NameValue& dimension = *call.add_dimensions();
    dimension.set_name(name);
    dimension.set_value(CleanText(value, kMaxText));
  }
}

// The length of the UTF-8 character that `text` begins with; 0 when it is none (RFC 3629).
std::size_t CharacterLength(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char first = byte(0);
  if (first < 0x80) return 1;
  const std::size_t length = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
  if (first < 0xC2 || first > 0xF4 || text.size() < length) return 0;
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return 0;
  }
  const bool overlong = (first == 0xE0 && byte(1) < 0xA0) || (first == 0xF0 && byte(1) < 0x90);
  const bool surrogate = first == 0xED && byte(1) > 0x9F;
  const bool too_large = first == 0xF4 && byte(1) > 0x8F;
  return overlong || surrogate || too_large ? 0 : length;
}

}  // namespace

std::string CleanText(std::string_view text, std::size_t max_bytes) {
  std::string clean;
  while (!text.empty()) {
    const std::size_t length = CharacterLength(text);
    if (clean.size() + std::max<std::size_t>(length, 1) > max_bytes) break;
    if (length == 0) {
      clean += '?';
    } else {
      clean += text.substr(0, length);
    }
    text.remove_prefix(std::max<std::size_t>(length, 1));
  }
  return clean;
}

CallRecord ToCallRecord(const mcp::Record& record, std::string_view gateway_name) {
  const auto clean = [](std::string_view text) { return CleanText(text, kMaxText); };
  CallRecord call;
  call.set_request_id(clean(record.request_id));
  call.set_trace_id(clean(record.trace_id));
  call.set_started_at_ms(record.started_unix_ms);
  call.set_gateway(clean(gateway_name));
  call.set_server(clean(record.server));
  call.set_endpoint(clean(record.endpoint));
  call.set_method(clean(record.method));
  call.set_item(clean(record.item));
  call.set_protocol_revision(clean(record.protocol_revision));
  call.set_principal(clean(record.principal));
  call.set_subscription(clean(record.subscription));
  call.set_product(clean(record.product));
  call.set_authentication(clean(record.authentication));
  call.set_client_name(clean(record.client_name));
  call.set_client_version(clean(record.client_version));
  call.set_user_agent(clean(record.user_agent));
  call.set_peer_address(clean(record.peer_address));
  call.set_http_status(record.http_status);
  call.set_outcome(ToProto(record.outcome));
  call.set_error_code(record.error_code);
  call.set_reason(clean(record.reason));
  call.set_rule(clean(record.rule));
  call.set_message(clean(record.message));
  call.set_bytes_in(static_cast<std::int64_t>(record.bytes_in));
  call.set_bytes_out(static_cast<std::int64_t>(record.bytes_out));
  call.set_total_us(record.total.count());
  call.set_server_us(record.server_time.count());
  call.set_observed_only(record.observed_only);
  call.set_cache(ToProto(record.cache));
  call.set_mocked(record.mocked);
  call.set_credential(clean(record.credential));
  call.set_queue_us(record.queue.count());
  const mcp::UpstreamAttempt* before = nullptr;
  for (const mcp::UpstreamAttempt& attempt : record.attempts) {
    *call.add_attempts() = ToProto(attempt);
    // What follows on a failure was asked again.
    const bool again = before && before->failure != mcp::UpstreamFailure::kNone;
    if (again && !attempt.refused_by_breaker) call.set_retries(call.retries() + 1);
    before = &attempt;
  }
  AddContent(record, call);
  return call;
}

portolan::v1::RefusalBatch ToRefusalBatch(const base::RefusalCount& count) {
  const auto clean = [](std::string_view text) { return CleanText(text, kMaxText); };
  portolan::v1::RefusalBatch batch;
  batch.set_minute_ms(count.minute_ms);
  batch.set_principal(clean(count.principal));
  batch.set_authentication(clean(count.authentication));
  batch.set_address(clean(count.address));
  batch.set_server(clean(count.server));
  batch.set_item(clean(count.item));
  batch.set_rule(clean(count.rule));
  batch.set_count(count.count);
  batch.set_first_request_id(clean(count.first_request_id));
  batch.set_last_request_id(clean(count.last_request_id));
  return batch;
}

}  // namespace gateway
