// An Evaluation holds one value against a compiled schema. Lives on the stack of one call.
//
// Bounded: each schema tried and each member or element looked at is a step. When the steps run out
// the evaluation ends at once and `gave_up` says so, whatever it would have come to (a schema under
// `not` must not turn a bound into a yes).
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "base/json_schema/node.h"

namespace base::json_schema {

// What of one object or array the schemas that fit have looked at: for the unevaluated* keywords.
struct Evaluated {
  bool all_members = false;
  std::vector<const nlohmann::json*> members;
  bool all_items = false;
  std::size_t prefix = 0;          // the items before this
  std::vector<std::size_t> items;  // and these

  void Merge(const Evaluated& other);
};

class Evaluation {
 public:
  // Null: reasons are not wanted.
  Evaluation(const Program& program, std::vector<Violation>* violations)
      : program_(program), violations_(violations) {}

  bool Fits(const Node& node, const nlohmann::json& value, Evaluated* outer = nullptr);
  bool gave_up() const { return gave_up_; }

 private:
  // ---- evaluation.cc: references and logic, which look at the same value
  bool Logic(const LogicRules& rules, const nlohmann::json& value, Evaluated* evaluated);
  bool AnyOf(const std::vector<const Node*>& nodes, const nlohmann::json& value,
             Evaluated* evaluated);
  bool OneOf(const std::vector<const Node*>& nodes, const nlohmann::json& value,
             Evaluated* evaluated);
  bool Condition(const LogicRules& rules, const nlohmann::json& value, Evaluated* evaluated);
  const Node& DynamicTarget(const LogicRules& rules) const;
  // As Fits, keeping the reasons to itself.
  bool Quietly(const Node& node, const nlohmann::json& value, Evaluated* evaluated);
  void Explain(const std::vector<const Node*>& nodes, const nlohmann::json& value);

  // ---- evaluate_values.cc
  bool Values(const Node& node, const nlohmann::json& value);
  bool Number(const NumberRules& rules, const nlohmann::json& value);
  bool Text(const StringRules& rules, const nlohmann::json& value);

  // ---- evaluate_objects.cc
  bool Object(const ObjectRules& rules, const nlohmann::json& value, Evaluated* evaluated);
  bool Members(const ObjectRules& rules, const nlohmann::json& value, Evaluated* evaluated);
  bool Dependencies(const ObjectRules& rules, const nlohmann::json& value, Evaluated* evaluated);
  bool UnevaluatedMembers(const Node& node, const nlohmann::json& value, Evaluated& evaluated);

  // ---- evaluate_arrays.cc
  bool Array(const ArrayRules& rules, const nlohmann::json& value, Evaluated* evaluated);
  bool Contains(const ArrayRules& rules, const nlohmann::json& value, Evaluated* evaluated);
  bool Unique(const nlohmann::json& value);
  bool UnevaluatedItems(const Node& node, const nlohmann::json& value, Evaluated& evaluated);

  // ---- What all share
  bool Step(std::size_t steps = 1);
  // Adds a violation here and returns false. `member`: of the object here.
  bool Refuse(std::string_view keyword, std::string message);
  bool RefuseMember(std::string_view keyword, std::string_view member, std::string message);
  // Whether to look for more after a no.
  bool more() const { return violations_ && !gave_up_; }
  bool FitsMember(const Node& node, const std::string& name, const nlohmann::json& value);
  bool FitsItem(const Node& node, std::size_t index, const nlohmann::json& value);
  std::string Pointer() const;

  struct Part {
    const std::string* name;  // null: an index
    std::size_t index;
  };

  const Program& program_;
  std::vector<Violation>* violations_;
  std::vector<Part> path_;
  std::vector<const Scope*> scopes_;  // entered, outermost first
  std::size_t steps_ = 0;
  std::size_t nesting_ = 0;
  bool gave_up_ = false;
};

}  // namespace base::json_schema
