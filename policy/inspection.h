// An Inspection is the `inspect` rules of an effective policy, ready to say who looks at a part of a
// call, and what becomes of what is found: of all that look at the same, the strictest action wins.
//
// Pure and immutable; may be shared between threads.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "policy/detectors/detector.h"
#include "policy/effective_policy.h"
#include "policy/selector.h"

namespace policy {

class Inspection {
 public:
  using Part = portolan::v1::InspectedPart;
  using Action = portolan::v1::DetectorAction;

  // An entry of a rule.
  struct Looker {
    Detector detector;
    Action::Value action = Action::FLAG;  // FLAG in sets that observe
    std::uint8_t parts = 0;               // bits of the numbers of Part
    std::size_t rule = 0;
    std::size_t max_bytes = 0;
    // It would block, but its set observes.
    bool would_block = false;

    bool looks_at(Part::Value part) const { return (parts >> part & 1) != 0; }
    // What it finds is not only noted.
    bool is_strict() const { return action != Action::FLAG; }
  };
  struct Rule {
    EffectiveRule source;
    Selector select;
  };

  // REQUIRES: policy::Validate accepted the sets. Rules of other kinds are passed over.
  explicit Inspection(const EffectivePolicy& policy);

  const std::vector<Rule>& rules() const { return rules_; }
  const std::vector<Looker>& lookers() const { return lookers_; }
  // Some rule looks there at all.
  bool looks_at(Part::Value part) const { return (parts_ >> part & 1) != 0; }
  bool reads_hints() const { return reads_hints_; }

  // Who looks at a part of a call. Pointers into the Inspection.
  struct Terms {
    std::vector<const Looker*> lookers;

    bool empty() const { return lookers.empty(); }
    // Somebody may change or refuse what is looked at.
    bool strict() const;
    // Of those who may, the shortest that one of them looks at; 0: nobody may.
    std::size_t max_bytes() const;
  };
  Terms For(Part::Value part, const Facts& facts) const;

 private:
  std::vector<Rule> rules_;
  std::vector<Looker> lookers_;
  std::uint8_t parts_ = 0;
  bool reads_hints_ = false;
};

}  // namespace policy
