// What the index is told of a server: who it is, who may see it, and its tools with their words.
//
// Immutable once indexed; hits point into it.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace registry::search {

struct Parameter {
  std::string name;
  std::string description;
};

struct ToolDocument {
  std::string name;
  std::string title;
  std::string description;
  // For the index alone, which keeps their words.
  std::vector<Parameter> parameters;
  std::vector<std::string> required;
  // JSON text: the whole object of the server's tools/list; or, where there is none, the
  // inputSchema alone. An index that looks definitions up keeps neither.
  std::string definition;
  std::string input_schema;
};

// What a server offers as a tool, in its own words.
struct ToolText {
  std::string name;
  std::string definition;
};
// A server's tools as they are offered now; none when there is no such server. From any thread.
using LookUpTools = std::function<std::vector<ToolText>(const std::string& server)>;

struct ServerDocument {
  // `namespace/name`
  std::string name;
  // Empty: external, found but not routed.
  std::string base_path;
  std::string title;
  std::string description;
  std::vector<std::string> tags;
  std::string owner;
  std::string version;
  // Approved, and not retired: what callers may see at all.
  bool served = true;
  // `public`, `authenticated`, `group:NAME`, `consumer:NAME`; empty: public.
  std::vector<std::string> audiences;
  // In the order the server lists them.
  std::vector<ToolDocument> tools;

  // `BASE_PATH.TOOL`; of an external server `NAMESPACE/NAME.TOOL`.
  std::string ToolId(const ToolDocument& tool) const;
  const ToolDocument* FindTool(std::string_view tool) const;
};

// The words of a tool's definition, with its schema's; false when it is no JSON object.
bool ReadDefinition(std::string_view definition, ToolDocument& out);
// The words of a tool's inputSchema: its properties, and which of them are required. What is not a
// schema gives nothing.
void ReadInputSchema(std::string_view schema, ToolDocument& out);
// The inputSchema's text; empty when there is none.
std::string InputSchemaOf(std::string_view definition);

}  // namespace registry::search
