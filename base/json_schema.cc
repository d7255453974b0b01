#include "base/json_schema.h"

#include <nlohmann/json.hpp>

#include "base/json_schema/compiler.h"
#include "base/json_schema/evaluation.h"

namespace base {

std::string Violation::ToString() const { return pointer + ": " + message; }

Result<JsonSchema> JsonSchema::Compile(const nlohmann::json& schema,
                                       const JsonSchemaOptions& options) {
  auto program = std::make_shared<json_schema::Program>();
  program->assert_formats = options.assert_formats;
  program->max_steps = options.max_steps;
  program->max_nesting = options.max_nesting;
  program->max_violations = options.max_violations;
  json_schema::Compiler compiler(*program, options);
  if (const auto ok = compiler.Compile(schema); ok.has_error()) return ok.error();
  return JsonSchema(std::move(program));
}

std::vector<Violation> JsonSchema::Validate(const nlohmann::json& value) const {
  std::vector<Violation> violations;
  json_schema::Evaluation evaluation(*program_, &violations);
  evaluation.Fits(*program_->root, value);
  if (!evaluation.gave_up()) return violations;
  return {{"", "", "could not be held against its schema within the bounds of steps and nesting"}};
}

bool JsonSchema::Fits(const nlohmann::json& value) const {
  return json_schema::Evaluation(*program_, nullptr).Fits(*program_->root, value);
}

}  // namespace base
