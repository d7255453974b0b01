#include "gateway/filters/inspect_rules.h"

#include <algorithm>

#include "mcp/message.h"

namespace gateway {
namespace {

using Action = policy::Inspection::Action;
using Part = policy::Inspection::Part;
using mcp::Detection;
using portolan::v1::DetectorKind;

constexpr std::size_t kMaxDetections = 32;
constexpr std::string_view kBlocked = "ContentBlocked";
constexpr std::string_view kTooLong = "ContentTooLong";

Detection::Kind KindOf(DetectorKind::Value kind) {
  switch (kind) {
    case DetectorKind::HIDDEN_UNICODE: return Detection::Kind::kHiddenUnicode;
    case DetectorKind::INJECTION_PHRASES: return Detection::Kind::kInjectionPhrases;
    case DetectorKind::PERSONAL_DATA: return Detection::Kind::kPersonalData;
    case DetectorKind::PATTERN: return Detection::Kind::kPattern;
    default: return Detection::Kind::kSecrets;
  }
}

Detection::Part PartOf(Part::Value part) {
  switch (part) {
    case Part::RESULT: return Detection::Part::kResult;
    case Part::DESCRIPTION: return Detection::Part::kDescription;
    default: return Detection::Part::kArguments;
  }
}

Detection::Action ActionOf(Action::Value action) {
  switch (action) {
    case Action::BLOCK: return Detection::Action::kBlock;
    case Action::REDACT: return Detection::Action::kRedact;
    default: return Detection::Action::kFlag;
  }
}

// The end of a long name says little.
std::string Named(const mcp::Call& call) {
  std::string noun = call.method == "prompts/get" ? "prompt" : "tool";
  return noun + " '" + std::string(call.item.substr(0, 128)) + "'";
}

std::string WhatIsBlocked(const mcp::Call& call, Part::Value part) {
  switch (part) {
    case Part::RESULT: return "The answer was withheld: it holds";
    case Part::DESCRIPTION:
      return "Calls of " + Named(call) + " are blocked: what its server says of it holds";
    default: return "The call was not passed on: what it sends holds";
  }
}

std::string_view NameOfPart(Part::Value part) {
  switch (part) {
    case Part::RESULT: return "result";
    case Part::DESCRIPTION: return "description";
    default: return "arguments";
  }
}

}  // namespace

InspectRules::InspectRules(const policy::EffectivePolicy& policy,
                           std::shared_ptr<const GovernedServer> server, RefusalStyle style)
    : inspection_(policy), server_(std::move(server)), style_(style) {
  for (const policy::Inspection::Rule& rule : inspection_.rules())
    names_.push_back(RuleName::Of(rule.source));
}

InspectRules::Terms InspectRules::TermsFor(Part::Value part, const mcp::Call& call) const {
  if (!look_at(part) || IsLifecycle(call)) return {};
  policy::Facts facts = FactsOf(call, *server_);
  if (inspection_.reads_hints()) AddHints(facts, *server_);
  return inspection_.For(part, facts);
}

InspectRules::Terms InspectRules::TermsFor(std::string_view method, std::string_view item,
                                           const policy::ToolHints& hints) const {
  policy::Facts facts;
  facts.server_name = server_->name;
  facts.tool_hints = hints;
  facts.SetItem(method, item);
  return inspection_.For(Part::DESCRIPTION, facts);
}

void InspectRules::Add(mcp::Call& call, Part::Value part, const Looker& looker, int count,
                       Action::Value action) const {
  const RuleName& rule = NameOf(looker);
  std::vector<Detection>& all = call.record.detections;
  for (Detection& known : all) {
    if (known.detector != looker.detector.name() || known.rule != rule.origin ||
        known.part != PartOf(part))
      continue;
    known.count += count;
    known.action = std::max(known.action, ActionOf(action));
    return;
  }
  if (all.size() >= kMaxDetections) return;
  all.push_back({looker.detector.name(), rule.origin, KindOf(looker.detector.kind()), PartOf(part),
                 ActionOf(action), count});
}

void InspectRules::Note(mcp::Call& call, Part::Value part,
                        const policy::JsonInspector& inspector) const {
  for (const policy::JsonInspector::Found& found : inspector.found()) {
    Add(call, part, *found.looker, found.count, found.action);
    if (found.looker->would_block) Observe(call, kBlocked, NameOf(*found.looker));
  }
}

void InspectRules::LeaveOutShortSighted(mcp::Call& call, Part::Value part, std::size_t bytes,
                                        Terms& terms) const {
  std::erase_if(terms.lookers, [&](const Looker* looker) {
    if (looker->is_strict() || bytes <= looker->max_bytes) return false;
    Add(call, part, *looker, 0, Action::FLAG);
    return true;
  });
}

mcp::Response InspectRules::RefuseContent(mcp::Call& call, Part::Value part,
                                          const Looker& looker) const {
  const std::string& name = looker.detector.name();
  mcp::CallError error;
  error.code = mcp::kBlocked;
  error.message = WhatIsBlocked(call, part) + " what detector '" + name + "' looks for.";
  error.reason = kBlocked;
  error.extra_data_json =
      R"("detector":)" + mcp::Quote(name) + R"(,"part":")" + std::string(NameOfPart(part)) + "\"";
  return Refuse(call, std::move(error), 200, style_, &NameOf(looker));
}

mcp::Response InspectRules::RefuseLong(mcp::Call& call, Part::Value part,
                                       const Terms& terms) const {
  const std::size_t max_bytes = terms.max_bytes();
  const auto looker = std::find_if(
      terms.lookers.begin(), terms.lookers.end(),
      [&](const Looker* one) { return one->is_strict() && one->max_bytes == max_bytes; });
  mcp::CallError error;
  error.code = mcp::kResultTooLarge;
  error.message = std::string(part == Part::RESULT ? "The answer" : "What the call sends") +
                  " is longer than the " + std::to_string(max_bytes) +
                  " bytes that a policy of this endpoint looks at" +
                  (part == Part::RESULT ? ". Ask for less." : ". Send less.");
  error.reason = kTooLong;
  error.limit = static_cast<std::int64_t>(max_bytes);
  return Refuse(call, std::move(error), 200, style_, &NameOf(**looker));
}

}  // namespace gateway
