// Content blocks as tools and prompts give them: raw JSON objects (MCP 2026-07-28, Tools, Tool
// Result). Binary data is given in base64.
#pragma once

#include <string>
#include <string_view>

#include "mcp/object_writer.h"

namespace mcp {

inline std::string TextContent(std::string_view text) {
  ObjectWriter out;
  out.Text("type", "text").Text("text", text);
  return std::move(out).Take();
}

inline std::string ImageContent(std::string_view base64, std::string_view mime_type) {
  ObjectWriter out;
  out.Text("type", "image").Text("data", base64).Text("mimeType", mime_type);
  return std::move(out).Take();
}

inline std::string AudioContent(std::string_view base64, std::string_view mime_type) {
  ObjectWriter out;
  out.Text("type", "audio").Text("data", base64).Text("mimeType", mime_type);
  return std::move(out).Take();
}

// A resource's text inside a message.
inline std::string EmbeddedText(std::string_view uri, std::string_view mime_type,
                                std::string_view text) {
  ObjectWriter resource;
  resource.Text("uri", uri).Text("mimeType", mime_type).Text("text", text);
  ObjectWriter out;
  out.Text("type", "resource").Raw("resource", std::move(resource).Take());
  return std::move(out).Take();
}

}  // namespace mcp
