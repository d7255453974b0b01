// What a narrower scope sets aside: rules that say they are overridable.
#pragma once

#include <algorithm>

#include "policy/effective_policy.h"

namespace policy {

// How a rule stands among the others that apply to a call.
struct Standing {
  Scope scope = Scope::kGlobal;
  bool observe = false;
  bool overridable = false;
};

// Takes out of `chosen` (rules of one kind, all of which apply to a call) those that are overridable
// and have a rule of a narrower scope beside them. What only observes sets nothing aside that is
// enforced. `standing` says of an element how it stands.
template <class Chosen, class Of>
void DropOverridden(Chosen& chosen, Of standing) {
  Scope enforced = Scope::kGlobal, any = Scope::kGlobal;
  bool overridable = false;
  for (const auto& one : chosen) {
    const Standing of = standing(one);
    any = std::max(any, of.scope);
    if (!of.observe) enforced = std::max(enforced, of.scope);
    overridable = overridable || of.overridable;
  }
  if (!overridable) return;
  chosen.erase(std::remove_if(chosen.begin(), chosen.end(),
                              [&](const auto& one) {
                                const Standing of = standing(one);
                                return of.overridable && of.scope < (of.observe ? any : enforced);
                              }),
               chosen.end());
}

}  // namespace policy
