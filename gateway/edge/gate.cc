#include "gateway/edge/gate.h"

#include "gateway/edge/request_id.h"

namespace gateway {

namespace {

// Of a path that leads nowhere, and of a server that this caller may not see: the same to the byte.
bool RefusePath(Admission& admission) {
  return admission.Refuse(404, mcp::kNotFoundPath, "PathUnknown",
                          "No server is reached by this path.");
}

}  // namespace

bool Admission::Refuse(int status, int code, std::string_view reason, std::string message) {
  refusal.status = status;
  refusal.error.code = code;
  refusal.error.reason = reason;
  refusal.error.message = std::move(message);
  route = nullptr;
  return false;
}

Gate::Gate(const GateOptions& options, state::FloodGuard& flood, state::Tokens& tokens,
           base::auth::IdentityProviders& providers, const base::Clock& clock)
    : options_(options), flood_(flood), tokens_(tokens), providers_(providers), clock_(clock) {}

void Gate::Admit(const base::http::Exchange& exchange, const RouteTable& table, mcp::Record& record,
                 Admission& admission) {
  BeginRecord(exchange, record);
  Decide(exchange, table, record, admission);
}

void Gate::Resume(const base::http::Exchange& exchange, const RouteTable& table,
                  mcp::Record& record, Admission& admission) {
  admission.waits = false;
  admission.refusal = {};
  ++admission.prepared;
  Decide(exchange, table, record, admission);
}

// policies.md, "The order, always the same", on the head alone.
void Gate::Decide(const base::http::Exchange& exchange, const RouteTable& table,
                  mcp::Record& record, Admission& admission) {
  const base::http::RequestHead& head = exchange.head();
  const CallerAddress caller =
      AddressOf(exchange.peer_address(), head.fields, options_.trusted_proxies);
  if (caller.named_by_proxy) {
    record.peer_address = caller.address.to_string();
  } else {
    record.peer_address = exchange.peer_address();
  }

  // Each step leaves the admission refused, or the route in it; `route` survives a refusal for the
  // record's sake.
  const bool found = FindRoute(head, table, admission, record);
  const Route* route = admission.route;
  const auto admit = [&] {
    const Visit visit{exchange, table, *route, caller};
    return CheckAddress(*route, caller.address, admission, record) &&
           CheckHostAndOrigin(head, admission) && CheckFlood(caller, admission) &&
           Authenticate(visit, admission, record) && CheckVisible(*route, admission, record) &&
           CheckRetired(*route, admission) && CheckEntitled(visit, admission, record);
  };
  const bool admitted = found && admit();
  if (admitted || admission.waits) return;

  if (!caller.address.is_loopback()) flood_.NoteRefusal(caller.address);
  record.outcome = mcp::Outcome::kRefused;
  record.observed_only = false;
  record.error_code = admission.refusal.error.code;
  record.reason = admission.refusal.error.reason;
  record.message = admission.refusal.error.message;
}

void Gate::BeginRecord(const base::http::Exchange& exchange, mcp::Record& record) {
  const base::http::Fields& fields = exchange.head().fields;
  record.started = clock_.Now();
  record.started_unix_ms = clock_.UnixMillis();
  AssignRequestId(fields.Find("X-Request-Id").value_or(""), record.started_unix_ms,
                  record.request_id);
  if (const auto trace = fields.Find("traceparent")) record.trace_id = TraceIdOf(*trace);
  if (const auto agent = fields.Find("User-Agent")) record.user_agent = agent->substr(0, 256);
}

Gate::Step Gate::FindRoute(const base::http::RequestHead& head, const RouteTable& table,
                           Admission& admission, mcp::Record& record) const {
  const auto [base, face] = EndpointPath::Of(head.path);
  admission.face = face;
  admission.route = base.empty() ? nullptr : table.Find(base);
  if (!table.known()) {
    admission.refusal.headers.emplace_back("Retry-After", "1");
    admission.refusal.error.retry_after_s = 1;
    return admission.Refuse(503, mcp::kUpstreamUnavailable, "CatalogUnknown",
                            "This gateway does not know the catalog yet. Retry in 1 s.");
  }
  if (!admission.route) return RefusePath(admission);
  record.endpoint = base;
  record.server = admission.route->server_name();
  return true;
}

Gate::Step Gate::CheckAddress(const Route& route, const boost::asio::ip::address& address,
                              Admission& admission, mcp::Record& record) const {
  for (const AddressRule& rule : route.gate().addresses) {
    if (rule.Admits(address)) continue;
    record.rule = rule.name.origin;
    if (rule.observe) {
      record.observed_only = true;
      record.reason = "AddressDenied";
      continue;
    }
    if (route.gate().explain) {
      admission.refusal.error.rule = rule.name.id;
      admission.refusal.error.scope = rule.name.scope;
    }
    return admission.Refuse(403, mcp::kForbidden, "AddressDenied",
                            "Calls from this address are not allowed.");
  }
  return true;
}

Gate::Step Gate::CheckHostAndOrigin(const base::http::RequestHead& head,
                                    Admission& admission) const {
  const auto host = head.fields.Find("Host");
  if (!host || head.fields.Count("Host") != 1 || !options_.hosts.AllowsHost(*host)) {
    return admission.Refuse(403, mcp::kForbidden, "HostNotAllowed",
                            "This Host is not the gateway's.");
  }
  for (const base::http::Field& field : head.fields.all()) {
    if (!base::http::EqualsIgnoreCase(field.name, "Origin")) continue;
    if (!options_.hosts.AllowsOrigin(field.value)) {
      return admission.Refuse(403, mcp::kForbidden, "OriginNotAllowed",
                              "This Origin may not call the gateway.");
    }
  }
  return true;
}

Gate::Step Gate::CheckFlood(const CallerAddress& caller, Admission& admission) const {
  if (caller.address.is_loopback() || !flood_.Blocks(caller.address)) return true;
  admission.refusal.headers.emplace_back("Retry-After", "1");
  admission.refusal.error.retry_after_s = 1;
  return admission.Refuse(429, mcp::kTooManyRequests, "TooManyRefusals",
                          "Too many refused calls from this address. Retry in 1 s.");
}

Gate::Step Gate::CheckVisible(const Route& route, Admission& admission, mcp::Record& record) const {
  if (route.IsSeenBy(*admission.principal)) return true;
  // The log tells what the caller is not told.
  record.rule = "visibility";
  record.observed_only = false;
  return RefusePath(admission);
}

Gate::Step Gate::CheckRetired(const Route& route, Admission& admission) const {
  if (!route.retired()) return true;
  admission.refusal.headers.emplace_back("Sunset", route.end_notice().sunset);
  if (std::string link = route.SuccessorLinkFor(*admission.principal); !link.empty())
    admission.refusal.headers.emplace_back("Link", std::move(link));
  return admission.Refuse(410, mcp::kRetired, "ServerRetired",
                          "Server '" + route.server_name() + "' was retired.");
}

Gate::Step Gate::CheckEntitled(const Visit& visit, Admission& admission,
                               mcp::Record& record) const {
  const Callers& callers = visit.table.callers();
  const base::auth::Principal& who = *admission.principal;
  const std::string& server = visit.route.server_name();
  const policy::Entitlement entitlement = callers.EntitlementOf(who, server, clock_.UnixMillis());
  record.product = entitlement.product;
  record.subscription = entitlement.subscription;
  if (entitlement.permitted()) {
    if (!entitlement.product.empty())
      admission.caller_policy.product = callers.PolicyOfProduct(entitlement.product);
    return true;
  }
  std::string sentence = entitlement.Sentence(server);
  if (who.anonymous())
    return RefuseCaller(visit, admission, entitlement.reason(), std::move(sentence));
  return admission.Refuse(403, mcp::kForbidden, entitlement.reason(), std::move(sentence));
}

bool Gate::IsPortalPreflight(const base::http::RequestHead& head) const {
  return head.method == "OPTIONS" && head.fields.Find("Access-Control-Request-Method") &&
         !AllowedOrigin(head).empty();
}

std::string_view Gate::AllowedOrigin(const base::http::RequestHead& head) const {
  const auto origin = head.fields.Find("Origin");
  return origin && options_.hosts.IsPortal(*origin) ? *origin : std::string_view();
}

}  // namespace gateway
