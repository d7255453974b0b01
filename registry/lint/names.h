// The names of one server's definitions, beside each other and by themselves.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "registry/lint/findings.h"

namespace registry::lint {

// Of a tool: what clients and models can take.
void CheckToolName(std::string_view name, const Place& place, Findings& findings);

// For each name, the finding about another before it that is the same, or the same but for capitals
// and separators; `rule` is empty where there is none. All are names of one kind.
std::vector<Finding> CompareNames(std::span<const std::string_view> names);

}  // namespace registry::lint
