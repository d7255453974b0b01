#include "gateway/filters/refusal.h"

namespace gateway {

RefusalStyle RefusalStyle::Of(const policy::EffectivePolicy& policy) {
  return {policy.errors == portolan::v1::ErrorStyle::HTTP, policy.explain};
}

RuleName RuleName::Of(const policy::EffectiveRule& rule) {
  RuleName name;
  name.id = rule.rule.id();
  name.scope = std::string(policy::ScopeName(rule.scope)) + "/" + rule.set;
  name.origin = rule.origin();
  return name;
}

mcp::Response Refuse(mcp::Call& call, mcp::CallError error, int http_status,
                     const RefusalStyle& style, const RuleName* rule) {
  mcp::Record& record = call.record;
  record.outcome = mcp::Outcome::kRefused;
  record.observed_only = false;
  record.error_code = error.code;
  record.reason = error.reason;
  record.message = error.message;
  if (rule) {
    record.rule = rule->origin;
    if (style.explain) {
      error.rule = rule->id;
      error.scope = rule->scope;
    }
  }
  mcp::Response response;
  response.kind = mcp::Response::Kind::kRefused;
  response.http_status = style.http ? http_status : 200;
  if (call.is_request()) response.body = mcp::ErrorMessage(call.id(), error, record.request_id);
  return response;
}

void Observe(mcp::Call& call, std::string_view reason, const RuleName& rule) {
  call.record.observed_only = true;
  call.record.reason = reason;
  call.record.rule = rule.origin;
}

bool IsLifecycle(const mcp::Call& call) {
  return !call.is_request() || call.method == "ping" || call.method == "server/discover" ||
         call.method == "initialize";
}

policy::Facts FactsOf(const mcp::Call& call, std::string_view server) {
  policy::Facts facts;
  facts.principal_id = call.principal.id;
  facts.principal_kind = base::auth::KindName(call.principal.kind);
  facts.principal_tenant = call.principal.tenant;
  facts.principal_claims = call.principal.claims_json;
  facts.server_name = server;
  facts.request_ip = call.record.peer_address;
  facts.request_protocol = call.record.protocol_revision;
  facts.headers = call.fields;
  facts.client_name = call.record.client_name;
  facts.client_version = call.record.client_version;
  facts.args = call.envelope.arguments.of(call.bytes);
  facts.now_unix_ms = call.record.started_unix_ms;
  facts.SetItem(call.method, call.item);
  return facts;
}

}  // namespace gateway
