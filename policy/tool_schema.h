// The schemas that tools are described with, as everything here reads them: the gateways, which hold
// calls against them; `can`, which says what they would say; the lint, which says what they cannot.
#pragma once

#include <cstddef>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "base/json_schema.h"
#include "base/result.h"

namespace policy {

// Longer schemas are not used.
inline constexpr std::size_t kMaxToolSchemaBytes = 256 * 1024;

// JSON Schema 2020-12, with the bounds of what a call may cost: 10,000 values, 64 patterns, 200,000
// steps. kInvalidArgument says why it cannot be used.
base::Result<base::JsonSchema> CompileToolSchema(std::string_view raw);
base::Result<base::JsonSchema> CompileToolSchema(const nlohmann::json& schema);

// Where raw JSON does not fit; what has more than 100,000 values is not looked at, and does not.
std::vector<base::Violation> Misfits(const base::JsonSchema& schema, std::string_view raw);

}  // namespace policy
