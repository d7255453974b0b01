#include "policy/mocking.h"

#include <algorithm>

namespace policy {

Mocking::Mocking(const EffectivePolicy& policy) {
  for (const EffectiveRule& source : policy.rules) {
    if (!source.rule.has_mock()) continue;
    rules_.push_back({source, Selector(source.rule.select())});
    reads_hints_ = reads_hints_ || rules_.back().select.reads_hints();
  }
  std::reverse(rules_.begin(), rules_.end());
}

Mocking::Choice Mocking::For(const Facts& facts) const {
  Choice choice;
  for (const Rule& rule : rules_) {
    const Rule*& chosen = rule.source.observe ? choice.observed : choice.answers;
    if (!chosen && rule.select.Matches(facts)) chosen = &rule;
  }
  return choice;
}

}  // namespace policy
