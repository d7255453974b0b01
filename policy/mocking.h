// A Mocking is the `mock` rules of an effective policy: which of them answers a call.
//
// Pure and immutable; may be shared between threads.
#pragma once

#include <vector>

#include "policy/effective_policy.h"
#include "policy/selector.h"

namespace policy {

class Mocking {
 public:
  struct Rule {
    EffectiveRule source;
    Selector select;
    const std::string& result_json() const { return source.rule.mock().result_json(); }
  };

  // REQUIRES: policy::Validate accepted the sets. Rules of other kinds are passed over.
  explicit Mocking(const EffectivePolicy& policy);

  bool empty() const { return rules_.empty(); }
  const std::vector<Rule>& rules() const { return rules_; }
  bool reads_hints() const { return reads_hints_; }

  // The narrowest of each kind; null: none selects the call.
  struct Choice {
    const Rule* answers = nullptr;
    // Would answer, if its set did not only observe.
    const Rule* observed = nullptr;
  };
  Choice For(const Facts& facts) const;

 private:
  std::vector<Rule> rules_;  // the narrowest first
  bool reads_hints_ = false;
};

}  // namespace policy
