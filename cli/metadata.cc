#include "cli/metadata.h"

#include "base/json.h"

namespace cli {

std::vector<std::string> MetadataLines(Context& context, const v1::Server& server) {
  nlohmann::json metadata = nlohmann::json::object();
  if (auto tree = base::ParseJson(server.metadata_json()); tree.has_value() && tree->is_object())
    metadata = *std::move(tree);
  std::vector<std::string> lines;
  for (const auto& [name, value] : metadata.items())
    lines.push_back(name + "   " + (value.is_string() ? value.get<std::string>() : value.dump()));
  v1::ListRequest request;
  request.set_kind("MetadataSchema");
  const auto schemas = context.registry().List(request);
  if (schemas.has_error()) return lines;
  for (const v1::Resource& schema : *schemas) {
    if (schema.metadata_schema().required() && !metadata.contains(schema.name()))
      lines.push_back(schema.name() + "   missing, and required of new servers");
  }
  return lines;
}

}  // namespace cli
