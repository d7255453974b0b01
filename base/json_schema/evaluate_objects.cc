// Objects and their members.
#include <algorithm>

#include "base/json_schema/evaluation.h"
#include "base/json_schema/value.h"

namespace base::json_schema {
namespace {

using nlohmann::json;

constexpr std::size_t kNamesShown = 20;

std::string Known(const ObjectRules& rules) {
  if (rules.properties.empty()) return "is not allowed here";
  std::string names;
  std::size_t shown = 0;
  for (const auto& [name, node] : rules.properties) {
    if (shown++ == kNamesShown) return "is not allowed here; among others there are " + names;
    names += (names.empty() ? "" : ", ") + name;
  }
  return "is not allowed here; there is " + names;
}

bool IsFalse(const Node& node) { return node.always && !*node.always; }

}  // namespace

bool Evaluation::Object(const ObjectRules& rules, const json& value, Evaluated* evaluated) {
  bool fits = true;
  if (value.size() < rules.min_properties)
    fits = Refuse("minProperties",
                  "must have at least " + std::to_string(rules.min_properties) + " members");
  if (value.size() > rules.max_properties)
    fits = Refuse("maxProperties",
                  "must have at most " + std::to_string(rules.max_properties) + " members");
  for (const std::string& name : rules.required) {
    if (!Step()) return false;
    if (!value.contains(name)) fits = RefuseMember("required", name, "is missing");
    if (!fits && !more()) return false;
  }
  if (fits || more()) fits &= Members(rules, value, evaluated);
  if (fits || more()) fits &= Dependencies(rules, value, evaluated);
  return fits;
}

bool Evaluation::Members(const ObjectRules& rules, const json& value, Evaluated* evaluated) {
  bool fits = true;
  if (rules.properties.empty() && rules.pattern_properties.empty() && !rules.additional &&
      !rules.names)
    return true;
  // Both are sorted by name.
  auto known = rules.properties.begin();
  for (auto member = value.begin(); member != value.end(); ++member) {
    if (!Step()) return false;
    if (!fits && !more()) return false;
    const std::string& name = member.key();
    bool matched = false;
    while (known != rules.properties.end() && known->first < name) {
      if (!Step()) return false;
      ++known;
    }
    if (known != rules.properties.end() && known->first == name) {
      matched = true;
      fits &= FitsMember(*known->second, name, *member);
    }
    for (const auto& [pattern, node] : rules.pattern_properties) {
      if (!Step(1 + name.size() / 64)) return false;
      if (!pattern.Matches(name)) continue;
      matched = true;
      fits &= FitsMember(*node, name, *member);
    }
    if (!matched && rules.additional) {
      matched = true;
      if (IsFalse(*rules.additional)) {
        fits = violations_ ? RefuseMember("additionalProperties", name, Known(rules)) : false;
      } else {
        fits &= FitsMember(*rules.additional, name, *member);
      }
    }
    if (rules.names) fits &= FitsMember(*rules.names, name, json(name));
    if (evaluated && matched) evaluated->members.push_back(&*member);
  }
  return fits;
}

bool Evaluation::Dependencies(const ObjectRules& rules, const json& value, Evaluated* evaluated) {
  bool fits = true;
  for (const auto& [name, needed] : rules.dependent_required) {
    if (!Step(1 + needed.size())) return false;
    if (!value.contains(name)) continue;
    for (const std::string& other : needed) {
      if (!value.contains(other))
        fits = RefuseMember("dependentRequired", other, "is missing, and goes with '" + name + "'");
    }
  }
  for (const auto& [name, node] : rules.dependent_schemas) {
    if (!Step()) return false;
    if (value.contains(name)) fits &= Fits(*node, value, evaluated);
  }
  return fits;
}

bool Evaluation::UnevaluatedMembers(const Node& node, const json& value, Evaluated& evaluated) {
  if (!node.object || !node.object->unevaluated || !value.is_object() || evaluated.all_members)
    return true;
  const Node& rest = *node.object->unevaluated;
  std::sort(evaluated.members.begin(), evaluated.members.end());
  bool fits = true;
  for (auto member = value.begin(); member != value.end(); ++member) {
    if (!Step()) return false;
    if (std::binary_search(evaluated.members.begin(), evaluated.members.end(), &*member)) continue;
    if (IsFalse(rest)) {
      fits = RefuseMember("unevaluatedProperties", member.key(), "is not allowed here");
    } else {
      fits &= FitsMember(rest, member.key(), *member);
    }
  }
  if (fits) evaluated.all_members = true;
  return fits;
}

}  // namespace base::json_schema
