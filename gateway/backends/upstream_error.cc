#include "gateway/backends/upstream_error.h"

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

std::string Sentence(std::string_view server, int code) {
  const std::string name = "Server '" + std::string(server) + "' ";
  switch (code) {
    case mcp::kUpstreamTimeout: return name + "did not answer in time.";
    case mcp::kResultTooLarge: return name + "sent an answer that is too long to be passed on.";
    default: return name + "could not be reached or gave no usable answer. Try again later.";
  }
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
  told.message = Sentence(server, told.code);
  return Failed(call, mcp::Outcome::kUpstreamFailed, told, error.message);
}

mcp::Response UpstreamError(mcp::Call& call, std::string_view server, const base::Error& error,
                            const Deadline& deadline) {
  if (!deadline.expired()) return UpstreamError(call, server, error);
  const std::string sentence =
      "no answer within " + std::to_string(deadline.total().count()) + " ms";
  return UpstreamError(call, server, base::Fail(base::Code::kDeadlineExceeded, sentence));
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
