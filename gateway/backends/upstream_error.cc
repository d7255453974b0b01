#include "gateway/backends/upstream_error.h"

#include "gateway/backends/bounds.h"
#include "mcp/error.h"

namespace gateway {
namespace {

mcp::Response Failed(mcp::Call& call, mcp::Outcome outcome, const mcp::CallError& error,
                     std::string detail) {
  call.record.outcome = outcome;
  call.record.error_code = error.code;
  call.record.reason = error.reason;
  call.record.message = std::move(detail);
  if (!call.is_request()) return mcp::Response::Accepted();
  mcp::Response response;
  response.kind = mcp::Response::Kind::kRefused;
  response.body = mcp::ErrorMessage(call.id(), error, call.record.request_id);
  if (error.retry_after_s) {
    response.headers.emplace_back("Retry-After", std::to_string(*error.retry_after_s));
  }
  return response;
}

// Which bound it was, and what raises it.
std::string TooLong(const mcp::Call& call) {
  if (call.collect_result_up_to != 0) {
    return "sent an answer longer than the " + std::to_string(call.collect_result_up_to) +
           " bytes that the policies of this endpoint look at. Ask for less, or have "
           "max_result_bytes of its policy raised.";
  }
  return "sent an answer that is too long to be passed on. Ask for less, or have "
         "limits.max_event_bytes of the gateway raised.";
}

// How far the attempt had come tells which bound it was.
std::string TooLate(const mcp::Call& call) {
  const auto raise = [](std::string_view what, std::string_view bound) {
    const std::string name(bound);
    return std::string(what) + " Ask for less at a time, or have timeout." + name +
           "_ms of its policy, or the gateway's limit " + name + "_timeout_ms, raised.";
  };
  if (call.record.attempts.empty()) return "did not answer in time.";
  const mcp::UpstreamAttempt& attempt = call.record.attempts.back();
  if (attempt.nothing_sent) return "could not be reached in time. Try again later.";
  if (attempt.http_status == 0) return raise("did not begin to answer in time.", "first_byte");
  return raise("sent nothing for too long in the middle of its answer.", "idle");
}

std::string Sentence(const mcp::Call& call, int code, const base::Error& error) {
  if (code == mcp::kResultTooLarge) return TooLong(call);
  if (code == mcp::kUpstreamTimeout) return TooLate(call);
  if (error.code == base::Code::kAborted) return error.message;
  return "could not be reached or gave no usable answer. Try again later.";
}

mcp::UpstreamFailure FailureOf(const mcp::UpstreamAttempt& attempt, base::Code code) {
  using mcp::UpstreamFailure;
  switch (code) {
    // Bounds of ours, or an answer.
    case base::Code::kAborted:
    case base::Code::kCancelled:
    case base::Code::kResourceExhausted:
    case base::Code::kUnauthenticated:
    case base::Code::kPermissionDenied: return UpstreamFailure::kNone;
    default: break;
  }
  if (attempt.nothing_sent) return UpstreamFailure::kConnect;
  if (code == base::Code::kDeadlineExceeded) return UpstreamFailure::kTimedOut;
  switch (attempt.http_status) {
    case 429: return UpstreamFailure::kHttp429;
    case 500: return UpstreamFailure::kHttp500;
    case 502: return UpstreamFailure::kHttp502;
    case 503: return UpstreamFailure::kHttp503;
    case 504: return UpstreamFailure::kHttp504;
    default: break;
  }
  // What it refuses may be the caller's doing, who could have everybody's calls refused by it.
  const bool refused = attempt.http_status >= 400 && attempt.http_status < 500;
  return refused ? UpstreamFailure::kNone : UpstreamFailure::kBroken;
}

void NoteFailure(mcp::Call& call, base::Code code) {
  if (call.record.attempts.empty()) return;
  mcp::UpstreamAttempt& attempt = call.record.attempts.back();
  attempt.failure = FailureOf(attempt, code);
}

}  // namespace

mcp::Response UpstreamError(mcp::Call& call, std::string_view server, const base::Error& error) {
  NoteFailure(call, error.code);
  if (error.code == base::Code::kCancelled) {
    call.record.outcome = mcp::Outcome::kCancelled;
    return mcp::Response::Gone();
  }
  mcp::CallError told;
  told.code = mcp::kUpstreamFailed;
  told.reason = "UpstreamFailed";
  if (error.code == base::Code::kDeadlineExceeded) {
    told.code = mcp::kUpstreamTimeout;
    told.reason = "UpstreamTimeout";
  } else if (error.code == base::Code::kResourceExhausted) {
    told.code = mcp::kResultTooLarge;
    told.reason = "ResultTooLarge";
  }
  told.message = "Server '" + std::string(server) + "' " + Sentence(call, told.code, error);
  return Failed(call, mcp::Outcome::kUpstreamFailed, told, error.message);
}

mcp::Response UpstreamError(mcp::Call& call, std::string_view server, const base::Error& error,
                            const Deadline& deadline) {
  if (!deadline.expired()) return UpstreamError(call, server, error);
  NoteFailure(call, base::Code::kDeadlineExceeded);
  const bool said = call.upstream && call.upstream->total.count() > 0;
  const auto total = said ? call.upstream->total : deadline.total();
  const std::string within = "within " + std::to_string(total.count()) + " ms";
  mcp::CallError told;
  told.code = mcp::kUpstreamTimeout;
  told.reason = "UpstreamTimeout";
  told.message = "Server '" + std::string(server) + "' did not finish its answer " + within +
                 ". Ask for less at a time, or have timeout.total_ms of its policy, or the "
                 "gateway's limit total_timeout_ms, raised.";
  return Failed(call, mcp::Outcome::kUpstreamFailed, told, "no answer " + within);
}

base::Error SendError(const base::http::SendFailure& failure, const BackendLimits& limits) {
  if (failure.error.code == base::Code::kResourceExhausted && failure.stage == "tcp")
    return ConnectionsBusy(limits.max_connections);
  return failure.error.WithContext(failure.stage);
}

mcp::Response UpstreamError(mcp::Call& call, std::string_view server,
                            const base::http::SendFailure& failure, const BackendLimits& limits,
                            const Deadline& deadline) {
  return UpstreamError(call, server, SendError(failure, limits), deadline);
}

mcp::Response ServerBusy(mcp::Call& call, std::string_view server, std::string_view sentence,
                         std::optional<std::int64_t> retry_after_s) {
  mcp::CallError told;
  told.code = mcp::kUpstreamUnavailable;
  told.reason = "UpstreamUnavailable";
  told.message = "Server '" + std::string(server) + "' " + std::string(sentence);
  told.retry_after_s = retry_after_s;
  return Failed(call, mcp::Outcome::kUpstreamFailed, told, told.message);
}

mcp::Response NotTranslated(mcp::Call& call, std::string_view server) {
  mcp::CallError told;
  told.code = mcp::kMethodNotFound;
  told.message = "Method '" + std::string(call.method) + "' of server '" + std::string(server) +
                 "' is not available in this protocol revision.";
  told.reason = "MethodNotTranslated";
  mcp::Response response = Failed(call, mcp::Outcome::kRpcError, told, told.message);
  if (response.kind == mcp::Response::Kind::kRefused) {
    response.kind = mcp::Response::Kind::kMessage;
  }
  return response;
}

}  // namespace gateway
