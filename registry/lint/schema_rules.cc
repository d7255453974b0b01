#include "registry/lint/schema_rules.h"

#include <algorithm>
#include <string>

#include "policy/tool_schema.h"

namespace registry::lint {
namespace {

using nlohmann::json;

// A model reads all of it before each call.
constexpr std::size_t kLargeSchema = 16 * 1024;

Place Member(const Place& parent, std::string_view key) { return {&parent, key, 0, false}; }

const json* Find(const json& object, const char* key) {
  const auto found = object.find(key);
  return found == object.end() ? nullptr : &*found;
}

bool HasAny(const json& schema, std::initializer_list<const char*> keys) {
  return std::any_of(keys.begin(), keys.end(),
                     [&](const char* key) { return schema.contains(key); });
}

bool IsType(const json& schema, const char* type) {
  const json* given = Find(schema, "type");
  if (!given) return false;
  if (given->is_string()) return *given == type;
  return given->is_array() && std::find(given->begin(), given->end(), type) != given->end();
}

std::string Text(const json& object, const char* key) {
  const json* value = Find(object, key);
  return value && value->is_string() ? value->get<std::string>() : std::string();
}

void CheckProperty(const json& schema, const Place& place, Findings& findings, bool described);

void CheckParts(const json& schema, const Place& place, Findings& findings) {
  if (const json* properties = Find(schema, "properties"); properties && properties->is_object()) {
    const Place at = Member(place, "properties");
    for (const auto& [name, property] : properties->items())
      CheckProperty(property, Member(at, name), findings, true);
    if (const json* required = Find(schema, "required"); required && required->is_array()) {
      for (const json& name : *required) {
        if (!name.is_string() || properties->contains(name.get<std::string>())) continue;
        findings.Add("schema-required", Severity::kWarning, Member(place, "required"),
                     "'" + name.get<std::string>().substr(0, 128) +
                         "' is required and not among the properties",
                     "describe it, or do not require it");
      }
    }
  }
  if (const json* items = Find(schema, "items"); items && items->is_object())
    CheckProperty(*items, Member(place, "items"), findings, false);
  for (const char* key : {"anyOf", "oneOf", "allOf"}) {
    const json* parts = Find(schema, key);
    if (!parts || !parts->is_array()) continue;
    const Place at = Member(place, key);
    for (std::size_t i = 0; i < parts->size(); ++i) {
      if ((*parts)[i].is_object()) CheckParts((*parts)[i], Place{&at, {}, i, true}, findings);
    }
  }
}

void CheckProperty(const json& schema, const Place& place, Findings& findings, bool described) {
  if (!schema.is_object()) return;  // `true` and `false` are schemas too
  const std::string name = "'" + std::string(place.key.substr(0, 128)) + "'";
  if (!HasAny(schema, {"type", "$ref", "$dynamicRef", "enum", "const", "anyOf", "oneOf", "allOf",
                       "not", "properties"})) {
    findings.Add("schema-type", Severity::kWarning, place, name + " has no type",
                 "say what it is: string, number, ...");
  }
  if (described && !HasAny(schema, {"description", "$ref"})) {
    findings.Add("schema-description", Severity::kInfo, place, name + " has no description",
                 "say what belongs there");
  }
  if (IsType(schema, "array")) {
    if (!HasAny(schema, {"items", "prefixItems"})) {
      findings.Add("schema-items", Severity::kWarning, place, name + " does not say what it lists",
                   "add items; some clients refuse an array without");
    }
    if (!HasAny(schema, {"maxItems"})) {
      findings.Add("unbounded-array", Severity::kInfo, place,
                   name + " may have any number of items", "add maxItems");
    }
  }
  if (IsType(schema, "string") &&
      !HasAny(schema, {"maxLength", "enum", "const", "format", "pattern"})) {
    findings.Add("unbounded-string", Severity::kInfo, place, name + " may be of any length",
                 "add maxLength, or an enum");
  }
  CheckParts(schema, place, findings);
}

// The bytes of a tree, about.
std::size_t SizeOf(const json& value) {
  if (value.is_string()) return value.get_ref<const std::string&>().size() + 2;
  if (!value.is_structured()) return 4;
  std::size_t size = 2;
  for (const auto& [key, member] : value.items()) size += key.size() + 4 + SizeOf(member);
  return size;
}

// What `validate` rules cannot use, they refuse.
void CheckUsable(const json* schema, const Place& place, Findings& findings) {
  if (!schema || !schema->is_object()) return;
  const auto compiled = policy::CompileToolSchema(*schema);
  if (compiled) return;
  findings.Add("schema-unusable", Severity::kError, place,
               "the schema cannot be used to check anything: " + compiled.error().message,
               "make it a JSON Schema (2020-12) that compiles: where rules demand that calls are "
               "checked, they refuse this tool");
}

}  // namespace

void CheckToolSchemas(const json& tool, const Place& root, Findings& findings) {
  const json* input = Find(tool, "inputSchema");
  const Place input_place = Member(root, "inputSchema");
  if (!input || !input->is_object()) {
    findings.Add("schema-missing", Severity::kError, input_place,
                 input ? "the inputSchema is no object" : "there is no inputSchema",
                 "give it {\"type\":\"object\"}; clients refuse the tool, and with it the list");
  } else {
    if (Text(*input, "type") != "object") {
      findings.Add("schema-object", Severity::kError, input_place,
                   "the type of the inputSchema is not 'object'",
                   "arguments are always an object (MCP, Tools): wrap them in one");
    }
    if (SizeOf(*input) > kLargeSchema) {
      findings.Add("schema-size", Severity::kWarning, input_place,
                   "the inputSchema is longer than 16 KiB, which models read before each call",
                   "split the tool, or shorten what it describes");
    }
    CheckParts(*input, input_place, findings);
  }
  CheckUsable(input, input_place, findings);
  CheckUsable(Find(tool, "outputSchema"), Member(root, "outputSchema"), findings);
  if (const json* output = Find(tool, "outputSchema");
      output && (!output->is_object() || Text(*output, "type") != "object")) {
    findings.Add("schema-object", Severity::kError, Member(root, "outputSchema"),
                 "the type of the outputSchema is not 'object'",
                 "structured results are always an object (MCP, Tools)");
  }
  const json* notes = Find(tool, "annotations");
  if (notes && notes->is_object() && notes->value("readOnlyHint", json()) == true &&
      notes->value("destructiveHint", json()) == true) {
    findings.Add("annotations", Severity::kWarning, Member(root, "annotations"),
                 "it says that it only reads and that it destroys", "one of the two is wrong");
  }
}

}  // namespace registry::lint
