#include "gateway/filters/rate_limit.h"

#include <algorithm>
#include <boost/container/small_vector.hpp>
#include <cassert>
#include <chrono>

#include "policy/overriding.h"

namespace gateway {

namespace {

constexpr std::string_view kReason = "RateLimitExceeded";

std::string Sentence(std::int64_t calls, std::int64_t per_s, std::int64_t retry_after_s,
                     const mcp::Call& call) {
  std::string sentence =
      "Rate limit of " + std::to_string(calls) + " calls per " + std::to_string(per_s) + " s";
  if (call.method == "tools/call") sentence.append(" for tool '").append(call.item).append("'");
  return sentence + " reached. Retry in " + std::to_string(retry_after_s) + " s.";
}

}  // namespace

RateLimit::RateLimit(const policy::EffectivePolicy& policy,
                     std::shared_ptr<const GovernedServer> server, state::Limits& limits)
    : server_(std::move(server)), style_(RefusalStyle::Of(policy)), limits_(limits) {
  for (const policy::EffectiveRule& source : policy.rules) {
    if (!source.rule.has_rate_limit()) continue;
    const portolan::v1::RateLimit& limit = source.rule.rate_limit();
    Rule rule;
    rule.name = RuleName::Of(source);
    rule.scope = source.scope;
    rule.select = policy::Selector(source.rule.select());
    if (!limit.when().empty()) {
      auto when = policy::Expression::CompileCondition(limit.when());
      assert(when);
      rule.when = std::move(*when);
    }
    if (!limit.key().empty()) {
      auto key = policy::Expression::Compile(limit.key());
      assert(key);
      rule.key = std::move(*key);
    }
    rule.calls = static_cast<std::uint32_t>(limit.calls());
    rule.per_s = limit.per_s();
    rule.weight = static_cast<std::uint32_t>(std::max<std::int64_t>(1, limit.weight()));
    rule.observe = source.observe;
    rule.overridable = limit.overridable();
    reads_hints_ = reads_hints_ || rule.select.reads_hints();
    rule.counter = limits.Find(source.set, source.rule.id());
    rules_.push_back(std::move(rule));
  }
  std::sort(rules_.begin(), rules_.end(), [](const Rule& a, const Rule& b) {
    return state::Limits::Before(*a.counter, *b.counter);
  });
}

bool RateLimit::Applies(const Rule& rule, const policy::Facts& facts) const {
  return rule.select.Matches(facts) &&
         (!rule.when || rule.when->Test(facts) != policy::Expression::Truth::kFalse);
}

std::optional<mcp::Response> RateLimit::Before(mcp::Call& call) const {
  // The stream that older clients open by themselves is a part of their session.
  const bool stream = !call.session.empty() && call.method == "subscriptions/listen";
  if (IsLifecycle(call) || stream) return std::nullopt;
  policy::Facts facts = FactsOf(call, *server_);
  if (reads_hints_) AddHints(facts, *server_);

  struct Chosen {
    const Rule* rule;
    std::size_t key_begin;
  };
  boost::container::small_vector<Chosen, 4> chosen;
  // Nothing is awaited while it is in use, so one for the thread is enough.
  thread_local std::string keys;
  keys.clear();
  for (const Rule& rule : rules_) {
    if (Applies(rule, facts)) chosen.push_back({&rule, 0});
  }
  if (chosen.empty()) return std::nullopt;
  policy::DropOverridden(chosen, [](const Chosen& one) {
    return policy::Standing{one.rule->scope, one.rule->observe, one.rule->overridable};
  });
  for (Chosen& one : chosen) {
    one.key_begin = keys.size();
    one.rule->key.Evaluate(facts, keys);
  }

  boost::container::small_vector<state::Limits::Charge, 4> charges;
  for (std::size_t i = 0; i < chosen.size(); ++i) {
    const Rule& rule = *chosen[i].rule;
    const std::size_t key_end = i + 1 < chosen.size() ? chosen[i + 1].key_begin : keys.size();
    const std::string_view key =
        std::string_view(keys).substr(chosen[i].key_begin, key_end - chosen[i].key_begin);
    charges.push_back({rule.counter.get(), key, rule.calls, std::chrono::seconds(rule.per_s),
                       rule.weight, rule.observe});
  }
  const state::Limits::Verdict verdict = limits_.Reserve({charges.data(), charges.size()});
  if (!verdict.admitted()) return RefuseBy(*chosen[verdict.refused_by].rule, verdict, call);
  if (verdict.observed != state::Limits::kNone)
    Observe(call, kReason, chosen[verdict.observed].rule->name);
  return std::nullopt;
}

mcp::Response RateLimit::RefuseBy(const Rule& rule, const state::Limits::Verdict& verdict,
                                  mcp::Call& call) const {
  mcp::CallError error;
  error.code = mcp::kTooManyRequests;
  error.message = Sentence(rule.calls, rule.per_s, verdict.retry_after_s, call);
  error.reason = kReason;
  error.kind = "rate";
  error.retry_after_s = verdict.retry_after_s;
  error.limit = rule.calls;
  error.remaining = verdict.remaining;
  mcp::Response response = Refuse(call, std::move(error), 429, style_, &rule.name);

  const std::string quoted = '"' + rule.name.id + '"';
  const std::string seconds = std::to_string(verdict.retry_after_s);
  response.headers.emplace_back("Retry-After", seconds);
  response.headers.emplace_back("RateLimit-Policy", quoted + ";q=" + std::to_string(rule.calls) +
                                                        ";w=" + std::to_string(rule.per_s));
  response.headers.emplace_back(
      "RateLimit", quoted + ";r=" + std::to_string(verdict.remaining) + ";t=" + seconds);
  return response;
}

}  // namespace gateway
