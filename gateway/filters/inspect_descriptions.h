// An InspectDescriptions filter lets detectors look at what models are told of a server: what its
// lists say of each item, and how it introduces itself. An item that is blocked stands in no list and
// is not called; instructions that are blocked are left out.
//
// Only descriptions and titles can be redacted: whatever else a definition says, names, schemas, is
// what callers must keep to, so a detector that would change it blocks the item.
//
// What the catalog knows is looked at once, when it is first asked for; a list without a finding costs
// nothing after that. Lists that each caller is shown by the server itself are looked at as they pass,
// and their items may be called.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>

#include "gateway/filters/inspect_rules.h"
#include "gateway/filters/instant_filter.h"

namespace gateway {

class InspectDescriptions final : public InstantFilter {
 public:
  explicit InspectDescriptions(std::shared_ptr<const InspectRules> rules)
      : rules_(std::move(rules)) {}

  bool empty() const { return !rules_->look_at(InspectRules::Part::DESCRIPTION); }

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const {
      return std::hash<std::string_view>()(text);
    }
  };
  // Items of which something was found, by name, with who blocks them (null: nobody).
  using Found = std::unordered_map<std::string, const InspectRules::Looker*, Hash, std::equal_to<>>;
  struct Verdicts {
    Found tools;
    Found prompts;
  };
  struct List;

  std::optional<mcp::Response> Before(mcp::Call& call) const override;
  void After(mcp::Call& call, mcp::Response& response) const override;

  static const List* ListOf(std::string_view method);
  // The catalog knows all that the list holds, and nothing was found in it.
  bool IsClean(const List& list) const;
  const Verdicts& verdicts() const;
  void EditList(mcp::Call& call, const List& list, std::string& body) const;
  void EditIntroduction(mcp::Call& call, std::string& body) const;

  // Constant after construction
  const std::shared_ptr<const InspectRules> rules_;
  // Made once, by whoever asks first
  mutable std::once_flag looked_;
  mutable Verdicts verdicts_;
};

}  // namespace gateway
