#include "registry/search/document.h"

#include <nlohmann/json.hpp>

namespace registry::search {

std::string ServerDocument::ToolId(const ToolDocument& tool) const {
  return (base_path.empty() ? name : base_path) + "." + tool.name;
}

const ToolDocument* ServerDocument::FindTool(std::string_view tool) const {
  for (const ToolDocument& candidate : tools) {
    if (candidate.name == tool) return &candidate;
  }
  return nullptr;
}

std::string ToolDocument::InputSchema() const {
  if (definition.empty()) return input_schema;
  const auto tree = nlohmann::ordered_json::parse(definition, nullptr, /*allow_exceptions=*/false);
  const auto schema = tree.find("inputSchema");
  if (!tree.is_object() || schema == tree.end() || !schema->is_object()) return {};
  return schema->dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

void ReadInputSchema(std::string_view schema, ToolDocument& out) {
  ReadProperties(nlohmann::ordered_json::parse(schema, nullptr, /*allow_exceptions=*/false), out);
}

void ReadProperties(const nlohmann::ordered_json& tree, ToolDocument& out) {
  if (!tree.is_object()) return;
  if (auto required = tree.find("required"); required != tree.end() && required->is_array()) {
    for (const auto& name : *required) {
      if (name.is_string()) out.required.push_back(name.get<std::string>());
    }
  }
  auto properties = tree.find("properties");
  if (properties == tree.end() || !properties->is_object()) return;
  for (const auto& [name, property] : properties->items()) {
    Parameter parameter{name, {}};
    if (property.is_object()) {
      auto description = property.find("description");
      if (description != property.end() && description->is_string()) {
        parameter.description = description->get<std::string>();
      }
    }
    out.parameters.push_back(std::move(parameter));
  }
}

}  // namespace registry::search
