// What is wrong with how a tool describes its arguments and results.
#pragma once

#include <nlohmann/json.hpp>

#include "registry/lint/findings.h"

namespace registry::lint {

// A tool's `inputSchema`, `outputSchema` and `annotations`.
void CheckToolSchemas(const nlohmann::json& tool, const Place& root, Findings& findings);

}  // namespace registry::lint
