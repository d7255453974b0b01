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

  // The text that the definitions of tools are parts of.
  void HoldText(std::shared_ptr<const std::string> text) { text_ = std::move(text); }
  // `definition` is a part of it, raw JSON; empty: it is not shown.
  void AddTool(std::string name, State state, const policy::ToolHints& hints,
               std::string_view definition = {});
  void AddPrompt(std::string name, State state);
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

  std::shared_ptr<const std::string> text_;
  Items tools_;
  Items prompts_;
  Items resources_;
  // What stands before a template's first gap.
  std::vector<std::string> template_beginnings_;
  bool all_served_ = true;
};

}  // namespace gateway
