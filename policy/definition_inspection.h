// What detectors look at of what models are told of an item: one rule for gateways, which leave such
// items out of lists, and for whoever explains why.
#pragma once

#include <string_view>

#include "policy/json_inspector.h"

namespace policy {

// `definition` is an object, raw JSON: a tool, a prompt, a resource, or how a server introduces
// itself. Only its descriptions and titles can be redacted: all else is what callers keep to.
void LookAtDefinition(JsonInspector& inspector, std::string_view definition);

}  // namespace policy
