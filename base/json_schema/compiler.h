// The Compiler makes nodes of schemas, each once, following every $ref.
#pragma once

#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "base/json_schema/documents.h"
#include "base/json_schema/node.h"

namespace base::json_schema {

class Compiler {
 public:
  Compiler(Program& program, const JsonSchemaOptions& options)
      : program_(program), options_(options), documents_(program, options) {}

  Result<void> Compile(const nlohmann::json& schema);

  // ---- For keywords.cc

  // The node of a subschema; filled later.
  const Node* NodeOf(const nlohmann::json& schema);
  Result<Pattern> PatternOf(const std::string& text);
  Documents& documents() { return documents_; }

 private:
  Result<void> Finish();

  Program& program_;
  const JsonSchemaOptions& options_;
  Documents documents_;
  std::map<const nlohmann::json*, Node*> nodes_;
  std::vector<const nlohmann::json*> waiting_;  // have a node that is not filled yet
  std::map<std::string, Pattern> patterns_;
};

// Fills the node from its schema's keywords. Errors begin with `place.pointer`.
Result<void> ReadKeywords(Compiler& compiler, const nlohmann::json& schema, const Place& place,
                          Node& node);

}  // namespace base::json_schema
