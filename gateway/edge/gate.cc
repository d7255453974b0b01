#include "gateway/edge/gate.h"

#include <array>
#include <chrono>

#include "base/auth/api_key.h"
#include "base/auth/call_token.h"
#include "base/http/origin_check.h"
#include "gateway/edge/credentials.h"
#include "gateway/edge/request_id.h"
#include "mcp/raw_json.h"

namespace gateway {

namespace {

bool Refuse(Admission& admission, int status, int code, std::string_view reason,
            std::string message) {
  GateRefusal& refusal = admission.refusal;
  refusal.status = status;
  refusal.error.code = code;
  refusal.error.reason = reason;
  refusal.error.message = std::move(message);
  admission.route = nullptr;
  return false;
}

bool RefuseCaller(Admission& admission, std::string_view reason, std::string message) {
  // RFC 9110, 15.5.2, wants a challenge; one that starts no OAuth, since no token of an
  // authorization server would help.
  admission.refusal.headers.emplace_back("WWW-Authenticate", "ApiKey realm=\"portolan\"");
  return Refuse(admission, 401, mcp::kUnauthenticated, reason, std::move(message));
}

// Of a path that leads nowhere, and of a server that this caller may not see: the same to the byte.
bool RefusePath(Admission& admission) {
  return Refuse(admission, 404, mcp::kNotFoundPath, "PathUnknown",
                "No server is reached by this path.");
}

// `/BASE/mcp` or `/BASE/mcp/`, and the two paths of 2024-11-05: the base. Empty when the path is no
// endpoint's.
std::string_view BaseOf(std::string_view path, Face& face) {
  if (path.ends_with('/')) path.remove_suffix(1);
  const std::size_t slash = path.rfind('/');
  if (!path.starts_with('/') || slash == 0) return {};
  const std::string_view last = path.substr(slash + 1);
  if (last == "mcp") {
    face = Face::kMcp;
  } else if (last == "sse") {
    face = Face::kSse;
  } else if (last == "messages") {
    face = Face::kMessages;
  } else {
    return {};
  }
  const std::string_view base = path.substr(1, slash - 1);
  return base.find('/') == std::string_view::npos ? base : std::string_view();
}

// When a verified token ends, from its payload.
std::int64_t ExpiryMsOf(std::string_view token) {
  const auto first = token.find('.'), last = token.rfind('.');
  if (first == last || first == std::string_view::npos) return 0;
  const auto payload = base::auth::Base64UrlDecode(token.substr(first + 1, last - first - 1));
  if (!payload || !mcp::IsJson(*payload)) return 0;
  return mcp::Integer(mcp::Member(*payload, "exp")).value_or(0) * 1000;
}

// The reasons of policies.md that a call token can fail by; an Error's message begins with one.
std::string_view TokenReason(std::string_view message) {
  constexpr std::array<std::string_view, 10> kReasons = {"TokenMalformed",
                                                         "TokenSignatureInvalid",
                                                         "TokenAlgorithmNotAllowed",
                                                         "TokenKeyUnknown",
                                                         "TokenExpired",
                                                         "TokenNotYetValid",
                                                         "TokenIssuerNotAllowed",
                                                         "TokenAudienceNotAllowed",
                                                         "TokenClaimMissing",
                                                         "KeySetUnavailable"};
  for (const std::string_view reason : kReasons) {
    if (message.starts_with(reason)) return reason;
  }
  return "TokenMalformed";
}

}  // namespace

Gate::Gate(const GateOptions& options, state::FloodGuard& flood, state::Tokens& tokens,
           const base::Clock& clock)
    : options_(options), flood_(flood), tokens_(tokens), clock_(clock) {}

// policies.md, "The order, always the same", on the head alone.
Admission Gate::Admit(const base::http::Exchange& exchange, const RouteTable& table,
                      mcp::Record& record) {
  const base::http::RequestHead& head = exchange.head();
  Admission admission;
  BeginRecord(exchange, record);
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
  const bool admitted = found && CheckAddress(*route, caller.address, admission, record) &&
                        CheckHostAndOrigin(head, admission) && CheckFlood(caller, admission) &&
                        Authenticate(head, *route, table, caller, admission, record) &&
                        CheckVisible(*route, admission, record) && CheckRetired(*route, admission);
  if (admitted) return admission;

  if (!caller.address.is_loopback()) flood_.NoteRefusal(caller.address);
  record.outcome = mcp::Outcome::kRefused;
  record.observed_only = false;
  record.error_code = admission.refusal.error.code;
  record.reason = admission.refusal.error.reason;
  record.message = admission.refusal.error.message;
  return admission;
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
  const std::string_view base = BaseOf(head.path, admission.face);
  admission.route = base.empty() ? nullptr : table.Find(base);
  if (!table.known()) {
    admission.refusal.headers.emplace_back("Retry-After", "1");
    admission.refusal.error.retry_after_s = 1;
    return Refuse(admission, 503, mcp::kUpstreamUnavailable, "CatalogUnknown",
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
    return Refuse(admission, 403, mcp::kForbidden, "AddressDenied",
                  "Calls from this address are not allowed.");
  }
  return true;
}

Gate::Step Gate::CheckHostAndOrigin(const base::http::RequestHead& head,
                                    Admission& admission) const {
  const auto host = head.fields.Find("Host");
  if (!host || head.fields.Count("Host") != 1 || !options_.hosts.AllowsHost(*host)) {
    return Refuse(admission, 403, mcp::kForbidden, "HostNotAllowed",
                  "This Host is not the gateway's.");
  }
  for (const base::http::Field& field : head.fields.all()) {
    if (!base::http::EqualsIgnoreCase(field.name, "Origin")) continue;
    if (!options_.hosts.AllowsOrigin(field.value)) {
      return Refuse(admission, 403, mcp::kForbidden, "OriginNotAllowed",
                    "This Origin may not call the gateway.");
    }
  }
  return true;
}

Gate::Step Gate::CheckFlood(const CallerAddress& caller, Admission& admission) const {
  if (caller.address.is_loopback() || !flood_.Blocks(caller.address)) return true;
  admission.refusal.headers.emplace_back("Retry-After", "1");
  admission.refusal.error.retry_after_s = 1;
  return Refuse(admission, 429, mcp::kTooManyRequests, "TooManyRefusals",
                "Too many refused calls from this address. Retry in 1 s.");
}

Gate::Step Gate::Authenticate(const base::http::RequestHead& head, const Route& route,
                              const RouteTable& table, const CallerAddress& caller,
                              Admission& admission, mcp::Record& record) {
  const GateRules& rules = route.gate();
  const Credentials shown = CredentialsOf(head, rules);
  switch (shown.kind) {
    case Credentials::Kind::kApiKey: {
      const auto known = table.callers().Find(shown.decoded.empty() ? shown.value : shown.decoded,
                                              clock_.UnixMillis());
      if (!known)
        return RefuseCaller(admission, known.error().reason, std::string(known.error().sentence));
      admission.principal = &(*known)->principal;
      admission.caller_policy = (*known)->policy;
      break;
    }
    case Credentials::Kind::kToken:
      if (!CheckToken(shown.value, admission)) return false;
      break;
    case Credentials::Kind::kUnknown:
      return RefuseCaller(admission, "TokenMalformed",
                          "The Authorization header is not of the form 'Bearer TOKEN'.");
    case Credentials::Kind::kNone: {
      bool demanded = false;
      for (const AuthenticateRule& rule : rules.authenticate) {
        record.rule = rule.name.origin;
        if (!rule.observe) {
          demanded = true;
          break;
        }
        record.observed_only = true;
        record.reason = "KeyMissing";
      }
      const bool local = caller.direct_loopback &&
                         base::http::IsLoopbackHost(head.fields.Find("Host").value_or(""));
      if (demanded || !local) {
        return RefuseCaller(admission, "KeyMissing",
                            "An API key is needed: send it in the header X-Api-Key.");
      }
      admission.principal = &anonymous_;
      break;
    }
  }
  record.principal = admission.principal->id;
  record.authentication = admission.principal->authentication;
  return true;
}

Gate::Step Gate::CheckToken(std::string_view token, Admission& admission) {
  const std::int64_t now = clock_.UnixMillis();
  admission.verified = tokens_.Find(token, now);
  if (!admission.verified) {
    auto principal = base::auth::VerifyCallToken(call_token_keys_, token, now);
    if (!principal) {
      return RefuseCaller(admission, TokenReason(principal.error().message),
                          "The bearer token is not valid.");
    }
    admission.verified = std::make_shared<const base::auth::Principal>(std::move(*principal));
    tokens_.Remember(token, admission.verified, ExpiryMsOf(token));
  }
  admission.principal = admission.verified.get();
  return true;
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
  const EndNotice& notice = route.end_notice();
  admission.refusal.headers.emplace_back("Sunset", notice.sunset);
  if (!notice.link.empty()) admission.refusal.headers.emplace_back("Link", notice.link);
  return Refuse(admission, 410, mcp::kRetired, "ServerRetired",
                "Server '" + route.server_name() + "' was retired.");
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
