#include "gateway/filters/limit_answers.h"

#include "base/rfc3339.h"
#include "mcp/error.h"

namespace gateway {

namespace {

constexpr int kStatus = 429;
// When a place becomes free nobody knows.
constexpr std::int64_t kTryAgainInSeconds = 1;

// ` for tool 'add'`
std::string For(const mcp::Call& call) {
  if (call.method != "tools/call") return {};
  return " for tool '" + std::string(call.item.substr(0, 128)) + "'";
}

std::string RetryIn(std::int64_t seconds) { return "Retry in " + std::to_string(seconds) + " s."; }

std::string PolicyField(const LimitState& state) {
  std::string field;
  field.reserve(64);
  field.append("\"").append(state.rule).append("\";q=").append(std::to_string(state.limit));
  if (state.window_s != 0) field.append(";w=").append(std::to_string(state.window_s));
  if (!state.unit.empty()) field.append(";qu=\"").append(state.unit).append("\"");
  return field;
}

std::string StateField(const LimitState& state) {
  std::string field;
  field.reserve(64);
  field.append("\"").append(state.rule).append("\";r=").append(std::to_string(state.remaining));
  if (state.resets_in_s != 0) field.append(";t=").append(std::to_string(state.resets_in_s));
  return field;
}

mcp::Response RefuseWith(mcp::Call& call, mcp::CallError error, const LimitState* state,
                         const RefusalStyle& style, const RuleName& name) {
  error.code = mcp::kTooManyRequests;
  if (state) {
    error.limit = state->limit;
    error.remaining = state->remaining;
  }
  const auto retry_after_s = error.retry_after_s;
  mcp::Response response = Refuse(call, std::move(error), kStatus, style, &name);
  if (retry_after_s) response.headers.emplace_back("Retry-After", std::to_string(*retry_after_s));
  if (state) {
    response.headers.emplace_back("RateLimit-Policy", PolicyField(*state));
    response.headers.emplace_back("RateLimit", StateField(*state));
  }
  return response;
}

}  // namespace

LimitState LimitState::Of(const LimitRules::Rate& rule, std::int64_t remaining,
                          std::int64_t resets_in_s) {
  return {rule.name.id, rule.calls, remaining, rule.per_s, resets_in_s, {}};
}

LimitState LimitState::Of(const LimitRules::Quota& rule, const state::Quotas::Verdict& verdict) {
  LimitState state;
  state.rule = rule.name.id;
  state.limit = verdict.of_bytes ? rule.bytes : rule.calls;
  state.remaining = verdict.remaining;
  state.window_s = verdict.window_s;
  state.resets_in_s = verdict.resets_in_s;
  if (verdict.of_bytes) state.unit = "content-bytes";
  return state;
}

void TellLimit(mcp::Call& call, const LimitState& state) {
  call.record.answer_fields.emplace_back("RateLimit-Policy", PolicyField(state));
  call.record.answer_fields.emplace_back("RateLimit", StateField(state));
}

void TellFields(mcp::Call& call, const LimitFields& fields, std::int64_t remaining,
                std::int64_t limit) {
  auto& lines = call.record.answer_fields;
  if (!fields.remaining.empty()) lines.emplace_back(fields.remaining, std::to_string(remaining));
  if (!fields.limit.empty()) lines.emplace_back(fields.limit, std::to_string(limit));
}

mcp::Response RefuseByRate(mcp::Call& call, const LimitRules::Rate& rule,
                           const state::Limits::Verdict& verdict, const RefusalStyle& style) {
  mcp::CallError error;
  error.message = "Rate limit of " + std::to_string(rule.calls) + " calls per " +
                  std::to_string(rule.per_s) + " s" + For(call) + " reached. " +
                  RetryIn(verdict.retry_after_s);
  error.reason = kRateReason;
  error.kind = "rate";
  error.retry_after_s = verdict.retry_after_s;
  const LimitState state = LimitState::Of(rule, verdict.remaining, verdict.retry_after_s);
  return RefuseWith(call, std::move(error), &state, style, rule.name);
}

mcp::Response RefuseByQuota(mcp::Call& call, const LimitRules::Quota& rule,
                            const state::Quotas::Verdict& verdict, const RefusalStyle& style) {
  using Answer = state::Quotas::Answer;
  mcp::CallError error;
  error.reason = kQuotaReason;
  error.kind = "quota";
  if (verdict.answer != Answer::kSpent) {
    const bool crowded = verdict.answer == Answer::kCrowded;
    error.message = crowded ? "Too many others are counted by this quota. "
                            : "How much of the quota is left cannot be found out now. ";
    error.message += RetryIn(kTryAgainInSeconds);
    if (!crowded) error.reason = "QuotaUnavailable";
    error.retry_after_s = kTryAgainInSeconds;
    return RefuseWith(call, std::move(error), nullptr, style, rule.name);
  }
  const LimitState state = LimitState::Of(rule, verdict);
  error.message =
      "Quota of " + std::to_string(state.limit) + (verdict.of_bytes ? " bytes" : " calls") +
      (verdict.resets_at_ms == 0 ? " in all" : " per " + rule.period) + For(call) + " spent.";
  if (verdict.resets_at_ms != 0) {
    // Windows begin and end with a second.
    const std::string when = base::FormatRfc3339(verdict.resets_at_ms).substr(0, 19) + "Z";
    error.message += " It begins anew at " + when + ".";
    error.extra_data_json = "\"resets_at\":\"" + when + "\"";
    error.retry_after_s = verdict.resets_in_s;
  }
  return RefuseWith(call, std::move(error), &state, style, rule.name);
}

mcp::Response RefuseByPlaces(mcp::Call& call, const LimitRules::Places& rule,
                             const RefusalStyle& style) {
  mcp::CallError error;
  error.message = std::to_string(rule.max) + (rule.max == 1 ? " call" : " calls") +
                  " at a time are let through" + For(call) + ", and as many are running. " +
                  RetryIn(kTryAgainInSeconds);
  error.reason = kPlacesReason;
  error.kind = "concurrency";
  error.retry_after_s = kTryAgainInSeconds;
  LimitState state;
  state.rule = rule.name.id;
  state.limit = rule.max;
  state.resets_in_s = kTryAgainInSeconds;
  state.unit = "concurrent-requests";
  return RefuseWith(call, std::move(error), &state, style, rule.name);
}

}  // namespace gateway
