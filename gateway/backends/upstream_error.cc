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

std::string Sentence(const mcp::Call& call, int code, const base::Error& error) {
  if (code == mcp::kResultTooLarge) return TooLong(call);
  if (code == mcp::kUpstreamTimeout) {
    return "did not answer in time. Ask for less at a time, or have the gateway's limits "
           "(first_byte_timeout_ms, idle_timeout_ms, total_timeout_ms) raised.";
  }
  if (error.code == base::Code::kAborted) return error.message;
  return "could not be reached or gave no usable answer. Try again later.";
}

}  // namespace

mcp::Response UpstreamError(mcp::Call& call, std::string_view server, const base::Error& error) {
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
  const std::string sentence =
      "no answer within " + std::to_string(deadline.total().count()) + " ms";
  return UpstreamError(call, server, base::Fail(base::Code::kDeadlineExceeded, sentence));
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
