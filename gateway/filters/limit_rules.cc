#include "gateway/filters/limit_rules.h"

#include <algorithm>
#include <cassert>

#include "policy/quota_window.h"

namespace gateway {

namespace {

policy::Expression CompileKey(const std::string& source) {
  if (source.empty()) return {};
  auto key = policy::Expression::Compile(source);
  assert(key);
  return std::move(*key);
}

void Fill(LimitRules::Rule& rule, const policy::EffectiveRule& source, const std::string& key) {
  rule.name = RuleName::Of(source);
  rule.select = policy::Selector(source.rule.select());
  rule.key = CompileKey(key);
  rule.observe = source.observe;
}

LimitRules::Rate CompileRate(const policy::EffectiveRule& source, state::RuleState& state) {
  const portolan::v1::RateLimit& limit = source.rule.rate_limit();
  LimitRules::Rate rule;
  Fill(rule, source, limit.key());
  rule.scope = source.scope;
  if (!limit.when().empty()) {
    auto when = policy::Expression::CompileCondition(limit.when());
    assert(when);
    rule.when = std::move(*when);
  }
  rule.calls = static_cast<std::uint32_t>(limit.calls());
  rule.per_s = limit.per_s();
  rule.weight = static_cast<std::uint32_t>(std::max<std::int64_t>(1, limit.weight()));
  rule.overridable = limit.overridable();
  rule.fields = {limit.remaining_header(), limit.limit_header()};
  rule.counter = state.limits.Find(source.set, source.rule.id());
  return rule;
}

LimitRules::Quota CompileQuota(const policy::EffectiveRule& source, state::RuleState& state) {
  const portolan::v1::Quota& quota = source.rule.quota();
  LimitRules::Quota rule;
  Fill(rule, source, quota.key());
  rule.calls = quota.calls();
  rule.bytes = quota.bytes();
  rule.period = policy::PeriodName(quota);
  rule.fields = {quota.remaining_header(), quota.limit_header()};
  rule.by_subscription = quota.anchor() == portolan::v1::QuotaAnchor::SUBSCRIPTION;
  if (quota.anchor() == portolan::v1::QuotaAnchor::FIRST_PERIOD)
    rule.begins_at_ms = policy::AnchorOf(quota, 0);
  rule.allow_unreachable = quota.on_unreachable() == portolan::v1::QuotaUnreachable::ALLOW;
  rule.counter = state.quotas.Find(source.set, source.rule.id());
  return rule;
}

LimitRules::Places CompilePlaces(const policy::EffectiveRule& source, state::RuleState& state) {
  const portolan::v1::Concurrency& concurrency = source.rule.concurrency();
  LimitRules::Places rule;
  Fill(rule, source, concurrency.key());
  rule.max = static_cast<std::uint32_t>(concurrency.max());
  rule.queue = std::chrono::milliseconds(concurrency.queue_ms());
  rule.counter = state.permits.Find(source.set, source.rule.id());
  return rule;
}

}  // namespace

LimitRules LimitRules::Of(const policy::EffectivePolicy& policy, state::RuleState& state) {
  LimitRules rules;
  for (const policy::EffectiveRule& source : policy.rules) {
    const LimitRules::Rule* added = nullptr;
    if (source.rule.has_rate_limit())
      added = &rules.rates.emplace_back(CompileRate(source, state));
    else if (source.rule.has_quota())
      added = &rules.quotas.emplace_back(CompileQuota(source, state));
    else if (source.rule.has_concurrency())
      added = &rules.places.emplace_back(CompilePlaces(source, state));
    if (added) rules.reads_hints = rules.reads_hints || added->select.reads_hints();
  }
  std::sort(rules.rates.begin(), rules.rates.end(), [](const Rate& a, const Rate& b) {
    return state::Limits::Before(*a.counter, *b.counter);
  });
  std::sort(rules.quotas.begin(), rules.quotas.end(), [](const Quota& a, const Quota& b) {
    return state::Quotas::Before(*a.counter, *b.counter);
  });
  return rules;
}

}  // namespace gateway
