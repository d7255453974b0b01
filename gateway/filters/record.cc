#include "gateway/filters/record.h"

#include "gateway/filters/answer_tap.h"

namespace gateway {
namespace {

// Of an answer that must be read as a whole to be redacted; a longer one is not kept.
constexpr std::size_t kMaxRedacted = 4 * 1024 * 1024;
// Before a result, in an answer.
constexpr std::size_t kBeforeResult = 2048;

}  // namespace

base::Task<mcp::Response> Record::Apply(mcp::Call& call, mcp::Handler& next) const {
  RecordRules::Terms terms = rules_->TermsFor(call);
  call.record.sample = terms.sample;
  if (terms.payload_bytes == 0 || !call.is_request()) return next.Handle(call);
  return KeepPayload(call, next, std::move(terms));
}

base::Task<mcp::Response> Record::KeepPayload(mcp::Call& call, mcp::Handler& next,
                                              RecordRules::Terms terms) const {
  rules_->KeepArguments(call, terms);
  AnswerTap tap(call.client, terms.redacts() ? kMaxRedacted : terms.payload_bytes + kBeforeResult);
  mcp::Call tapped = call.WithClient(tap);
  mcp::Response response = co_await next.Handle(tapped);
  const AnswerTap::Beginning answer = tap.TakeBeginning(response);
  if (answer.whole || !terms.redacts()) rules_->KeepResult(call, terms, answer.text, answer.bytes);
  co_return response;
}

}  // namespace gateway
