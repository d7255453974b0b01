#include "policy/inspection.h"

#include <algorithm>

namespace policy {

namespace v1 = portolan::v1;

namespace {

constexpr std::size_t kMaxBytes = 4'194'304;

std::uint8_t BitsOf(const v1::Detector& spec) {
  std::uint8_t bits = 0;
  for (const int part : spec.on()) bits = static_cast<std::uint8_t>(bits | 1U << part);
  constexpr unsigned kEverywhere = 1U << v1::InspectedPart::ARGUMENTS |
                                   1U << v1::InspectedPart::RESULT |
                                   1U << v1::InspectedPart::DESCRIPTION;
  return bits == 0 ? static_cast<std::uint8_t>(kEverywhere) : bits;
}

}  // namespace

Inspection::Inspection(const EffectivePolicy& policy) {
  for (const EffectiveRule& source : policy.rules) {
    if (!source.rule.has_inspect()) continue;
    const v1::Inspect& inspect = source.rule.inspect();
    for (const v1::Detector& spec : inspect.detect()) {
      auto detector = Detector::Compile(spec);
      if (!detector) continue;  // not what was validated
      const bool only_noted = source.observe || spec.action() == Action::UNSPECIFIED;
      Looker looker{.detector = *std::move(detector)};
      looker.action = only_noted ? Action::FLAG : spec.action();
      looker.parts = BitsOf(spec);
      looker.rule = rules_.size();
      looker.max_bytes =
          inspect.max_bytes() == 0 ? kMaxBytes : static_cast<std::size_t>(inspect.max_bytes());
      looker.would_block = source.observe && spec.action() == Action::BLOCK;
      parts_ |= looker.parts;
      lookers_.push_back(std::move(looker));
    }
    rules_.push_back({source, Selector(source.rule.select())});
    reads_hints_ = reads_hints_ || rules_.back().select.reads_hints();
  }
}

bool Inspection::Terms::strict() const {
  return std::any_of(lookers.begin(), lookers.end(),
                     [](const Looker* looker) { return looker->is_strict(); });
}

std::size_t Inspection::Terms::max_bytes() const {
  std::size_t least = 0;
  for (const Looker* looker : lookers) {
    if (looker->is_strict() && (least == 0 || looker->max_bytes < least)) least = looker->max_bytes;
  }
  return least;
}

Inspection::Terms Inspection::For(Part::Value part, const Facts& facts) const {
  Terms terms;
  if (!looks_at(part)) return terms;
  std::size_t asked = rules_.size();
  bool selected = false;
  for (const Looker& looker : lookers_) {
    if (!looker.looks_at(part)) continue;
    // Those of one rule stand together.
    if (asked != looker.rule) selected = rules_[asked = looker.rule].select.Matches(facts);
    if (selected) terms.lookers.push_back(&looker);
  }
  return terms;
}

}  // namespace policy
