// The metaschemas of draft 2020-12, as published by json-schema.org.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

namespace base::json_schema {

// By its URI without fragment; null when it is none of them. Parsed when first asked for; any thread.
const nlohmann::json* Metaschema(const std::string& uri);

}  // namespace base::json_schema
