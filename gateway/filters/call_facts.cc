#include "gateway/filters/call_facts.h"

namespace gateway {

policy::Facts FactsOf(const mcp::Call& call, const GovernedServer& server) {
  policy::Facts facts;
  facts.principal_id = call.principal.id;
  facts.principal_kind = base::auth::KindName(call.principal.kind);
  facts.principal_tenant = call.principal.tenant;
  facts.principal_claims = call.principal.claims_json;
  facts.subscription_id = call.record.subscription;
  facts.product_name = call.record.product;
  facts.server_name = server.name;
  facts.server_tags = server.tags_json;
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

void AddHints(policy::Facts& facts, const GovernedServer& server) {
  if (server.items && !facts.tool_name.empty())
    facts.tool_hints = server.items->HintsOf(facts.tool_name);
}

}  // namespace gateway
