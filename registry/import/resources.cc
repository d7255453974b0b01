#include "registry/import/resources.h"

#include "registry/import/server_json.h"

namespace registry::import {
namespace {

using nlohmann::json;
using nlohmann::ordered_json;

constexpr char kSchema[] =
    "https://static.modelcontextprotocol.io/schemas/2025-12-11/server.schema.json";
constexpr std::size_t kMaxDescription = 100;

std::string Text(const json& object, const char* key) {
  auto member = object.find(key);
  return member != object.end() && member->is_string() ? member->get<std::string>() : "";
}

// The schema wants to know where the source is kept; unknown hosts are left out.
std::string SourceOf(std::string_view url) {
  if (url.starts_with("https://github.com/")) return "github";
  if (url.starts_with("https://gitlab.com/")) return "gitlab";
  return "";
}

}  // namespace

base::Result<Imported> ToResources(std::string_view text) {
  auto document = ReadServerJson(text);
  if (document.has_error()) return document.error();
  std::string name = Text(*document, "name");
  std::string version = Text(*document, "version");
  Imported imported;
  imported.server.set_kind("Server");
  imported.server.set_name(name);
  auto& server = *imported.server.mutable_server();
  server.set_title(Text(*document, "title"));
  server.set_description(Text(*document, "description"));
  server.set_website_url(Text(*document, "websiteUrl"));
  if (document->contains("repository"))
    server.set_repository_url(Text((*document)["repository"], "url"));
  server.set_current_version(version);
  imported.version.set_kind("ServerVersion");
  imported.version.set_name(name + "@" + version);
  imported.version.mutable_server_version()->set_server_json(std::string(text));
  return imported;
}

ordered_json MakeServerJson(const portolan::v1::Resource& resource) {
  const auto& server = resource.server();
  ordered_json document = {{"$schema", kSchema}, {"name", resource.name()}};
  if (!server.title().empty()) document["title"] = server.title();
  std::string description = CutTo(server.description(), kMaxDescription);
  if (description.empty()) description = CutTo("MCP server " + resource.name(), kMaxDescription);
  document["description"] = description;
  document["version"] = MadeVersion(server);
  if (!server.website_url().empty()) document["websiteUrl"] = server.website_url();
  if (std::string source = SourceOf(server.repository_url()); !source.empty()) {
    document["repository"] = {{"url", server.repository_url()}, {"source", source}};
  }
  return document;
}

std::string MadeVersion(const portolan::v1::Server& server) {
  return server.current_version().empty() ? "1.0.0" : server.current_version();
}

ordered_json GatewayRemote(const portolan::v1::Resource& resource,
                           std::string_view gateway_public_url) {
  const auto& server = resource.server();
  if (!server.has_endpoint() || server.base_path().empty() || gateway_public_url.empty())
    return nullptr;
  return {{"type", "streamable-http"},
          {"url", std::string(gateway_public_url) + "/" + server.base_path() + "/mcp"}};
}

}  // namespace registry::import
