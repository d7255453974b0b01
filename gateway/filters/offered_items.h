// OfferedItems are what a server offers by name, as the catalog has it: whether each may be called,
// and what a tool says of itself. Immutable once filled; shared by all workers. Costs a few words an
// item besides the names: what tools say is not copied.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "policy/tool_hints.h"

namespace gateway {

class OfferedItems {
 public:
  enum class State { kServed, kChanged, kNew, kRejected };

  // A text that definitions are parts of.
  void HoldText(std::shared_ptr<const std::string> text) { texts_.push_back(std::move(text)); }
  // `definition` is a part of it, raw JSON; empty: it is not shown.
  void AddTool(std::string name, State state, const policy::ToolHints& hints,
               std::string_view definition = {});
  void AddPrompt(std::string name, State state, std::string_view definition = {});
  void AddResource(std::string uri);
  void AddTemplate(std::string_view uri_template);

  // Nothing is held.
  bool all_served() const { return all_served_; }
  // Null: not offered.
  const State* Find(std::string_view method, std::string_view item) const;
  // Of a tool that is not offered: what the protocol takes for granted.
  policy::ToolHints HintsOf(std::string_view tool) const;
  // Raw JSON of a tool as it is listed; empty: it is not.
  std::string_view DefinitionOf(std::string_view tool) const;
  // Each tool or prompt that is listed: `visit(name, definition)`, in no order.
  template <class Visit>
  void VisitTools(Visit visit) const {
    VisitListed(tools_, visit);
  }
  template <class Visit>
  void VisitPrompts(Visit visit) const {
    VisitListed(prompts_, visit);
  }
  // Listed, or perhaps one that a template stands for.
  bool MayHaveResource(std::string_view uri) const;

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const {
      return std::hash<std::string_view>()(text);
    }
  };
  struct Item {
    State state = State::kServed;
    policy::ToolHints hints;
    std::string_view definition;
  };
  using Items = std::unordered_map<std::string, Item, Hash, std::equal_to<>>;

  void Add(Items& items, std::string name, const Item& item);
  template <class Visit>
  static void VisitListed(const Items& items, Visit& visit) {
    for (const auto& [name, item] : items) {
      if (!item.definition.empty()) visit(std::string_view(name), item.definition);
    }
  }

  std::vector<std::shared_ptr<const std::string>> texts_;
  Items tools_;
  Items prompts_;
  Items resources_;
  // What stands before a template's first gap.
  std::vector<std::string> template_beginnings_;
  bool all_served_ = true;
};

}  // namespace gateway
