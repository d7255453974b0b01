#include "policy/tool_schema.h"

#include "base/json.h"

namespace policy {

namespace {

constexpr std::size_t kMaxCheckedValues = 100'000;

}  // namespace

base::Result<base::JsonSchema> CompileToolSchema(std::string_view raw) {
  if (raw.size() > kMaxToolSchemaBytes) {
    return base::Fail(base::Code::kInvalidArgument,
                      "longer than " + std::to_string(kMaxToolSchemaBytes) + " bytes");
  }
  const auto json = base::ParseJson(raw);
  if (!json) return json.error();
  return CompileToolSchema(*json);
}

base::Result<base::JsonSchema> CompileToolSchema(const nlohmann::json& schema) {
  base::JsonSchemaOptions options;
  options.max_values = 10'000;
  options.max_patterns = 64;
  options.max_steps = 200'000;
  return base::JsonSchema::Compile(schema, options);
}

std::vector<base::Violation> Misfits(const base::JsonSchema& schema, std::string_view raw) {
  base::JsonLimits limits;
  limits.max_values = kMaxCheckedValues;
  const auto json = base::ParseJson(raw, limits);
  if (!json) return {{"", "", json.error().message}};
  return schema.Validate(*json);
}

}  // namespace policy
