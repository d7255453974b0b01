#include "gateway/filters/inspect_request.h"

#include "mcp/message.h"
#include "mcp/request_headers.h"

namespace gateway {
namespace {

using Part = InspectRules::Part;
using Looker = InspectRules::Looker;

// Who would have to change a header line that repeats an argument (MCP 2026-07-28, Custom Headers
// from Tool Parameters).
const Looker* WhoBlocksHead(const mcp::Call& call, const InspectRules::Terms& terms) {
  constexpr std::string_view kPrefix = "Mcp-Param-";
  if (!call.fields) return nullptr;
  policy::TextRanges found;
  for (const base::http::Field& field : call.fields->all()) {
    if (field.name.size() <= kPrefix.size() ||
        !base::http::EqualsIgnoreCase(field.name.substr(0, kPrefix.size()), kPrefix))
      continue;
    const auto value = mcp::DecodeHeaderValue(field.value);
    for (const Looker* looker : terms.lookers) {
      if (!looker->is_strict()) continue;
      looker->detector.Find(value ? std::string_view(*value) : field.value, found);
      if (!found.empty()) return looker;
    }
  }
  return nullptr;
}

}  // namespace

base::Task<mcp::Response> InspectRequest::Apply(mcp::Call& call, mcp::Handler& next) const {
  if (!call.is_request() || call.envelope.params.empty()) return next.Handle(call);
  InspectRules::Terms terms = rules_->TermsFor(Part::ARGUMENTS, call);
  if (terms.empty()) return next.Handle(call);
  return Look(call, next, std::move(terms));
}

base::Task<mcp::Response> InspectRequest::Look(mcp::Call& call, mcp::Handler& next,
                                               InspectRules::Terms terms) const {
  const std::string_view params = call.envelope.params.of(call.bytes);
  if (terms.strict() && params.size() > terms.max_bytes())
    co_return rules_->RefuseLong(call, Part::ARGUMENTS, terms);
  rules_->LeaveOutShortSighted(call, Part::ARGUMENTS, params.size(), terms);
  policy::JsonInspector inspector(call.bytes, terms);
  inspector.LookAtMembers(params);
  rules_->Note(call, Part::ARGUMENTS, inspector);
  if (const Looker* looker = inspector.blocked_by()) co_return Block(call, *looker);
  const std::optional<std::string> redacted = inspector.Redacted();
  const Looker* in_head = WhoBlocksHead(call, terms);
  if (in_head) co_return Block(call, *in_head);
  if (!redacted) co_return co_await next.Handle(call);
  const auto envelope = mcp::Scan(*redacted);
  // Two names that were different are the same now.
  if (!envelope) co_return Block(call, *inspector.found().front().looker);
  mcp::Call changed = call.WithClient(call.client);
  changed.bytes = *redacted;
  changed.envelope = *envelope;
  record_->KeepArgumentsAgain(changed);
  co_return co_await next.Handle(changed);
}

mcp::Response InspectRequest::Block(mcp::Call& call, const Looker& looker) const {
  call.record.payload.arguments.clear();
  return rules_->RefuseContent(call, Part::ARGUMENTS, looker);
}

}  // namespace gateway
