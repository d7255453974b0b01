#include "gateway/filters/validate_results.h"

#include <algorithm>

#include "gateway/filters/answer_tap.h"
#include "mcp/message.h"
#include "mcp/raw_json.h"

namespace gateway {
namespace {

using policy::Validation;
using Action = Validation::Check::Action;

constexpr std::string_view kTooLong = "ResultTooLarge";
constexpr std::string_view kMisfit = "ResultInvalid";
constexpr std::string_view kUnusable = "SchemaUnusable";
// Of an answer that is held or watched, where no rule says how long it may be.
constexpr std::size_t kMaxBytes = 4 * 1024 * 1024;

std::string Named(const mcp::Call& call) {
  return "'" + std::string(call.item.substr(0, 128)) + "'";
}

// The result that schemas are about: not a tool's error, not one that is still to come (a task, or
// questions first).
bool IsPlainResult(std::string_view answer, const mcp::Envelope& envelope) {
  if (envelope.kind != mcp::Envelope::Kind::kResult) return false;
  if (envelope.is_error.of(answer) == "true") return false;
  if (!envelope.result_type.empty())
    return mcp::DecodeString(envelope.result_type.of(answer)) == "complete";
  const std::string_view result = envelope.result.of(answer);
  return mcp::Member(result, "task").empty() || !mcp::Member(result, "content").empty();
}

}  // namespace

base::Task<mcp::Response> ValidateResults::Apply(mcp::Call& call, mcp::Handler& next) const {
  Validation::Terms terms = rules_->TermsFor(call);
  if (call.method != "tools/call") terms.results = {};
  if (terms.result.rule || terms.results.action == Action::kPrevent)
    return HoldAnswer(call, next, terms);
  if (terms.observed_result.rule || terms.results.action == Action::kDetect)
    return Watch(call, next, terms);
  return next.Handle(call);
}

base::Task<mcp::Response> ValidateResults::HoldAnswer(mcp::Call& call, mcp::Handler& next,
                                                      Validation::Terms terms) const {
  const Validation::Rule& rule = terms.result.rule ? *terms.result.rule : *terms.results.rule;
  const std::size_t max_bytes =
      terms.result.rule ? static_cast<std::size_t>(terms.result.bytes) : kMaxBytes;
  // Another filter may want less.
  call.collect_result_up_to =
      call.collect_result_up_to == 0 ? max_bytes : std::min(call.collect_result_up_to, max_bytes);
  mcp::Response response = co_await next.Handle(call);
  if (response.kind == mcp::Response::Kind::kRefused &&
      call.record.error_code == mcp::kResultTooLarge) {
    co_return RefuseLong(call, call.collect_result_up_to, rule);
  }
  if (response.kind != mcp::Response::Kind::kMessage) co_return response;
  if (response.body.size() > max_bytes) co_return RefuseLong(call, max_bytes, rule);
  if (terms.observed_result.passed_by(response.body.size()))
    Observe(call, kTooLong, rules_->NameOf(*terms.observed_result.rule));
  if (terms.results.action == Action::kNone) co_return response;
  std::optional<mcp::Response> refusal = CheckResult(call, response.body, terms.results);
  if (refusal) co_return std::move(*refusal);
  co_return response;
}

base::Task<mcp::Response> ValidateResults::Watch(mcp::Call& call, mcp::Handler& next,
                                                 Validation::Terms terms) const {
  const std::size_t max_bytes = terms.observed_result.rule
                                    ? static_cast<std::size_t>(terms.observed_result.bytes)
                                    : kMaxBytes;
  AnswerTap tap(call.client, max_bytes);
  mcp::Call tapped = call.WithClient(tap);
  mcp::Response response = co_await next.Handle(tapped);
  const std::optional<std::string> answer = tap.TakeAnswer(response);
  const bool answered = response.kind == mcp::Response::Kind::kMessage ||
                        response.kind == mcp::Response::Kind::kRelayed;
  if (!answer && answered && terms.observed_result.rule)
    Observe(call, kTooLong, rules_->NameOf(*terms.observed_result.rule));
  if (answer && terms.results.action == Action::kDetect) CheckResult(call, *answer, terms.results);
  co_return response;
}

mcp::Response ValidateResults::RefuseLong(mcp::Call& call, std::size_t max_bytes,
                                          const Validation::Rule& rule) const {
  mcp::CallError error;
  error.code = mcp::kResultTooLarge;
  error.message = "The answer is longer than the " + std::to_string(max_bytes) +
                  " bytes that a policy of this endpoint lets pass. Ask for less.";
  error.reason = kTooLong;
  error.limit = static_cast<std::int64_t>(max_bytes);
  return Refuse(call, std::move(error), 200, style_, &rules_->NameOf(rule));
}

std::optional<mcp::Response> ValidateResults::CheckResult(mcp::Call& call, std::string_view answer,
                                                          const Validation::Check& check) const {
  const auto envelope = mcp::Scan(answer);
  if (!envelope || !IsPlainResult(answer, *envelope)) return std::nullopt;
  const RuleName& rule = rules_->NameOf(*check.rule);
  const bool prevent = check.action == Action::kPrevent;
  const std::string_view content = mcp::Member(envelope->result.of(answer), "structuredContent");
  ValidateRules::Held held = rules_->Hold(call.item, "outputSchema", content);
  Misfit misfit{kMisfit,
                "The result of tool " + Named(call) +
                    " does not fit the schema that its server declares, so it is "
                    "withheld:",
                std::move(held.places)};
  if (held.unknown_tool || !held.unusable.empty()) {
    misfit.reason = kUnusable;
    misfit.sentence =
        "The result of tool " + Named(call) + " cannot be checked, so it is withheld:";
    misfit.places = {{"", "",
                      held.unknown_tool ? "the tool is not in the catalog"
                                        : "the schema that its server declares cannot be "
                                          "used"}};
  }
  if (misfit.places.empty()) return std::nullopt;
  if (prevent) return RefuseMisfit(call, misfit, style_, rule);
  ObserveMisfit(call, misfit, rule);
  return std::nullopt;
}

}  // namespace gateway
