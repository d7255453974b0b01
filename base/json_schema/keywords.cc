// Reads keywords into the rules of a node, group by group.
#include <array>
#include <cmath>
#include <utility>

#include "base/json.h"
#include "base/json_schema/compiler.h"

namespace base::json_schema {
namespace {

using nlohmann::json;

constexpr std::array<std::pair<std::string_view, std::uint8_t>, 7> kTypes = {{
    {"null", kNull},
    {"boolean", kBoolean},
    {"integer", kInteger},
    {"number", kNumber},
    {"string", kString},
    {"array", kArray},
    {"object", kObject},
}};

// One schema's keywords. Remembers the first thing that is wrong; what is read after it is of no
// consequence.
class Keywords {
 public:
  Keywords(Compiler& compiler, const json& schema, const Place& place)
      : compiler_(compiler), schema_(schema), place_(place) {}

  Result<void> Read(Node& node) {
    if (!OlderReference(node)) {
      if (place_.resource->validates) Values(node);
      node.string = Strings();
      node.array = Arrays();
      node.object = Objects();
      node.logic = Logic();
    }
    if (!error_.empty()) return Fail(Code::kInvalidArgument, error_);
    return {};
  }

 private:
  void Refuse(std::string_view keyword, std::string_view what) {
    if (error_.empty()) error_ = PointerTo(place_.pointer, keyword) + ": " + std::string(what);
  }
  const json* Find(const char* keyword) const {
    const auto found = schema_.find(keyword);
    return found == schema_.end() ? nullptr : &*found;
  }
  // Of the vocabulary of assertions.
  const json* FindAssertion(const char* keyword) const {
    return place_.resource->validates ? Find(keyword) : nullptr;
  }

  // ---- Shapes

  bool Count(const char* keyword, std::size_t& count) {
    const json* value = FindAssertion(keyword);
    if (!value) return false;
    const double number = value->is_number() ? value->get<double>() : -1;
    if (number < 0 || std::trunc(number) != number) {
      Refuse(keyword, "must be a whole number, not negative");
      return false;
    }
    count = number > 1e15 ? static_cast<std::size_t>(1e15) : static_cast<std::size_t>(number);
    return true;
  }
  bool Number(const char* keyword, const json*& number) {
    number = Find(keyword);
    if (!number) return false;
    if (!number->is_number()) Refuse(keyword, "must be a number");
    return number->is_number();
  }
  const Node* Schema(const char* keyword) {
    const json* value = Find(keyword);
    return value ? SchemaAt(*value, keyword) : nullptr;
  }
  const Node* SchemaAt(const json& value, std::string_view keyword) {
    if (value.is_object() || value.is_boolean()) return compiler_.NodeOf(value);
    Refuse(keyword, "must be a schema: an object, true or false");
    return nullptr;
  }
  std::vector<const Node*> Schemas(const char* keyword) {
    std::vector<const Node*> nodes;
    const json* value = Find(keyword);
    if (!value) return nodes;
    if (!value->is_array() || value->empty()) {
      Refuse(keyword, "must be a list of schemas, not empty");
      return nodes;
    }
    for (const json& one : *value) nodes.push_back(SchemaAt(one, keyword));
    return nodes;
  }
  // The members of an object of something.
  const json* Members(const char* keyword) {
    const json* value = Find(keyword);
    if (!value || value->is_object()) return value;
    Refuse(keyword, "must be an object");
    return nullptr;
  }
  std::vector<std::string> Names(const json& value, std::string_view keyword) {
    std::vector<std::string> names;
    bool fine = value.is_array();
    for (const json& one : fine ? value : json::array()) {
      fine = fine && one.is_string();
      if (fine) names.push_back(one.get<std::string>());
    }
    if (!fine) Refuse(keyword, "must be a list of names");
    return names;
  }

  // ---- Groups

  void Values(Node& node) {
    if (const json* type = Find("type")) node.types = Types(*type);
    node.constant = Find("const");
    node.one_of_values = Find("enum");
    if (node.one_of_values && !node.one_of_values->is_array()) Refuse("enum", "must be a list");
    node.number = Numbers();
  }

  std::uint8_t Types(const json& type) {
    std::uint8_t types = 0;
    for (const json& one : type.is_array() ? type : json::array({type})) {
      std::uint8_t bit = 0;
      for (const auto& [name, known] : kTypes) {
        if (one.is_string() && one == name) bit = known;
      }
      if (bit == 0)
        Refuse("type",
               "must be null, boolean, integer, number, string, array or object, or a list");
      types |= bit;
    }
    return types;
  }

  std::unique_ptr<const NumberRules> Numbers() {
    NumberRules rules;
    bool any = Number("minimum", rules.minimum);
    any |= Number("maximum", rules.maximum);
    // In draft 4 a flag of `minimum`.
    const json* flag = Find("exclusiveMinimum");
    if (flag && flag->is_boolean() && place_.resource->dialect == Dialect::kDraft7) {
      if (*flag) rules.exclusive_minimum = std::exchange(rules.minimum, nullptr);
    } else {
      any |= Number("exclusiveMinimum", rules.exclusive_minimum);
    }
    flag = Find("exclusiveMaximum");
    if (flag && flag->is_boolean() && place_.resource->dialect == Dialect::kDraft7) {
      if (*flag) rules.exclusive_maximum = std::exchange(rules.maximum, nullptr);
    } else {
      any |= Number("exclusiveMaximum", rules.exclusive_maximum);
    }
    if (Number("multipleOf", rules.multiple_of)) {
      any = true;
      if (rules.multiple_of->get<double>() <= 0) Refuse("multipleOf", "must be greater than 0");
    }
    return any ? std::make_unique<const NumberRules>(rules) : nullptr;
  }

  std::unique_ptr<const StringRules> Strings() {
    StringRules rules;
    bool any = Count("minLength", rules.min_length);
    any |= Count("maxLength", rules.max_length);
    if (const json* pattern = FindAssertion("pattern")) {
      if (!pattern->is_string()) {
        Refuse("pattern", "must be a string");
      } else if (auto compiled = compiler_.PatternOf(pattern->get<std::string>()); compiled) {
        rules.pattern.emplace(std::move(*compiled));
        any = true;
      } else {
        Refuse("pattern", compiled.error().message);
      }
    }
    if (const json* format = Find("format")) {
      if (!format->is_string()) Refuse("format", "must be a string");
      if (format->is_string()) rules.format = FormatOf(format->get_ref<const std::string&>());
      rules.assert_format = place_.resource->asserts_formats;
      any |= rules.format != Format::kNone;
    }
    return any ? std::make_unique<const StringRules>(std::move(rules)) : nullptr;
  }

  std::unique_ptr<const ArrayRules> Arrays() {
    ArrayRules rules;
    bool any = Count("minItems", rules.min_items);
    any |= Count("maxItems", rules.max_items);
    if (const json* unique = FindAssertion("uniqueItems")) {
      if (!unique->is_boolean()) Refuse("uniqueItems", "must be true or false");
      rules.unique = unique->is_boolean() && unique->get<bool>();
      any |= rules.unique;
    }
    Items(rules);
    rules.contains = Schema("contains");
    Count("minContains", rules.min_contains);
    Count("maxContains", rules.max_contains);
    rules.unevaluated = Schema("unevaluatedItems");
    any |= !rules.prefix.empty() || rules.items || rules.contains || rules.unevaluated;
    return any ? std::make_unique<const ArrayRules>(std::move(rules)) : nullptr;
  }

  void Items(ArrayRules& rules) {
    const json* items = Find("items");
    if (place_.resource->dialect == Dialect::kDraft2020) {
      rules.prefix = Schemas("prefixItems");
      rules.items = Schema("items");
    } else if (items && items->is_array()) {
      if (!items->empty()) rules.prefix = Schemas("items");
      rules.items = Schema("additionalItems");
    } else {
      rules.items = Schema("items");
    }
  }

  std::unique_ptr<const ObjectRules> Objects() {
    ObjectRules rules;
    bool any = Count("minProperties", rules.min_properties);
    any |= Count("maxProperties", rules.max_properties);
    const json* required = FindAssertion("required");
    // In draft 3 a flag of the property, which is still met with.
    if (required && !(required->is_boolean() && place_.resource->dialect == Dialect::kDraft7))
      rules.required = Names(*required, "required");
    if (const json* properties = Members("properties")) {
      for (auto one = properties->begin(); one != properties->end(); ++one)
        rules.properties.emplace(one.key(), SchemaAt(*one, "properties"));
    }
    if (const json* patterns = Members("patternProperties")) {
      for (auto one = patterns->begin(); one != patterns->end(); ++one) {
        auto pattern = compiler_.PatternOf(one.key());
        const Node* node = SchemaAt(*one, "patternProperties");
        if (pattern.has_error()) {
          Refuse("patternProperties",
                 "'" + one.key().substr(0, 200) + "': " + pattern.error().message);
        } else {
          rules.pattern_properties.emplace_back(std::move(*pattern), node);
        }
      }
    }
    rules.additional = Schema("additionalProperties");
    rules.names = Schema("propertyNames");
    rules.unevaluated = Schema("unevaluatedProperties");
    Dependencies(rules);
    any |= !rules.required.empty() || !rules.properties.empty() ||
           !rules.pattern_properties.empty() || rules.additional || rules.names ||
           rules.unevaluated || !rules.dependent_required.empty() ||
           !rules.dependent_schemas.empty();
    return any ? std::make_unique<const ObjectRules>(std::move(rules)) : nullptr;
  }

  void Dependencies(ObjectRules& rules) {
    const json* required =
        FindAssertion("dependentRequired") ? Members("dependentRequired") : nullptr;
    if (required) {
      for (auto one = required->begin(); one != required->end(); ++one)
        rules.dependent_required.emplace_back(one.key(), Names(*one, "dependentRequired"));
    }
    if (const json* schemas = Members("dependentSchemas")) {
      for (auto one = schemas->begin(); one != schemas->end(); ++one)
        rules.dependent_schemas.emplace_back(one.key(), SchemaAt(*one, "dependentSchemas"));
    }
    // Both in one, before 2019-09.
    if (const json* either = Members("dependencies")) {
      for (auto one = either->begin(); one != either->end(); ++one) {
        if (one->is_array()) {
          rules.dependent_required.emplace_back(one.key(), Names(*one, "dependencies"));
        } else {
          rules.dependent_schemas.emplace_back(one.key(), SchemaAt(*one, "dependencies"));
        }
      }
    }
  }

  std::unique_ptr<const LogicRules> Logic() {
    LogicRules rules;
    rules.all_of = Schemas("allOf");
    rules.any_of = Schemas("anyOf");
    rules.one_of = Schemas("oneOf");
    rules.negated = Schema("not");
    rules.condition = Schema("if");
    rules.then = Schema("then");
    rules.otherwise = Schema("else");
    rules.reference = Reference("$ref");
    if (Find("$recursiveRef")) Refuse("$recursiveRef", "of draft 2019-09 is not supported");
    if (const Node* target = Reference("$dynamicRef")) {
      const std::string& text = Find("$dynamicRef")->get_ref<const std::string&>();
      if (!compiler_.documents().IsDynamicAnchor(*place_.resource, text, rules.dynamic_anchor))
        rules.dynamic_anchor.clear();
      rules.dynamic_fallback = target;
    }
    const bool any = !rules.all_of.empty() || !rules.any_of.empty() || !rules.one_of.empty() ||
                     rules.negated || rules.condition || rules.reference || rules.dynamic_fallback;
    return any ? std::make_unique<const LogicRules>(std::move(rules)) : nullptr;
  }

  const Node* Reference(const char* keyword) {
    const json* value = Find(keyword);
    if (!value) return nullptr;
    if (!value->is_string()) {
      Refuse(keyword, "must be a string");
      return nullptr;
    }
    const std::string& text = value->get_ref<const std::string&>();
    const auto target = compiler_.documents().Resolve(*place_.resource, text);
    if (target.has_error()) {
      Refuse(keyword, "'" + text.substr(0, 200) + "' " + target.error().message);
      return nullptr;
    }
    if (!(*target)->is_object() && !(*target)->is_boolean()) {
      Refuse(keyword, "'" + text.substr(0, 200) + "' leads to what is no schema");
      return nullptr;
    }
    return compiler_.NodeOf(**target);
  }

  // Up to draft 7 nothing beside a $ref counts.
  bool OlderReference(Node& node) {
    if (place_.resource->dialect != Dialect::kDraft7 || !Find("$ref")) return false;
    LogicRules rules;
    rules.reference = Reference("$ref");
    node.logic = std::make_unique<const LogicRules>(std::move(rules));
    return true;
  }

  Compiler& compiler_;
  const json& schema_;
  const Place& place_;
  std::string error_;
};

}  // namespace

Result<void> ReadKeywords(Compiler& compiler, const json& schema, const Place& place, Node& node) {
  if (schema.is_boolean()) {
    node.always = schema.get<bool>();
    return {};
  }
  if (!schema.is_object()) {
    return Fail(Code::kInvalidArgument,
                place.pointer + ": must be a schema: an object, true or false");
  }
  return Keywords(compiler, schema, place).Read(node);
}

}  // namespace base::json_schema
