// UpstreamRules are the `upstream` rules of an effective policy, ready to say how the server is asked
// on behalf of a call: bounds and credential field by field, `retry` and `breaker` each as a whole,
// header lines by their names; always as the narrowest scope that says it has it.
//
// Rules of sets that observe are passed over. Pure and immutable; may be shared between threads.
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "policy/effective_policy.h"
#include "policy/expression.h"
#include "policy/selector.h"

namespace policy {

class UpstreamRules {
 public:
  struct Rule {
    EffectiveRule source;
    Selector select;
    // In the order of headers.set and headers.answer.
    std::vector<Expression> set, answer;
    const portolan::v1::Upstream& says() const { return source.rule.upstream(); }
  };

  // REQUIRES: policy::Validate accepted the sets. Rules of other kinds are passed over.
  explicit UpstreamRules(const EffectivePolicy& policy);

  bool empty() const { return rules_.empty(); }
  bool reads_hints() const { return reads_hints_; }
  const std::vector<Rule>& rules() const { return rules_; }  // the narrowest first
  // Whether any rule speaks of it: a filter that has nothing to do is left out of its chain.
  bool has_bounds_or_lines() const { return has_bounds_or_lines_; }
  bool has_retry() const { return has_retry_; }
  bool has_breaker() const { return has_breaker_; }
  bool has_credential() const { return has_credential_; }

  // Zero: no rule says it.
  struct Bounds {
    std::chrono::milliseconds connect{0}, first_byte{0}, idle{0}, total{0};
  };
  Bounds BoundsFor(const Facts& facts) const;

  // The narrowest that says it and selects the call; null: none.
  const Rule* RetryFor(const Facts& facts) const;
  const Rule* BreakerFor(const Facts& facts) const;
  // Whose `credential` it is: a resource name, or `-`.
  const Rule* CredentialFor(const Facts& facts) const;

  struct Line {
    const portolan::v1::HeaderValue* says;
    const Expression* value;
  };
  // Views into the rules.
  struct Lines {
    std::vector<std::string_view> forward, remove;
    std::vector<Line> set, answer;
  };
  Lines LinesFor(const Facts& facts) const;

  // Lower case: the header lines that callers of this policy show their keys in. They travel nowhere.
  const std::vector<std::string>& key_headers() const { return key_headers_; }

 private:
  template <class Says>
  const Rule* Narrowest(const Facts& facts, Says says) const;

  std::vector<Rule> rules_;  // the narrowest first
  std::vector<std::string> key_headers_;
  bool reads_hints_ = false;
  bool has_bounds_or_lines_ = false;
  bool has_retry_ = false;
  bool has_breaker_ = false;
  bool has_credential_ = false;
};

}  // namespace policy
