#include "base/json_schema/compiler.h"

namespace base::json_schema {

using nlohmann::json;

Result<void> Compiler::Compile(const json& schema) {
  const auto root = documents_.AddRoot(schema);
  if (root.has_error()) return root.error();
  program_.root = NodeOf(**root);
  return Finish();
}

const Node* Compiler::NodeOf(const json& schema) {
  const auto known = nodes_.find(&schema);
  if (known != nodes_.end()) return known->second;
  Node& node = program_.nodes.emplace_back();
  nodes_.emplace(&schema, &node);
  waiting_.push_back(&schema);
  return &node;
}

Result<Pattern> Compiler::PatternOf(const std::string& text) {
  const auto known = patterns_.find(text);
  if (known != patterns_.end()) return known->second;
  if (text.size() > options_.max_pattern_bytes) {
    return Fail(Code::kInvalidArgument,
                "longer than " + std::to_string(options_.max_pattern_bytes) + " bytes");
  }
  if (patterns_.size() >= options_.max_patterns) {
    return Fail(Code::kInvalidArgument,
                "the schema has more than " + std::to_string(options_.max_patterns) + " patterns");
  }
  auto pattern = Pattern::Compile(text);
  if (pattern.has_value()) patterns_.emplace(text, *pattern);
  return pattern;
}

Result<void> Compiler::Finish() {
  // A $ref may load further documents with anchors of their own, so until nothing is new.
  std::size_t resources = 0;
  while (true) {
    while (!waiting_.empty()) {
      const json& schema = *waiting_.back();
      waiting_.pop_back();
      // A copy: reading may come across more places.
      const Place place = documents_.PlaceOf(schema);
      Node& node = *nodes_.at(&schema);
      node.scope = place.resource->scope;
      const auto ok = ReadKeywords(*this, schema, place, node);
      if (ok.has_error()) return ok.error();
    }
    if (resources == documents_.resources().size()) return {};
    for (; resources < documents_.resources().size(); ++resources) {
      SchemaResource& resource = documents_.resources()[resources];
      for (const auto& [name, schema] : resource.dynamic_anchors)
        resource.scope->dynamic_anchors[name] = NodeOf(*schema);
    }
  }
}

}  // namespace base::json_schema
