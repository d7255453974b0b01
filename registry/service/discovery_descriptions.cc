#include "registry/service/discovery_descriptions.h"

#include <nlohmann/json.hpp>

namespace registry {
namespace {

using nlohmann::ordered_json;

constexpr std::size_t kBriefBytes = 200;

}  // namespace

std::string Brief(std::string_view text) {
  std::size_t begin = text.find_first_not_of(" \t\r\n");
  if (begin == std::string_view::npos) return "";
  text.remove_prefix(begin);
  std::string_view line = text.substr(0, text.find_first_of("\r\n"));
  if (line.size() <= kBriefBytes) return std::string(line);
  std::size_t end = kBriefBytes;
  while (end > 0 && (static_cast<unsigned char>(line[end]) & 0xC0) == 0x80) --end;
  return std::string(line.substr(0, end)) + "…";
}

std::string Dump(const ordered_json& tree) {
  return tree.dump(-1, ' ', false, ordered_json::error_handler_t::replace);
}

ordered_json Parsed(std::string_view json) {
  ordered_json tree = ordered_json::parse(json, nullptr, /*allow_exceptions=*/false);
  return tree.is_discarded() ? ordered_json::object() : tree;
}

ordered_json DescribeServer(const search::ServerDocument& server, const DiscoveryOptions& options) {
  ordered_json out = {{"name", server.name}, {"base_path", server.base_path}};
  if (!server.title.empty()) out["title"] = server.title;
  out["description"] = server.description;
  if (!server.version.empty()) out["version"] = server.version;
  if (!server.owner.empty()) out["owner"] = server.owner;
  out["tags"] = server.tags;
  if (!server.base_path.empty() && !options.gateway_public_url.empty())
    out["url"] = options.gateway_public_url + "/" + server.base_path + "/mcp";
  out["tools"] = ordered_json::array();
  for (const search::ToolDocument& tool : server.tools) {
    if (out["tools"].size() == kMaxToolsDescribed) {
      out["more_tools"] = server.tools.size() - kMaxToolsDescribed;
      break;
    }
    out["tools"].push_back({{"id", server.ToolId(tool)}, {"description", Brief(tool.description)}});
  }
  return out;
}

ordered_json DescribeTool(const search::ServerDocument& server, const search::ToolDocument& tool,
                          std::string_view definition_json) {
  ordered_json definition = Parsed(definition_json);
  ordered_json out = {{"id", server.ToolId(tool)}, {"server", server.name}, {"name", tool.name}};
  if (!tool.title.empty()) out["title"] = tool.title;
  out["description"] = tool.description;
  out["required"] = tool.required;
  const auto schema = definition.find("inputSchema");
  const bool has_schema = schema != definition.end() && schema->is_object();
  out["schema"] = has_schema ? *schema : Parsed(tool.input_schema);
  if (definition.contains("outputSchema")) out["output_schema"] = definition["outputSchema"];
  if (definition.contains("annotations")) out["annotations"] = definition["annotations"];
  return out;
}

}  // namespace registry
