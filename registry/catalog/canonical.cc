#include "registry/catalog/canonical.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <string_view>
#include <vector>

#include "base/auth/api_key.h"

namespace registry {
namespace {

using nlohmann::json;

// What a value is, which decides whether the order of its elements means something.
enum class Role {
  kData,
  kDefinition,
  kSchema,
  kSchemas,    // an array of schemas, in order
  kSchemaSet,  // an array of schemas, in any order
  kSchemaMap,  // schemas by name
  kSet,
  kSetMap,  // sets by name
};

bool IsIn(std::string_view key, std::initializer_list<std::string_view> keys) {
  return std::find(keys.begin(), keys.end(), key) != keys.end();
}

Role RoleInSchema(std::string_view keyword, const json& schema, const json& value) {
  if (IsIn(keyword,
           {"properties", "patternProperties", "$defs", "definitions", "dependentSchemas"})) {
    return Role::kSchemaMap;
  }
  if (IsIn(keyword, {"items", "additionalProperties", "additionalItems", "contains", "not", "if",
                     "then", "else", "propertyNames", "unevaluatedItems", "unevaluatedProperties",
                     "contentSchema"})) {
    return value.is_array() ? Role::kSchemas : Role::kSchema;
  }
  if (keyword == "prefixItems") return Role::kSchemas;
  if (IsIn(keyword, {"anyOf", "oneOf", "allOf"})) return Role::kSchemaSet;
  if (IsIn(keyword, {"required", "type"})) return Role::kSet;
  // The names of the values stand beside them, in the same order.
  if (keyword == "enum") return schema.contains("enumNames") ? Role::kData : Role::kSet;
  if (keyword == "dependentRequired") return Role::kSetMap;
  return Role::kData;
}

Role RoleOfMember(Role role, std::string_view key, const json& object, const json& value) {
  switch (role) {
    case Role::kDefinition:
      return key == "inputSchema" || key == "outputSchema" ? Role::kSchema : Role::kData;
    case Role::kSchema: return RoleInSchema(key, object, value);
    case Role::kSchemaMap: return Role::kSchema;
    case Role::kSetMap: return Role::kSet;
    default: return Role::kData;
  }
}

void WriteNumber(double number, std::string& out) {
  constexpr double kExact = 9'007'199'254'740'992.0;  // 2^53
  if (number == std::trunc(number) && std::abs(number) <= kExact) {
    out += std::to_string(static_cast<std::int64_t>(number));
    return;
  }
  std::array<char, 32> text;
  const auto end = std::to_chars(text.begin(), text.end(), number).ptr;
  out.append(text.data(), static_cast<std::size_t>(end - text.data()));
}

void Write(const json& value, Role role, std::string& out);

void WriteObject(const json& object, Role role, std::string& out) {
  out += '{';
  bool first = true;
  for (const auto& [key, value] : object.items()) {  // sorted: nlohmann keeps them so
    if (role == Role::kDefinition && IsIn(key, {"_meta", "icons"})) continue;
    if (!first) out += ',';
    first = false;
    out.append(json(key).dump()).append(":");
    Write(value, RoleOfMember(role, key, object, value), out);
  }
  out += '}';
}

void WriteArray(const json& array, Role role, std::string& out) {
  const bool schemas = role == Role::kSchemas || role == Role::kSchemaSet;
  std::vector<std::string> elements;
  for (const json& value : array) {
    Write(value, schemas ? Role::kSchema : Role::kData, elements.emplace_back());
  }
  if (role == Role::kSet || role == Role::kSchemaSet) std::sort(elements.begin(), elements.end());
  out += '[';
  bool first = true;
  for (const std::string& element : elements) {
    if (!first) out += ',';
    first = false;
    out += element;
  }
  out += ']';
}

void Write(const json& value, Role role, std::string& out) {
  if (value.is_object()) return WriteObject(value, role, out);
  if (value.is_array()) return WriteArray(value, role, out);
  if (value.is_number_float()) return WriteNumber(value.get<double>(), out);
  out += value.dump();
}

}  // namespace

std::string CanonicalForm(const json& definition) {
  std::string out;
  Write(definition, Role::kDefinition, out);
  return out;
}

std::string CanonicalHash(const json& definition) {
  return base::auth::Hex(base::auth::Sha256(CanonicalForm(definition)));
}

std::string SchemaForm(const json& definition) {
  std::string out;
  bool tells = false;
  for (const char* member : {"inputSchema", "outputSchema"}) {
    const auto schema = definition.find(member);
    if (schema == definition.end() || !schema->is_object()) continue;
    const auto properties = schema->find("properties");
    tells = tells || (properties != schema->end() && !properties->empty());
    out.append(member).append(":");
    Write(*schema, Role::kSchema, out);
  }
  const auto arguments = definition.find("arguments");
  if (arguments != definition.end() && !arguments->empty()) {
    tells = true;
    Write(*arguments, Role::kData, out);
  }
  return tells ? out : std::string();
}

}  // namespace registry
