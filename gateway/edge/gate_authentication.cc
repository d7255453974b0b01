// The gate's step `authenticate`: who calls, and whether that is proof enough for the endpoint's rules.
#include <utility>

#include "base/auth/api_key.h"
#include "base/auth/call_token.h"
#include "base/http/origin_check.h"
#include "gateway/edge/credentials.h"
#include "gateway/edge/gate.h"
#include "gateway/edge/protected_resource.h"
#include "gateway/edge/token_check.h"
#include "gateway/edge/token_reason.h"
#include "mcp/raw_json.h"

namespace gateway {

namespace {

// When a verified token ends, from its payload.
std::int64_t ExpiryMsOf(std::string_view token) {
  const auto first = token.find('.'), last = token.rfind('.');
  if (first == last || first == std::string_view::npos) return 0;
  const auto payload = base::auth::Base64UrlDecode(token.substr(first + 1, last - first - 1));
  if (!payload || !mcp::IsJson(*payload)) return 0;
  return mcp::Integer(mcp::Member(*payload, "exp")).value_or(0) * 1000;
}

void NoteObserved(mcp::Record& record, const AuthenticateRule& rule, std::string_view reason) {
  record.rule = rule.name.origin;
  record.observed_only = true;
  record.reason = reason;
}

void NameRule(const Route& route, const AuthenticateRule& rule, Admission& admission,
              mcp::Record& record) {
  record.rule = rule.name.origin;
  if (!route.gate().explain) return;
  admission.refusal.error.rule = rule.name.id;
  admission.refusal.error.scope = rule.name.scope;
}

std::string_view MissingOf(const AuthenticateRule& rule) {
  return rule.tokens.empty() ? "KeyMissing" : "TokenMissing";
}

std::string WhatIsNeeded(const AuthenticateRule& rule) {
  const std::string key = rule.keys.empty() ? std::string() : rule.keys.front().headers.front();
  if (rule.tokens.empty()) return "An API key is needed: send it in the header " + key + ".";
  std::string sentence = "A token of '" + rule.tokens.front().provider +
                         "' is needed: sign in, and send it as Authorization: Bearer";
  if (!key.empty()) sentence += "; or an API key in the header " + key;
  return sentence + ".";
}

}  // namespace

Gate::Step Gate::Authenticate(const Visit& visit, Admission& admission, mcp::Record& record) {
  const Credentials shown = CredentialsOf(visit.exchange.head(), visit.route.gate());
  bool proven = false;
  switch (shown.kind) {
    case Credentials::Kind::kApiKey:
      proven =
          CheckKey(visit, shown.decoded.empty() ? shown.value : shown.decoded, admission, record);
      break;
    case Credentials::Kind::kToken:
      proven = CheckToken(visit, shown.value, admission, record);
      break;
    case Credentials::Kind::kUnknown:
      return RefuseCaller(visit, admission, "TokenMalformed",
                          "The Authorization header is not of the form 'Bearer TOKEN'.");
    case Credentials::Kind::kNone: proven = CheckNobody(visit, admission, record); break;
  }
  if (!proven) return false;
  record.principal = admission.principal->id;
  record.authentication = admission.principal->authentication;
  return true;
}

Gate::Step Gate::CheckKey(const Visit& visit, std::string_view key, Admission& admission,
                          mcp::Record& record) {
  const auto known = visit.table.callers().Find(key, clock_.UnixMillis());
  if (!known) {
    return RefuseCaller(visit, admission, known.error().reason,
                        std::string(known.error().sentence));
  }
  return AdmitConsumer(visit, **known, admission, record);
}

Gate::Step Gate::AdmitConsumer(const Visit& visit, const Caller& consumer, Admission& admission,
                               mcp::Record& record) {
  for (const AuthenticateRule& rule : visit.route.gate().authenticate) {
    if (!rule.keys.empty()) continue;
    if (!rule.observe) return RefuseByRule(visit, rule, admission, record);
    NoteObserved(record, rule, MissingOf(rule));
  }
  admission.principal = &consumer.principal;
  admission.caller_policy.consumer = consumer.policy;
  return true;
}

// A signature says who somebody was when it was made. Whether that still holds, and which roles it has, the catalog says.
Gate::Step Gate::CheckStanding(const Visit& visit, Admission& admission, mcp::Record& record) {
  const Callers& callers = visit.table.callers();
  const auto standing = callers.Recheck(*admission.verified, clock_.UnixMillis());
  if (!standing) {
    return RefuseCaller(visit, admission, standing.error().reason,
                        std::string(standing.error().sentence));
  }
  // A consumer's call token is as good as the key that it was given for.
  if (*standing) return AdmitConsumer(visit, **standing, admission, record);
  admission.verified = roles_.With(admission.verified, callers);
  admission.principal = admission.verified.get();
  return true;
}

// One of the registry's own, which satisfies every rule, or an identity provider's. Whichever was seen lately is known
// at once; what a new one is can only be told by reading it.
Gate::Step Gate::CheckToken(const Visit& visit, std::string_view token, Admission& admission,
                            mcp::Record& record) {
  const base::auth::TokenKey key(token);
  admission.verified = tokens_.Find(key, clock_.UnixMillis());
  if (!admission.verified && !CheckProviderToken(visit, key, admission, record)) return false;
  return CheckStanding(visit, admission, record);
}

Gate::Step Gate::CheckProviderToken(const Visit& visit, const base::auth::TokenKey& token,
                                    Admission& admission, mcp::Record& record) {
  const GateRules& rules = visit.route.gate();
  if (rules.asks_own_audience && admission.own_url.empty())
    admission.own_url = OwnUrl(visit.exchange);
  const base::auth::OwnNames own_names{admission.own_url, visit.route.own_ends()};
  const TokenCheck check(providers_, rules, own_names);
  TokenVerdict verdict = check.Ask(token, admission.prepared);
  if (verdict.kind == TokenVerdict::Kind::kProven) {
    if (verdict.observed) NoteObserved(record, *verdict.observed, verdict.observed_reason);
    admission.verified = std::move(verdict.principal);
    return true;
  }
  if (admission.prepared == 0 &&
      base::auth::IsCallTokenFor(token.text(), base::auth::kGatewayAudience))
    return CheckCallToken(visit, token.text(), admission);
  if (verdict.kind == TokenVerdict::Kind::kWaits) {
    admission.waits = true;
    admission.token = token.text();
    admission.uses = std::move(verdict.uses);
    return false;
  }
  if (verdict.rule) NameRule(visit.route, *verdict.rule, admission, record);
  return RefuseCaller(visit, admission, verdict.reason, std::move(verdict.sentence));
}

Gate::Step Gate::CheckCallToken(const Visit& visit, std::string_view token, Admission& admission) {
  auto principal = base::auth::VerifyCallToken(call_token_keys_, token, clock_.UnixMillis());
  if (!principal) {
    TokenReason why = TokenReason::Of(principal.error().message);
    return RefuseCaller(visit, admission, why.reason, std::move(why.sentence));
  }
  admission.verified = std::make_shared<const base::auth::Principal>(std::move(*principal));
  tokens_.Remember(token, admission.verified, ExpiryMsOf(token));
  return true;
}

Gate::Step Gate::CheckNobody(const Visit& visit, Admission& admission, mcp::Record& record) {
  for (const AuthenticateRule& rule : visit.route.gate().authenticate) {
    if (!rule.observe) return RefuseByRule(visit, rule, admission, record);
    NoteObserved(record, rule, MissingOf(rule));
  }
  const bool local =
      visit.caller.direct_loopback &&
      base::http::IsLoopbackHost(visit.exchange.head().fields.Find("Host").value_or(""));
  if (!local) {
    return RefuseCaller(visit, admission, "KeyMissing",
                        "An API key is needed: send it in the header X-Api-Key.");
  }
  admission.principal = &anonymous_;
  return true;
}

Gate::Step Gate::RefuseByRule(const Visit& visit, const AuthenticateRule& rule,
                              Admission& admission, mcp::Record& record) const {
  NameRule(visit.route, rule, admission, record);
  return RefuseCaller(visit, admission, MissingOf(rule), WhatIsNeeded(rule));
}

Gate::Step Gate::RefuseCaller(const Visit& visit, Admission& admission, std::string_view reason,
                              std::string message) const {
  const GateRules& rules = visit.route.gate();
  const bool lacks_scope = reason == "ScopeMissing";
  // RFC 9110, 15.5.2, wants a challenge; where no token of an authorization server would help, one that starts no
  // OAuth.
  std::string challenge = "ApiKey realm=\"portolan\"";
  if (rules.takes_tokens()) {
    const std::string own_url = OwnUrl(visit.exchange);
    std::string_view error;
    if (reason.starts_with("Token") && reason != "TokenMissing") error = "invalid_token";
    if (lacks_scope) error = "insufficient_scope";
    challenge =
        Challenge{own_url, visit.exchange.head().path, rules.scopes, error, message}.ToString();
  }
  admission.refusal.headers.emplace_back("WWW-Authenticate", std::move(challenge));
  return lacks_scope ? admission.Refuse(403, mcp::kForbidden, reason, std::move(message))
                     : admission.Refuse(401, mcp::kUnauthenticated, reason, std::move(message));
}

std::string Gate::OwnUrl(const base::http::Exchange& exchange) const {
  const std::string_view host = exchange.head().fields.Find("Host").value_or("");
  if (!options_.hosts.AllowsHost(host)) return {};
  return options_.hosts.UrlFor(host, exchange.is_tls());
}

}  // namespace gateway
