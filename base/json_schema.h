// A JsonSchema is a JSON Schema, draft 2020-12, compiled once and then held against any number of values.
//
// Immutable; shared by threads; copies are cheap (they share the compiled form). Schemas and values
// may come from anybody: both are bounded, patterns run on RE2 (linear time), and nothing is ever
// fetched: a $ref leads into the document, to the given documents, or to the standard's own
// metaschemas.
//
// `format` is an annotation unless asserted by option. Schemas that say with $schema that they are of
// draft 2019-09, 07, 06 or 04 are read as those where it matters in practice: `items` as a list,
// `additionalItems`, `dependencies`, `definitions`, and (to draft 07) what stands beside a $ref.
#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "base/result.h"

namespace base {

namespace json_schema {
struct Program;
}

// One way in which a value does not fit.
struct Violation {
  // Where in the value, as JSON pointer; a member that is missing where it should be.
  std::string pointer;
  // The keyword that says so: `required`, `type`, ...; empty when a bound was reached.
  std::string keyword;
  // For a person or a model: "must be a number, and is a string".
  std::string message;

  // `/amount: must be a number, and is a string`
  std::string ToString() const;
};

struct JsonSchemaOptions {
  // What a $ref may lead to outside of the document: absolute URI (without fragment) to schema.
  const std::map<std::string, nlohmann::json>* documents = nullptr;
  bool assert_formats = false;

  // ---- Bounds of the schema: over them it is refused
  std::size_t max_values = 50'000;  // JSON values in it, those of referred documents included
  std::size_t max_depth = 128;
  std::size_t max_pattern_bytes = 4096;
  std::size_t max_patterns = 512;

  // ---- Bounds of one validation: over them the value does not fit
  std::size_t max_steps = 1'000'000;  // schemas tried, members and elements looked at
  std::size_t max_nesting = 256;      // schemas within schemas being tried
  std::size_t max_violations = 20;    // reported
};

class JsonSchema {
 public:
  // kInvalidArgument: the message begins with the JSON pointer into `schema` of what cannot be
  // compiled: a keyword of the wrong type, a $ref that leads nowhere, a pattern RE2 cannot express.
  static Result<JsonSchema> Compile(const nlohmann::json& schema,
                                    const JsonSchemaOptions& options = {});

  // Empty: the value fits.
  std::vector<Violation> Validate(const nlohmann::json& value) const;
  // The same without the reasons: stops at the first.
  bool Fits(const nlohmann::json& value) const;

 private:
  explicit JsonSchema(std::shared_ptr<const json_schema::Program> program)
      : program_(std::move(program)) {}

  std::shared_ptr<const json_schema::Program> program_;
};

}  // namespace base
