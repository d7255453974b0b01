#include "policy/explanation.h"

#include <algorithm>
#include <optional>
#include <vector>

#include "mcp/raw_json.h"
#include "policy/authorization.h"
#include "policy/definition_inspection.h"
#include "policy/mocking.h"
#include "policy/overriding.h"
#include "policy/server_tags.h"
#include "policy/tool_schema.h"
#include "policy/validation.h"

namespace policy {

namespace v1 = portolan::v1;
using Outcome = Authorization::Decision::Outcome;

namespace {

// What no question about a call can tell.
constexpr std::uint8_t kOfTheRequest = kUnknownHeaders | kUnknownRequest;
// What a list does not know (gateway/filters/hidden).
constexpr std::uint8_t kOfTheCall = kUnknownArguments | kUnknownTime | kUnknownHeaders;

std::string_view KindOf(const v1::Resource* consumer) {
  if (!consumer) return "anonymous";
  switch (consumer->consumer().kind()) {
    case v1::ConsumerKind::USER: return "user";
    case v1::ConsumerKind::SERVICE: return "service";
    default: return "agent";
  }
}

const v1::Definition* ToolOf(const ImaginedCall& call) {
  for (const v1::Definition& definition : call.definitions.definitions()) {
    if (definition.kind() == v1::DefinitionKind::TOOL && definition.name() == call.tool)
      return &definition;
  }
  return nullptr;
}

const v1::HeldDefinition* HeldOf(const ImaginedCall& call) {
  for (const v1::HeldDefinition& held : call.definitions.held()) {
    const bool refused = held.state() == v1::Drift::HELD || held.state() == v1::Drift::REJECTED;
    if (refused && held.kind() == v1::DefinitionKind::TOOL && held.name() == call.tool)
      return &held;
  }
  return nullptr;
}

v1::ExplainResponse No(std::string reason, std::string because,
                       const EffectiveRule* rule = nullptr) {
  v1::ExplainResponse response;
  response.set_reason(std::move(reason));
  response.set_because(std::move(because));
  if (rule) *response.mutable_rule() = ShownRule(*rule);
  return response;
}

// What is decided before any expression is asked.
std::optional<v1::ExplainResponse> Before(const ImaginedCall& call) {
  for (const EffectiveRule& rule : call.policy.rules) {
    if (!rule.rule.has_authenticate() || rule.observe) continue;
    const auto& proofs = rule.rule.authenticate().any_of();
    const bool takes_keys = std::any_of(proofs.begin(), proofs.end(),
                                        [](const auto& proof) { return proof.has_api_key(); });
    if (!takes_keys) {
      return No("TokenMissing",
                "the caller has to show a token of '" + proofs[0].jwt().provider() + "'", &rule);
    }
    if (!call.consumer) return No("KeyMissing", "the caller has to show an API key", &rule);
  }
  const v1::Server& server = call.server.server();
  if (server.lifecycle() == v1::Lifecycle::RETIRED) return No("Retired", "the server is retired");
  if (!call.entitlement.permitted()) {
    return No(std::string(call.entitlement.reason()),
              call.entitlement.verdict == Entitlement::Verdict::kSuspended
                  ? "the subscription '" + std::string(call.entitlement.subscription) +
                        "' to product '" + std::string(call.entitlement.product) + "' is suspended"
                  : "no subscription to a product that has the server is in force");
  }
  if (server.approval() == v1::Approval::REJECTED)
    return No("ApprovalRejected", "the server was rejected by its approver");
  if (server.approval() != v1::Approval::APPROVED)
    return No("ApprovalPending", "the server waits for approval");
  return std::nullopt;
}

// What `inspect` rules say of the tool's definition: a no, or null.
std::optional<v1::ExplainResponse> CheckDefinition(const ImaginedCall& call, const Facts& facts,
                                                   const v1::Definition& tool) {
  const Inspection inspection(call.policy);
  const Inspection::Terms terms = inspection.For(Inspection::Part::DESCRIPTION, facts);
  JsonInspector inspector(tool.json(), terms);
  LookAtDefinition(inspector, tool.json());
  const Inspection::Looker* looker = inspector.blocked_by();
  if (!looker) return std::nullopt;
  return No("ContentBlocked",
            "what the server says of the tool holds what detector '" + looker->detector.name() +
                "' looks for",
            &inspection.rules()[looker->rule].source);
}

// What `validate` rules say of the arguments: a no, or null; what is only watched is added to
// `observed`.
std::optional<v1::ExplainResponse> CheckArguments(const ImaginedCall& call, const Facts& facts,
                                                  const v1::Definition& tool,
                                                  std::vector<const EffectiveRule*>& observed) {
  const Validation validation(call.policy);
  const Validation::Check check = validation.For(facts).arguments;
  const std::string_view text = mcp::Member(tool.json(), "inputSchema");
  if (check.action == Validation::Check::Action::kNone || text.empty()) return std::nullopt;
  // Of the policy, which outlives the answer.
  const EffectiveRule* rule = nullptr;
  for (const EffectiveRule& one : call.policy.rules) {
    if (one.origin() == check.rule->source.origin()) rule = &one;
  }
  const auto schema = CompileToolSchema(text);
  std::string because;
  if (!schema) {
    because = "the tool's schema cannot be used: " + schema.error().message;
  } else {
    const std::string& arguments = call.arguments_json;
    const auto places = Misfits(*schema, arguments.empty() ? "{}" : arguments);
    for (const base::Violation& place : places)
      because += (because.empty() ? "" : "; ") + place.ToString();
  }
  if (because.empty()) return std::nullopt;
  if (check.action == Validation::Check::Action::kPrevent)
    return No(schema ? "ArgumentsInvalid" : "SchemaUnusable", because, rule);
  observed.push_back(rule);
  return std::nullopt;
}

void AddLimits(const ImaginedCall& call, const Facts& facts, v1::ExplainResponse& response) {
  std::vector<const EffectiveRule*> limits, others;
  for (const EffectiveRule& rule : call.policy.rules) {
    if (rule.rule.has_quota() || rule.rule.has_concurrency()) {
      if (Selector(rule.rule.select()).Matches(facts)) others.push_back(&rule);
      continue;
    }
    if (!rule.rule.has_rate_limit() || !Selector(rule.rule.select()).Matches(facts)) continue;
    const std::string& source = rule.rule.rate_limit().when();
    const auto when = Expression::CompileCondition(source);
    const bool left_out =
        !source.empty() && when && when->Test(facts, kOfTheRequest) == Expression::Truth::kFalse;
    if (!left_out) limits.push_back(&rule);
  }
  DropOverridden(limits, [](const EffectiveRule* rule) {
    return Standing{rule->scope, rule->observe, rule->rule.rate_limit().overridable()};
  });
  limits.insert(limits.end(), others.begin(), others.end());
  for (const EffectiveRule* rule : limits) *response.add_limits() = ShownRule(*rule);
}

v1::ExplainResponse Decide(const ImaginedCall& call) {
  if (auto decided = Before(call)) return *std::move(decided);

  const std::string principal = call.consumer ? "consumer/" + call.consumer->name() : "anonymous";
  const std::string tags = TagsJson(call.server.server());
  const v1::Definition* tool = ToolOf(call);
  Facts facts;
  facts.principal_id = principal;
  facts.principal_kind = KindOf(call.consumer);
  if (call.consumer) {
    facts.principal_tenant = call.consumer->consumer().tenant();
    facts.principal_claims = call.consumer->consumer().claims_json();
  }
  facts.subscription_id = call.entitlement.subscription;
  facts.product_name = call.entitlement.product;
  facts.server_name = call.server.name();
  facts.server_tags = tags;
  facts.args = call.arguments_json;
  facts.now_unix_ms = call.now_unix_ms;
  if (tool) facts.tool_hints = HintsOf(tool->json());
  facts.SetItem("tools/call", call.tool);

  const Authorization authorization(call.policy);
  const auto of_list = authorization.Decide(facts, kOfTheCall | kOfTheRequest);
  if (of_list.outcome == Outcome::kDenied) {
    v1::ExplainResponse hidden =
        No("ItemHidden", of_list.rule->Because(facts), &of_list.rule->source);
    hidden.set_hidden(true);
    return hidden;
  }
  const v1::HeldDefinition* held = HeldOf(call);
  if (!tool && !held) return No("UnknownItem", "the server does not offer this tool");
  if (held) {
    const bool rejected = held->state() == v1::Drift::REJECTED;
    return No(rejected ? "DefinitionRejected" : "DefinitionHeld",
              rejected ? "the tool's change was rejected" : "the tool waits for a review");
  }

  std::vector<const EffectiveRule*> observed;
  if (auto blocked = CheckDefinition(call, facts, *tool)) return *std::move(blocked);
  if (auto misfit = CheckArguments(call, facts, *tool, observed)) return *std::move(misfit);

  const auto decision = authorization.Decide(facts, kOfTheRequest);
  if (decision.outcome == Outcome::kDenied)
    return No("PolicyDenied", decision.rule->Because(facts), &decision.rule->source);
  v1::ExplainResponse response;
  response.set_permitted(true);
  if (decision.outcome == Outcome::kUnknown)
    response.set_because("unless a rule says no to the request's address or headers");
  for (const EffectiveRule* rule : observed) *response.add_observed() = ShownRule(*rule);
  if (decision.observed) *response.add_observed() = ShownRule(decision.observed->source);
  AddLimits(call, facts, response);
  const Mocking mocking(call.policy);
  if (const Mocking::Rule* mock = mocking.For(facts).answers) {
    *response.mutable_rule() = ShownRule(mock->source);
    response.set_because("the rule answers, and the server is asked nothing");
  }
  return response;
}

}  // namespace

v1::EffectiveRule ShownRule(const EffectiveRule& rule) {
  v1::EffectiveRule shown;
  shown.set_scope(std::string(ScopeName(rule.scope)));
  shown.set_policy_set(rule.set);
  *shown.mutable_rule() = rule.rule;
  shown.set_observe(rule.observe);
  return shown;
}

v1::ExplainResponse ExplainCall(const ImaginedCall& call) {
  v1::ExplainResponse response = Decide(call);
  response.set_product(std::string(call.entitlement.product));
  response.set_subscription(std::string(call.entitlement.subscription));
  return response;
}

}  // namespace policy
