#include "cli/arguments.h"

#include <cmath>
#include <fstream>
#include <iostream>
#include <iterator>
#include <set>
#include <vector>

#include "base/json.h"
#include "base/manifest.h"

namespace cli {
namespace {

using nlohmann::json;

base::Error Bad(const std::string& sentence) {
  return base::Fail(base::Code::kInvalidArgument, sentence);
}

// The types that a schema allows, also through anyOf and oneOf.
void CollectTypes(const json& schema, std::set<std::string>& types) {
  if (!schema.is_object()) return;
  if (auto type = schema.find("type"); type != schema.end()) {
    if (type->is_string()) types.insert(type->get<std::string>());
    if (type->is_array()) {
      for (const json& each : *type) {
        if (each.is_string()) types.insert(each.get<std::string>());
      }
    }
  }
  for (const char* choice : {"anyOf", "oneOf"}) {
    auto found = schema.find(choice);
    if (found == schema.end() || !found->is_array()) continue;
    for (const json& each : *found) CollectTypes(each, types);
  }
}

std::string Join(const std::set<std::string>& types) {
  std::string text;
  for (const std::string& type : types) text += (text.empty() ? "" : " or ") + type;
  return text;
}

// The value as the first of the allowed types that it fits; a string comes last, since everything
// is one.
base::Result<json> TypeValue(const std::string& key, const std::string& text, const json& schema) {
  auto give = [](json value) {
    return base::Result<json>(boost::system::in_place_value, std::move(value));
  };
  std::set<std::string> types;
  CollectTypes(schema, types);
  if (types.empty()) return give(text);
  auto parsed = base::ParseJson(text);
  if (parsed) {
    const json& value = *parsed;
    if (types.contains("null") && value.is_null()) return give(value);
    if (types.contains("boolean") && value.is_boolean()) return give(value);
    if (types.contains("integer") && value.is_number_integer()) return give(value);
    if (types.contains("integer") && value.is_number_float() &&
        std::trunc(value.get<double>()) == value.get<double>()) {
      return give(value);
    }
    if (types.contains("number") && value.is_number()) return give(value);
    if (types.contains("array") && value.is_array()) return give(value);
    if (types.contains("object") && value.is_object()) return give(value);
  }
  if (types.contains("string")) return give(text);
  if (types.contains("array")) {
    auto items = schema.find("items");
    auto element = TypeValue(key, text, items == schema.end() ? json::object() : *items);
    if (!element) return element.error();
    return give(json::array({*element}));
  }
  return Bad("argument '" + key + "' must be " + Join(types) + ", not '" + text.substr(0, 60) +
             "'");
}

}  // namespace

base::Result<void> SetArguments(std::span<const std::string> words, const json& schema,
                                json& arguments) {
  static const json kNothing = json::object();
  bool described =
      schema.is_object() && schema.contains("properties") && schema["properties"].is_object();
  const json& properties = described ? schema["properties"] : kNothing;
  bool closed = described && schema.contains("additionalProperties") &&
                schema["additionalProperties"] == false;
  std::set<std::string> typed;
  for (const std::string& word : words) {
    auto equals = word.find('=');
    if (equals == std::string::npos || equals == 0) return Bad("'" + word + "' is not KEY=VALUE");
    std::string key = word.substr(0, equals);
    auto property = properties.find(key);
    if (property == properties.end() && closed) {
      std::vector<std::string> known;
      for (const auto& [name, unused] : properties.items()) known.push_back(name);
      std::string meant(base::DidYouMean(key, known));
      return Bad("the tool takes no argument '" + key + "'" +
                 (meant.empty() ? "" : "; did you mean '" + meant + "'?"));
    }
    auto value = TypeValue(key, word.substr(equals + 1),
                           property == properties.end() ? kNothing : *property);
    if (!value) return value.error();
    bool again = !typed.insert(key).second;
    if (again && value->is_array() && arguments[key].is_array()) {
      for (json& element : *value) arguments[key].push_back(std::move(element));
    } else {
      arguments[key] = std::move(*value);
    }
  }
  return {};
}

base::Result<json> ReadArguments(const std::string& text) {
  std::string source = text;
  if (text == "@-") {
    source.assign(std::istreambuf_iterator<char>(std::cin), {});
  } else if (text.starts_with('@')) {
    std::ifstream file(text.substr(1), std::ios::binary);
    if (!file) return Bad("cannot read " + text.substr(1));
    source.assign(std::istreambuf_iterator<char>(file), {});
  }
  auto tree = base::ParseJson(source);
  if (!tree) return tree.error();
  if (!tree->is_object()) return Bad("the arguments of a tool are a JSON object");
  return tree;
}

std::vector<ToolTarget> SplitToolId(std::string_view id) {
  std::vector<ToolTarget> targets;
  auto slash = id.find('/');
  auto dot = id.find('.', slash == std::string_view::npos ? 0 : slash);
  while (dot != std::string_view::npos && dot > 0 && dot + 1 < id.size()) {
    targets.push_back({std::string(id.substr(0, dot)), std::string(id.substr(dot + 1))});
    if (slash == std::string_view::npos) break;
    dot = id.find('.', dot + 1);
  }
  return targets;
}

}  // namespace cli
