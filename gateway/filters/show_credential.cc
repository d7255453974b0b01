#include "gateway/filters/show_credential.h"

#include "mcp/error.h"

namespace gateway {
namespace {

using base::Code;
using state::UpstreamTokens;

// Whether the last attempt was answered so: the server looked at nothing but who asks.
bool WasUnauthorized(const mcp::Call& call) {
  return !call.record.attempts.empty() && call.record.attempts.back().http_status == 401;
}

}  // namespace

base::Task<mcp::Response> ShowCredential::Apply(mcp::Call& call, mcp::Handler& next) const {
  const UpstreamTokens::Demand demand = rules_->DemandOf(call);
  if (demand.credential.empty()) co_return co_await next.Handle(call);
  const std::shared_ptr<const mcp::UpstreamTerms> terms = call.upstream;
  std::optional<mcp::Response> response;
  // Twice, when the server takes a token no more.
  for (int round = 0; round < 2; ++round) {
    const Answer shown = co_await Show(call, demand);
    if (shown.has_error()) co_return Refuse(call, shown.error());
    if (!*shown) co_return co_await next.Handle(call);
    call.record.credential = (*shown)->credential;
    call.upstream = state::WithShown(terms, **shown);
    response = co_await next.Handle(call);
    call.upstream = terms;
    const bool told = response->kind == mcp::Response::Kind::kRelayed;
    if (told || !WasUnauthorized(call) || !rules_->tokens().Refused(**shown)) break;
  }
  co_return *std::move(response);
}

base::Task<ShowCredential::Answer> ShowCredential::Show(mcp::Call& call,
                                                        UpstreamTokens::Demand demand) const {
  if (auto now = rules_->tokens().ShowNow(demand)) co_return *std::move(now);
  if (!call.loop) co_return base::Fail(Code::kUnavailable, "a token must be fetched first");
  co_return co_await rules_->tokens().Show(demand, *call.loop, call.cancel);
}

mcp::Response ShowCredential::Refuse(mcp::Call& call, const base::Error& error) const {
  if (error.code == Code::kCancelled) {
    call.record.outcome = mcp::Outcome::kCancelled;
    return mcp::Response::Gone();
  }
  mcp::CallError told;
  const std::string server = "Server '" + rules_->server().name + "' ";
  if (error.code == Code::kUnauthenticated) {
    told.code = mcp::kUnauthenticated;
    told.reason = "TokenMissing";
    told.message = server +
                   "is asked with a token of your own, traded for one that your identity provider "
                   "gave you. Sign in there, and call with that token.";
    call.record.outcome = mcp::Outcome::kRefused;
  } else {
    told.code = mcp::kUpstreamFailed;
    told.reason = "CredentialUnavailable";
    told.message = server +
                   "could not be asked: what it is to be shown is not to be had. Try again later, "
                   "or tell whoever runs this gateway.";
    call.record.outcome = mcp::Outcome::kUpstreamFailed;
  }
  call.record.error_code = told.code;
  call.record.reason = told.reason;
  // For whoever operates the gateway.
  call.record.message = error.message;
  if (!call.is_request()) return mcp::Response::Accepted();
  mcp::Response response;
  response.kind = mcp::Response::Kind::kRefused;
  response.body = mcp::ErrorMessage(call.id(), told, call.record.request_id);
  return response;
}

}  // namespace gateway
