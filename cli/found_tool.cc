#include "cli/found_tool.h"

#include "base/json.h"
#include "cli/arguments.h"
#include "cli/context.h"

namespace cli {

base::Result<FoundTool> FindTool(Context& context, const std::string& id) {
  std::vector<ToolTarget> candidates = SplitToolId(id);
  if (candidates.empty()) {
    return base::Fail(base::Code::kInvalidArgument, "'" + id + "' is not SERVER.TOOL");
  }
  base::Error missing;
  for (const ToolTarget& candidate : candidates) {
    auto server = context.FindServer(candidate.server);
    if (!server) {
      missing = server.error();
      if (missing.code == base::Code::kNotFound) continue;
      return missing;
    }
    FoundTool found;
    found.server = server->name();
    found.base_path = server->server().base_path();
    found.tool = candidate.tool;
    if (found.base_path.empty()) {
      return base::Fail(base::Code::kNotFound,
                        server->name() + " is external: no gateway serves it");
    }
    v1::GetDefinitionsRequest request;
    request.set_server(server->name());
    auto definitions = context.registry().GetDefinitions(request);
    if (!definitions) return definitions.error();
    for (const v1::Definition& definition : definitions->definitions()) {
      if (definition.kind() != v1::DefinitionKind::TOOL || definition.name() != found.tool)
        continue;
      found.known = true;
      auto tree = base::ParseJson(definition.json());
      if (tree && tree->is_object() && tree->contains("inputSchema"))
        found.schema = (*tree)["inputSchema"];
    }
    return found;
  }
  return missing;
}

}  // namespace cli
