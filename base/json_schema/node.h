// A Node is one compiled schema: its keywords by group, its subschemas as pointers.
//
//   Program -- nodes --> Node -- groups --> NumberRules, StringRules, ArrayRules, ObjectRules, LogicRules
//          \-- documents (the JSON that `const` and `enum` point into)
//
// Nodes may point at each other in circles ($ref), so the Program owns them all.
#pragma once

#include <cstdint>
#include <deque>
#include <limits>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/json_schema.h"
#include "base/json_schema/format.h"
#include "base/json_schema/pattern.h"

namespace base::json_schema {

struct Node;

// A set of JSON types; kInteger is what `integer` names, kNumber holds it.
enum Type : std::uint8_t {
  kNull = 1,
  kBoolean = 2,
  kInteger = 4,
  kNumber = 8,
  kString = 16,
  kArray = 32,
  kObject = 64,
};

inline constexpr std::size_t kUnbounded = std::numeric_limits<std::size_t>::max();

struct NumberRules {
  const nlohmann::json* minimum = nullptr;
  const nlohmann::json* maximum = nullptr;
  const nlohmann::json* exclusive_minimum = nullptr;
  const nlohmann::json* exclusive_maximum = nullptr;
  const nlohmann::json* multiple_of = nullptr;
};

struct StringRules {
  std::size_t min_length = 0;  // in code points
  std::size_t max_length = kUnbounded;
  std::optional<Pattern> pattern;
  Format format = Format::kNone;
  bool assert_format = false;  // whatever the option says
};

struct ArrayRules {
  std::size_t min_items = 0;
  std::size_t max_items = kUnbounded;
  bool unique = false;
  std::vector<const Node*> prefix;
  const Node* items = nullptr;  // behind the prefix
  const Node* contains = nullptr;
  std::size_t min_contains = 1;
  std::size_t max_contains = kUnbounded;
  const Node* unevaluated = nullptr;
};

struct ObjectRules {
  std::size_t min_properties = 0;
  std::size_t max_properties = kUnbounded;
  std::vector<std::string> required;
  std::map<std::string, const Node*, std::less<>> properties;
  std::vector<std::pair<Pattern, const Node*>> pattern_properties;
  const Node* additional = nullptr;
  const Node* names = nullptr;
  std::vector<std::pair<std::string, std::vector<std::string>>> dependent_required;
  std::vector<std::pair<std::string, const Node*>> dependent_schemas;
  const Node* unevaluated = nullptr;
};

struct LogicRules {
  std::vector<const Node*> all_of;
  std::vector<const Node*> any_of;
  std::vector<const Node*> one_of;
  const Node* negated = nullptr;
  const Node* condition = nullptr;
  const Node* then = nullptr;
  const Node* otherwise = nullptr;
  const Node* reference = nullptr;
  // $dynamicRef to a $dynamicAnchor: the outermost schema resource in force that has that anchor
  // decides; `dynamic_fallback` is what it leads to by itself.
  std::string dynamic_anchor;
  const Node* dynamic_fallback = nullptr;
};

// A schema resource: what has an $id (or is a document) together with its $dynamicAnchors.
struct Scope {
  std::map<std::string, const Node*, std::less<>> dynamic_anchors;
};

struct Node {
  const Scope* scope = nullptr;
  // `true` and `false` are schemas as well.
  std::optional<bool> always;
  std::optional<std::uint8_t> types;
  const nlohmann::json* constant = nullptr;
  const nlohmann::json* one_of_values = nullptr;  // `enum`: an array
  std::unique_ptr<const NumberRules> number;
  std::unique_ptr<const StringRules> string;
  std::unique_ptr<const ArrayRules> array;
  std::unique_ptr<const ObjectRules> object;
  std::unique_ptr<const LogicRules> logic;

  bool has_unevaluated() const {
    return (array && array->unevaluated) || (object && object->unevaluated);
  }
};

struct Program {
  std::deque<nlohmann::json> documents;
  std::deque<Scope> scopes;
  std::deque<Node> nodes;
  const Node* root = nullptr;
  bool assert_formats = false;
  std::size_t max_steps = 0;
  std::size_t max_nesting = 0;
  std::size_t max_violations = 0;
};

}  // namespace base::json_schema
