#include "policy/validation.h"

#include <algorithm>

namespace policy {

namespace v1 = portolan::v1;
using Action = Validation::Check::Action;

namespace {

// What sets that enforce and sets that observe say of a check, each the narrowest of them.
struct Said {
  v1::SchemaCheck::Value enforced = v1::SchemaCheck::UNSPECIFIED;
  v1::SchemaCheck::Value observed = v1::SchemaCheck::UNSPECIFIED;
  const Validation::Rule* enforcing = nullptr;
  const Validation::Rule* observing = nullptr;

  void Add(v1::SchemaCheck::Value value, const Validation::Rule& rule) {
    auto& said = rule.source.observe ? observed : enforced;
    if (value == v1::SchemaCheck::UNSPECIFIED || said != v1::SchemaCheck::UNSPECIFIED) return;
    said = value;
    (rule.source.observe ? observing : enforcing) = &rule;
  }

  Validation::Check Decide() const {
    if (enforced == v1::SchemaCheck::PREVENT) return {Action::kPrevent, enforcing};
    if (enforced == v1::SchemaCheck::DETECT) return {Action::kDetect, enforcing};
    if (observed == v1::SchemaCheck::PREVENT || observed == v1::SchemaCheck::DETECT)
      return {Action::kDetect, observing};
    return {};
  }
};

void AddBound(std::int64_t bytes, const Validation::Rule& rule, Validation::Bound& bound) {
  if (bytes != 0 && !bound.rule) bound = {bytes, &rule};
}

}  // namespace

Validation::Validation(const EffectivePolicy& policy) {
  for (const EffectiveRule& source : policy.rules) {
    if (!source.rule.has_validate()) continue;
    rules_.push_back({source, Selector(source.rule.select())});
    reads_hints_ = reads_hints_ || rules_.back().select.reads_hints();
  }
  std::reverse(rules_.begin(), rules_.end());
}

Validation::Terms Validation::For(const Facts& facts) const {
  Terms terms;
  Said arguments, results;
  for (const Rule& rule : rules_) {
    if (!rule.select.Matches(facts)) continue;
    const v1::Validate& validate = rule.source.rule.validate();
    const bool observe = rule.source.observe;
    arguments.Add(validate.arguments(), rule);
    results.Add(validate.results(), rule);
    AddBound(validate.max_request_bytes(), rule, observe ? terms.observed_request : terms.request);
    AddBound(validate.max_result_bytes(), rule, observe ? terms.observed_result : terms.result);
  }
  terms.arguments = arguments.Decide();
  terms.results = results.Decide();
  return terms;
}

}  // namespace policy
