// Types, constants, numbers and strings.
#include <array>
#include <utility>

#include "base/json_schema/evaluation.h"
#include "base/json_schema/value.h"

namespace base::json_schema {
namespace {

using nlohmann::json;

constexpr std::size_t kBytesAStep = 64;
constexpr std::size_t kValuesShown = 10;

std::string TypeNames(std::uint8_t types) {
  constexpr std::array<std::pair<std::uint8_t, std::string_view>, 7> kNames = {
      {{kNull, "null"},
       {kBoolean, "a boolean"},
       {kInteger, "an integer"},
       {kNumber, "a number"},
       {kString, "a string"},
       {kArray, "an array"},
       {kObject, "an object"}}};
  std::string names;
  for (const auto& [bit, name] : kNames) {
    if (!(types & bit)) continue;
    if (!names.empty()) names += " or ";
    names += name;
  }
  return names;
}

std::string ValueNames(const json& values) {
  std::string names;
  for (std::size_t i = 0; i < values.size() && i < kValuesShown; ++i)
    names += (i ? ", " : "") + Shown(values[i]);
  if (values.size() > kValuesShown) names += ", ...";
  return names;
}

}  // namespace

bool Evaluation::Values(const Node& node, const json& value) {
  if (node.types && !(*node.types & TypesOf(value))) {
    // What else there is to say about it follows from that.
    return violations_ ? Refuse("type", "must be " + TypeNames(*node.types) + ", and is " +
                                            std::string(Described(value)))
                       : false;
  }
  bool fits = true;
  if (node.constant && !Equal(*node.constant, value))
    fits = violations_ ? Refuse("const", "must be " + Shown(*node.constant)) : false;
  if (node.one_of_values) {
    bool found = false;
    for (const json& one : *node.one_of_values) {
      if (!Step()) return false;
      if ((found = Equal(one, value))) break;
    }
    if (!found)
      fits =
          violations_ ? Refuse("enum", "must be one of " + ValueNames(*node.one_of_values)) : false;
  }
  if (node.number && value.is_number()) fits &= Number(*node.number, value);
  if (node.string && value.is_string()) fits &= Text(*node.string, value);
  return fits;
}

bool Evaluation::Number(const NumberRules& rules, const json& value) {
  bool fits = true;
  if (rules.minimum && Compare(value, *rules.minimum) < 0)
    fits = Refuse("minimum", "must be at least " + Shown(*rules.minimum));
  if (rules.maximum && Compare(value, *rules.maximum) > 0)
    fits = Refuse("maximum", "must be at most " + Shown(*rules.maximum));
  if (rules.exclusive_minimum && Compare(value, *rules.exclusive_minimum) <= 0)
    fits = Refuse("exclusiveMinimum", "must be greater than " + Shown(*rules.exclusive_minimum));
  if (rules.exclusive_maximum && Compare(value, *rules.exclusive_maximum) >= 0)
    fits = Refuse("exclusiveMaximum", "must be less than " + Shown(*rules.exclusive_maximum));
  if (rules.multiple_of && !IsMultipleOf(value, *rules.multiple_of))
    fits = Refuse("multipleOf", "must be a multiple of " + Shown(*rules.multiple_of));
  return fits;
}

bool Evaluation::Text(const StringRules& rules, const json& value) {
  const std::string& text = value.get_ref<const std::string&>();
  if (!Step(text.size() / kBytesAStep)) return false;
  bool fits = true;
  if (rules.min_length > 0 || rules.max_length != kUnbounded) {
    const std::size_t length = CodePoints(text);
    if (length < rules.min_length)
      fits = Refuse("minLength",
                    "must have at least " + std::to_string(rules.min_length) + " characters");
    if (length > rules.max_length)
      fits = Refuse("maxLength", "must have at most " + std::to_string(rules.max_length) +
                                     " characters, and has " + std::to_string(length));
  }
  if (rules.pattern && !rules.pattern->Matches(text))
    fits = Refuse("pattern", "must match " + rules.pattern->source());
  if ((program_.assert_formats || rules.assert_format) && !HasFormat(text, rules.format))
    fits = Refuse("format", "is not of the format that is asked for");
  return fits;
}

}  // namespace base::json_schema
