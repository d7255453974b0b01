// An Authorization is the `authorize` rules of an effective policy, ready to decide: may this caller
// do this?
//
// Any rule whose `deny_if` holds refuses. In each scope that has rules with `permit_if` for the call,
// one of them must hold; so a narrower scope can only narrow. A rule that is `overridable` is set
// aside when a narrower scope has a `permit_if` for the call. An expression that fails refuses.
//
// Pure and immutable; may be shared between threads. Deciding allocates nothing, unless an expression
// makes new text.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "policy/effective_policy.h"
#include "policy/expression.h"
#include "policy/selector.h"

namespace policy {

class Authorization {
 public:
  struct Rule {
    EffectiveRule source;
    Selector select;
    std::optional<Expression> permit_if;
    std::optional<Expression> deny_if;

    bool observe() const { return source.observe; }
    bool overridable() const { return source.rule.authorize().overridable(); }
    const std::string& message() const { return source.rule.authorize().message(); }
    // Why it refuses the call: `args.amount <= 500 is false with args.amount = 900`.
    std::string Because(const Facts& facts) const;
  };

  // REQUIRES: policy::Validate accepted the sets. Rules of other kinds are passed over.
  explicit Authorization(const EffectivePolicy& policy);

  bool empty() const { return rules_.empty(); }
  const std::vector<Rule>& rules() const { return rules_; }
  // Whether some rule that is enforced may hide an item of that kind from somebody: &Facts::tool_name,
  // prompt_name or resource_uri.
  bool MayHide(std::string_view Facts::*kind) const;

  struct Decision {
    enum class Outcome { kPermitted, kDenied, kUnknown };
    Outcome outcome = Outcome::kPermitted;
    // Which rule refuses; null unless kDenied.
    const Rule* rule = nullptr;
    // The first rule that would refuse if it did not only observe.
    const Rule* observed = nullptr;
  };
  // With some facts unknown (bits of policy::Unknown): kDenied only when it would be whatever they
  // are. A list of items is refused by rules that name its method, no others: the rest act on what
  // stands in it.
  Decision Decide(const Facts& facts, std::uint8_t unknowns = kAllKnown) const;

 private:
  struct Selected {
    const Rule* rule;
    // Whether it selects the call is not known either.
    bool maybe;
  };

  const std::vector<Rule> rules_;  // wide scopes first
};

}  // namespace policy
