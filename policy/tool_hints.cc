#include "policy/tool_hints.h"

#include "mcp/raw_json.h"

namespace policy {

ToolHints HintsOf(std::string_view definition_json) {
  ToolHints hints;
  mcp::Members annotations(mcp::Member(definition_json, "annotations"));
  while (annotations.Next()) {
    const bool said = annotations.value() == "true";
    // What is neither true nor false says nothing.
    if (!said && annotations.value() != "false") continue;
    if (annotations.Is("readOnlyHint")) hints.read_only = said;
    if (annotations.Is("destructiveHint")) hints.destructive = said;
    if (annotations.Is("idempotentHint")) hints.idempotent = said;
    if (annotations.Is("openWorldHint")) hints.open_world = said;
  }
  if (hints.read_only) {
    hints.destructive = false;
    hints.idempotent = true;
  }
  return hints;
}

}  // namespace policy
