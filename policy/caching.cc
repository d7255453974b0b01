#include "policy/caching.h"

#include <algorithm>
#include <cassert>

namespace policy {

Caching::Caching(const EffectivePolicy& policy) {
  for (const EffectiveRule& source : policy.rules) {
    if (!source.rule.has_cache() || source.observe) continue;
    const portolan::v1::Selector& select = source.rule.select();
    Rule rule;
    rule.select = Selector(select);
    rule.says = source.rule.cache();
    for (const std::string& text : rule.says.vary()) {
      auto expression = Expression::Compile(text);
      assert(expression);
      rule.vary.push_back(std::move(*expression));
    }
    rule.chooses = !select.tools().empty() || select.has_annotations();
    rules_.push_back(std::move(rule));
  }
  std::reverse(rules_.begin(), rules_.end());
}

Caching::Terms Caching::For(const Facts& facts) const {
  Terms terms;
  bool has_ttl = false, has_bytes = false;
  for (const Rule& rule : rules_) {
    if (!rule.select.Matches(facts)) continue;
    if (!has_ttl && rule.says.has_ttl_s()) {
      has_ttl = true;
      terms.ttl_s = rule.says.ttl_s();
      terms.chosen = rule.chooses;
    }
    if (!terms.vary && !rule.vary.empty()) terms.vary = &rule.vary;
    if (!has_bytes && rule.says.max_bytes() != 0) {
      has_bytes = true;
      terms.max_bytes = rule.says.max_bytes();
    }
  }
  return terms;
}

}  // namespace policy
