// A Validation is the `validate` rules of an effective policy, ready to say what holds for a call:
// each field as the narrowest scope that says it has it.
//
// What only observes takes nothing from what is enforced: it is told beside it. Pure and immutable;
// may be shared between threads.
#pragma once

#include <cstdint>
#include <vector>

#include "policy/effective_policy.h"
#include "policy/selector.h"

namespace policy {

class Validation {
 public:
  struct Rule {
    EffectiveRule source;
    Selector select;
  };

  // REQUIRES: policy::Validate accepted the sets. Rules of other kinds are passed over.
  explicit Validation(const EffectivePolicy& policy);

  bool empty() const { return rules_.empty(); }
  const std::vector<Rule>& rules() const { return rules_; }
  bool reads_hints() const { return reads_hints_; }

  struct Check {
    enum class Action { kNone, kDetect, kPrevent };
    Action action = Action::kNone;
    // Which rule says so; null when none does.
    const Rule* rule = nullptr;
  };
  // 0: no bound.
  struct Bound {
    std::int64_t bytes = 0;
    const Rule* rule = nullptr;
    bool passed_by(std::size_t size) const {
      return bytes != 0 && size > static_cast<std::size_t>(bytes);
    }
  };
  struct Terms {
    Check arguments;
    Check results;
    Bound request;
    Bound result;
    // Of sets that observe.
    Bound observed_request;
    Bound observed_result;
  };
  Terms For(const Facts& facts) const;

 private:
  std::vector<Rule> rules_;  // the narrowest first
  bool reads_hints_ = false;
};

}  // namespace policy
