// A Caching is the `cache` rules of an effective policy, ready to say how long the answer to a call
// may be kept and who may share it: each field as the narrowest scope that says it has it.
//
// Rules of sets that observe are passed over. Pure and immutable; may be shared between threads.
#pragma once

#include <cstdint>
#include <vector>

#include "policy/effective_policy.h"
#include "policy/expression.h"
#include "policy/selector.h"

namespace policy {

class Caching {
 public:
  // REQUIRES: policy::Validate accepted the sets. Rules of other kinds are passed over.
  explicit Caching(const EffectivePolicy& policy);

  bool empty() const { return rules_.empty(); }

  struct Terms {
    // 0: nothing is kept.
    std::int64_t ttl_s = 0;
    std::int64_t max_bytes = 1'048'576;
    // What the answer depends on, instead of the caller; null: on the caller.
    const std::vector<Expression>* vary = nullptr;
    // The rule that says how long chooses the tools itself, by name or by their hints.
    bool chosen = false;
  };
  Terms For(const Facts& facts) const;

 private:
  struct Rule {
    Selector select;
    portolan::v1::Cache says;
    std::vector<Expression> vary;
    bool chooses = false;
  };
  std::vector<Rule> rules_;  // the narrowest first
};

}  // namespace policy
