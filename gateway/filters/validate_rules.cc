#include "gateway/filters/validate_rules.h"

#include "mcp/raw_json.h"
#include "policy/tool_schema.h"

namespace gateway {
ValidateRules::ValidateRules(const policy::EffectivePolicy& policy,
                             std::shared_ptr<const GovernedServer> server,
                             state::SchemaCache& schemas)
    : validation_(policy), server_(std::move(server)), schemas_(schemas) {
  for (const policy::Validation::Rule& rule : validation_.rules()) {
    names_.push_back(RuleName::Of(rule.source));
    const portolan::v1::Validate& says = rule.source.rule.validate();
    of_requests_ = of_requests_ || says.max_request_bytes() != 0 ||
                   says.arguments() > portolan::v1::SchemaCheck::OFF;
    of_results_ = of_results_ || says.max_result_bytes() != 0 ||
                  says.results() > portolan::v1::SchemaCheck::OFF;
  }
}

policy::Validation::Terms ValidateRules::TermsFor(const mcp::Call& call) const {
  if (IsLifecycle(call) || call.method == "subscriptions/listen") return {};
  policy::Facts facts = FactsOf(call, *server_);
  if (validation_.reads_hints()) AddHints(facts, *server_);
  return validation_.For(facts);
}

const RuleName& ValidateRules::NameOf(const policy::Validation::Rule& rule) const {
  return names_[static_cast<std::size_t>(&rule - validation_.rules().data())];
}

ValidateRules::Held ValidateRules::Hold(std::string_view tool, std::string_view member,
                                        std::string_view value) const {
  Held held;
  const std::string_view definition =
      server_->items ? server_->items->DefinitionOf(tool) : std::string_view();
  if (definition.empty()) {
    held.unknown_tool = true;
    return held;
  }
  const std::string_view text = mcp::Member(definition, member);
  if (text.empty()) return held;
  const state::SchemaCache::Pointer compiled = schemas_.Find(text);
  if (!compiled->schema) {
    held.unusable = compiled->error;
    return held;
  }
  if (value.empty()) {
    held.places.push_back({"", "required", "is missing"});
    return held;
  }
  held.places = policy::Misfits(*compiled->schema, value);
  return held;
}

}  // namespace gateway
