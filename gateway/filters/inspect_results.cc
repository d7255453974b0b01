#include "gateway/filters/inspect_results.h"

#include <algorithm>

#include "gateway/filters/inspecting_client.h"
#include "mcp/message.h"

namespace gateway {
namespace {

using Part = InspectRules::Part;

bool IsOfDescriptions(std::string_view method) {
  return method.ends_with("/list") || method == "server/discover";
}

}  // namespace

base::Task<mcp::Response> InspectResults::Apply(mcp::Call& call, mcp::Handler& next) const {
  if (!call.is_request() || IsOfDescriptions(call.method)) return next.Handle(call);
  InspectRules::Terms told = rules_->TermsFor(Part::RESULT, call);
  InspectRules::Terms sent = rules_->TermsFor(Part::ARGUMENTS, call);
  if (told.empty() && sent.empty()) return next.Handle(call);
  return Look(call, next, std::move(sent), std::move(told));
}

base::Task<mcp::Response> InspectResults::Look(mcp::Call& call, mcp::Handler& next,
                                               InspectRules::Terms sent,
                                               InspectRules::Terms told) const {
  const bool holds = told.strict();
  if (holds) {
    const std::size_t most = told.max_bytes();
    // Another filter may want less.
    call.collect_result_up_to =
        call.collect_result_up_to == 0 ? most : std::min(call.collect_result_up_to, most);
  }
  InspectingClient client(call, *rules_, sent, told);
  mcp::Call inner = call.WithClient(client);
  mcp::Response response = co_await next.Handle(inner);
  if (std::optional<mcp::Response> refusal = client.TakeRefusal()) co_return std::move(*refusal);
  if (response.kind == mcp::Response::Kind::kRelayed && holds) {
    response = mcp::Response::Message(client.TakeAnswer());
  } else if (response.kind != mcp::Response::Kind::kMessage) {
    co_return response;
  }
  std::optional<std::string> changed = client.LookAtAnswer(response.body);
  if (std::optional<mcp::Response> refusal = client.TakeRefusal()) co_return std::move(*refusal);
  if (changed) response.body = *std::move(changed);
  co_return response;
}

}  // namespace gateway
