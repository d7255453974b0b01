#include "base/json_schema/evaluation.h"

#include <algorithm>

#include "base/json.h"
#include "base/json_schema/value.h"

namespace base::json_schema {

using nlohmann::json;

void Evaluated::Merge(const Evaluated& other) {
  all_members |= other.all_members;
  all_items |= other.all_items;
  prefix = std::max(prefix, other.prefix);
  members.insert(members.end(), other.members.begin(), other.members.end());
  items.insert(items.end(), other.items.begin(), other.items.end());
}

bool Evaluation::Fits(const Node& node, const json& value, Evaluated* outer) {
  if (!Step()) return false;
  if (node.always) return *node.always || Refuse("false", "nothing is allowed here");
  if (nesting_ >= program_.max_nesting) {
    gave_up_ = true;
    return false;
  }
  ++nesting_;
  const bool entered = scopes_.empty() || scopes_.back() != node.scope;
  if (entered) scopes_.push_back(node.scope);

  Evaluated own;
  Evaluated* evaluated = outer || node.has_unevaluated() ? &own : nullptr;
  bool fits = Values(node, value);
  if (node.logic && (fits || more())) fits &= Logic(*node.logic, value, evaluated);
  if (node.object && value.is_object() && (fits || more()))
    fits &= Object(*node.object, value, evaluated);
  if (node.array && value.is_array() && (fits || more()))
    fits &= Array(*node.array, value, evaluated);
  // What is left over means something only when the rest fits.
  if (fits && node.has_unevaluated())
    fits = UnevaluatedMembers(node, value, own) && UnevaluatedItems(node, value, own);
  if (fits && outer) {
    Step(own.members.size() + own.items.size());
    outer->Merge(own);
  }

  if (entered) scopes_.pop_back();
  --nesting_;
  return fits && !gave_up_;
}

bool Evaluation::Logic(const LogicRules& rules, const json& value, Evaluated* evaluated) {
  bool fits = true;
  if (rules.reference) fits = Fits(*rules.reference, value, evaluated);
  if (rules.dynamic_fallback && (fits || more()))
    fits &= Fits(DynamicTarget(rules), value, evaluated);
  for (const Node* one : rules.all_of) {
    if (!fits && !more()) return false;
    fits &= Fits(*one, value, evaluated);
  }
  if (!rules.any_of.empty() && (fits || more())) fits &= AnyOf(rules.any_of, value, evaluated);
  if (!rules.one_of.empty() && (fits || more())) fits &= OneOf(rules.one_of, value, evaluated);
  if (rules.negated && (fits || more()) && Quietly(*rules.negated, value, nullptr))
    fits = Refuse("not", "is what must not be here");
  if (rules.condition && (fits || more())) fits &= Condition(rules, value, evaluated);
  return fits;
}

bool Evaluation::AnyOf(const std::vector<const Node*>& nodes, const json& value,
                       Evaluated* evaluated) {
  bool any = false;
  for (const Node* one : nodes) {
    any |= Quietly(*one, value, evaluated);
    // Each that fits says what it looked at.
    if (any && !evaluated) return true;
  }
  if (any) return true;
  Refuse("anyOf", "fits none of the " + std::to_string(nodes.size()) + " alternatives");
  Explain(nodes, value);
  return false;
}

bool Evaluation::OneOf(const std::vector<const Node*>& nodes, const json& value,
                       Evaluated* evaluated) {
  std::size_t fitting = 0;
  Evaluated of_the_one;
  for (const Node* one : nodes) {
    if (!Quietly(*one, value, evaluated ? &of_the_one : nullptr)) continue;
    if (++fitting > 1) return Refuse("oneOf", "fits more than one of the alternatives");
  }
  if (fitting == 1) {
    if (evaluated) evaluated->Merge(of_the_one);
    return true;
  }
  Refuse("oneOf", "fits none of the " + std::to_string(nodes.size()) + " alternatives");
  Explain(nodes, value);
  return false;
}

// Of alternatives that all failed: the reasons of the one that was meant, when it can be told: the
// only one that the value's type and its constants do not rule out.
void Evaluation::Explain(const std::vector<const Node*>& nodes, const json& value) {
  if (!more()) return;
  std::vector<Violation>* const outer = violations_;
  std::vector<Violation> meant;
  int candidates = 0;
  for (const Node* one : nodes) {
    std::vector<Violation> reasons;
    violations_ = &reasons;
    Fits(*one, value);
    const std::string here = Pointer();
    const bool ruled_out = std::any_of(reasons.begin(), reasons.end(), [&](const Violation& why) {
      return why.keyword == "const" || why.keyword == "enum" ||
             (why.keyword == "type" && why.pointer == here);
    });
    if (ruled_out) continue;
    ++candidates;
    meant = std::move(reasons);
  }
  violations_ = outer;
  if (candidates != 1) return;
  for (Violation& why : meant) {
    if (violations_->size() < program_.max_violations) violations_->push_back(std::move(why));
  }
}

bool Evaluation::Condition(const LogicRules& rules, const json& value, Evaluated* evaluated) {
  if (Quietly(*rules.condition, value, evaluated))
    return !rules.then || Fits(*rules.then, value, evaluated);
  return !rules.otherwise || Fits(*rules.otherwise, value, evaluated);
}

const Node& Evaluation::DynamicTarget(const LogicRules& rules) const {
  if (rules.dynamic_anchor.empty()) return *rules.dynamic_fallback;
  for (const Scope* scope : scopes_) {
    const auto found = scope->dynamic_anchors.find(rules.dynamic_anchor);
    if (found != scope->dynamic_anchors.end()) return *found->second;
  }
  return *rules.dynamic_fallback;
}

bool Evaluation::Quietly(const Node& node, const json& value, Evaluated* evaluated) {
  std::vector<Violation>* const outer = violations_;
  violations_ = nullptr;
  const bool fits = Fits(node, value, evaluated);
  violations_ = outer;
  return fits;
}

// ---- What all share

bool Evaluation::Step(std::size_t steps) {
  steps_ += steps;
  if (steps_ > program_.max_steps) gave_up_ = true;
  return !gave_up_;
}

bool Evaluation::Refuse(std::string_view keyword, std::string message) {
  if (violations_ && violations_->size() < program_.max_violations)
    violations_->push_back({Pointer(), std::string(keyword), std::move(message)});
  return false;
}

bool Evaluation::RefuseMember(std::string_view keyword, std::string_view member,
                              std::string message) {
  if (violations_ && violations_->size() < program_.max_violations)
    violations_->push_back(
        {PointerTo(Pointer(), member), std::string(keyword), std::move(message)});
  return false;
}

bool Evaluation::FitsMember(const Node& node, const std::string& name, const json& value) {
  path_.push_back({&name, 0});
  const bool fits = Fits(node, value);
  path_.pop_back();
  return fits;
}

bool Evaluation::FitsItem(const Node& node, std::size_t index, const json& value) {
  path_.push_back({nullptr, index});
  const bool fits = Fits(node, value);
  path_.pop_back();
  return fits;
}

std::string Evaluation::Pointer() const {
  std::string pointer;
  for (const Part& part : path_)
    pointer = part.name ? PointerTo(pointer, *part.name) : PointerTo(pointer, part.index);
  return pointer;
}

}  // namespace base::json_schema
