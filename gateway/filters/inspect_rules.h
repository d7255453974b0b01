// The `inspect` rules, compiled once for the filters that ask them: who looks at a part of a call, how
// a refusal reads, and what records say of what was found. Never the content.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/filters/call_facts.h"
#include "gateway/filters/refusal.h"
#include "policy/effective_policy.h"
#include "policy/inspection.h"
#include "policy/json_inspector.h"

namespace gateway {

class InspectRules {
 public:
  using Part = policy::Inspection::Part;
  using Terms = policy::Inspection::Terms;
  using Looker = policy::Inspection::Looker;

  InspectRules(const policy::EffectivePolicy& policy, std::shared_ptr<const GovernedServer> server,
               RefusalStyle style);

  const GovernedServer& server() const { return *server_; }
  // Some rule looks there at all.
  bool look_at(Part::Value part) const { return inspection_.looks_at(part); }
  // Who looks at that part of the call; nobody at those that are never refused.
  Terms TermsFor(Part::Value part, const mcp::Call& call) const;
  // Who looks at what is said of an item: as at calls of it.
  Terms TermsFor(std::string_view method, std::string_view item,
                 const policy::ToolHints& hints) const;

  // ---- What was found

  void Note(mcp::Call& call, Part::Value part, const policy::JsonInspector& inspector) const;
  // Leaves out those who do not look at that much, and notes that they did not.
  void LeaveOutShortSighted(mcp::Call& call, Part::Value part, std::size_t bytes,
                            Terms& terms) const;
  // -31451, for what `looker` found.
  mcp::Response RefuseContent(mcp::Call& call, Part::Value part, const Looker& looker) const;
  // -31413: somebody would have had to look at more than it does.
  mcp::Response RefuseLong(mcp::Call& call, Part::Value part, const Terms& terms) const;

 private:
  void Add(mcp::Call& call, Part::Value part, const Looker& looker, int count,
           policy::Inspection::Action::Value action) const;
  const RuleName& NameOf(const Looker& looker) const { return names_[looker.rule]; }

  // Constant after construction
  const policy::Inspection inspection_;
  const std::shared_ptr<const GovernedServer> server_;
  const RefusalStyle style_;
  std::vector<RuleName> names_;
};

}  // namespace gateway
