// ToolHints are what a tool says of itself (MCP, ToolAnnotations), as rules select by them.
#pragma once

#include <string_view>

namespace policy {

// What is not said is as the protocol has it. A tool that nobody knows is one that says nothing.
struct ToolHints {
  bool read_only = false;
  bool destructive = true;
  bool idempotent = false;
  bool open_world = true;
};

// Of a tool's definition, raw JSON. One that only reads destroys nothing, and may be called again.
ToolHints HintsOf(std::string_view definition_json);

}  // namespace policy
