#include "gateway/filters/credential_rules.h"

namespace gateway {
namespace {

constexpr std::string_view kNone = "-";
constexpr std::string_view kBearer = "Bearer ";

// What an identity provider gave the caller. Our own tokens and keys are traded nowhere.
std::string_view SubjectTokenOf(const mcp::Call& call) {
  if (call.principal.authentication != "jwt" || !call.fields) return {};
  const std::string_view shown = call.fields->Find("authorization").value_or("");
  if (shown.size() <= kBearer.size() ||
      !base::http::EqualsIgnoreCase(shown.substr(0, kBearer.size()), kBearer))
    return {};
  return shown.substr(kBearer.size());
}

}  // namespace

CredentialRules::CredentialRules(std::shared_ptr<const policy::UpstreamRules> upstream,
                                 std::shared_ptr<const GovernedServer> server,
                                 state::ShownServer shown, state::UpstreamTokens& tokens)
    : upstream_(std::move(upstream)),
      server_(std::move(server)),
      shown_(std::move(shown)),
      tokens_(tokens) {}

CredentialRules::Choice CredentialRules::Choose(const mcp::Call& call) const {
  const Choice own{shown_.credential, false};
  if (!upstream_->has_credential()) return own;
  policy::Facts facts = FactsOf(call, *server_);
  if (upstream_->reads_hints()) AddHints(facts, *server_);
  const policy::UpstreamRules::Rule* rule = upstream_->CredentialFor(facts);
  if (!rule) return own;
  const std::string& name = rule->says().credential();
  return {name == kNone ? std::string_view() : name, true};
}

state::UpstreamTokens::Demand CredentialRules::DemandOf(const mcp::Call& call) const {
  const Choice choice = Choose(call);
  state::UpstreamTokens::Demand demand;
  demand.credential = choice.name;
  if (choice.name.empty()) return demand;
  demand.places = shown_.places;
  demand.without_hosts = !choice.by_rule;
  demand.resource = shown_.resource;
  demand.principal = call.principal.id;
  demand.subject_token = SubjectTokenOf(call);
  return demand;
}

std::string CredentialRules::KeyOf(const mcp::Call& call) const {
  if (empty()) return {};
  const Choice choice = Choose(call);
  std::string key(choice.name);
  if (tokens_.IsPerCaller(choice.name)) key += "/" + call.principal.id;
  return key;
}

}  // namespace gateway
