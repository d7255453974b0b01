#include "gateway/routing/callers.h"

#include <map>
#include <stdexcept>

#include "base/auth/api_key.h"

namespace gateway {

namespace v1 = portolan::v1;
using base::auth::PrincipalKind;

namespace {

PrincipalKind KindOf(const v1::Consumer& consumer) {
  switch (consumer.kind()) {
    case v1::ConsumerKind::USER: return PrincipalKind::kUser;
    case v1::ConsumerKind::SERVICE: return PrincipalKind::kService;
    default: return PrincipalKind::kAgent;
  }
}

constexpr std::string_view kConsumerPrincipal = "consumer/";
constexpr std::string_view kTokenPrincipal = "token/";

// 0: never.
bool IsOver(std::int64_t expires_at_ms, std::int64_t now_unix_ms) {
  return expires_at_ms != 0 && expires_at_ms <= now_unix_ms;
}

using Policies = std::map<std::string, std::shared_ptr<const ScopePolicy>, std::less<>>;

// The sets that `name_of` finds a name for, by that name. Those of `previous` that are the same are taken over, so that
// the chains made of them are, too.
template <class NameOf>
Policies Group(const Snapshot& snapshot, const Policies* previous, NameOf name_of) {
  std::map<std::string, ScopePolicy> building;
  for (const auto& [name, entry] : snapshot.policies()) {
    const std::string& of = name_of(entry->spec.attach());
    if (of.empty()) continue;
    building[of].name = of;
    building[of].sets.push_back(entry);
  }
  Policies policies;
  for (auto& [name, policy] : building) {
    const auto before = previous ? previous->find(name) : Policies::const_iterator();
    const bool same = previous && before != previous->end() && *before->second == policy;
    policies.emplace(
        name, same ? before->second : std::make_shared<const ScopePolicy>(std::move(policy)));
  }
  return policies;
}

}  // namespace

void throw_exception_from_error(const Callers::Refusal& refusal, const boost::source_location&) {
  throw std::runtime_error(std::string(refusal.sentence));
}

std::shared_ptr<const policy::Entitlements> Callers::EntitlementsOf(const Snapshot& snapshot,
                                                                    const Callers* previous) {
  if (previous && previous->entitlements_version_ == snapshot.entitlements_version())
    return previous->entitlements_;
  auto entitlements = std::make_shared<policy::Entitlements>();
  for (const auto& [name, product] : snapshot.products()) entitlements->Add(name, product->spec);
  for (const auto& [name, subscription] : snapshot.subscriptions())
    entitlements->Add(name, subscription->spec);
  return entitlements;
}

Callers::Callers(const Snapshot& snapshot, const Callers* previous)
    : version_(snapshot.callers_version()),
      entitlements_version_(snapshot.entitlements_version()),
      entitlements_(EntitlementsOf(snapshot, previous)),
      by_product_(Group(
          snapshot, previous ? &previous->by_product_ : nullptr,
          [](const v1::Attachment& attach) -> const std::string& { return attach.product(); })),
      by_consumer_(Group(
          snapshot, previous ? &previous->by_consumer_ : nullptr,
          [](const v1::Attachment& attach) -> const std::string& { return attach.consumer(); })),
      tokens_(snapshot.tokens()),
      providers_(snapshot.providers()) {
  for (const auto& [name, binding] : snapshot.role_bindings()) roles_.Put(name, binding->spec);
  std::map<std::string, Caller> callers;
  for (const auto& [name, consumer] : snapshot.consumers()) {
    Caller& caller = callers[name];
    caller.principal.id = "consumer/" + name;
    caller.principal.kind = KindOf(consumer->spec);
    caller.principal.tenant = consumer->spec.tenant();
    caller.principal.claims_json = consumer->spec.claims_json();
    caller.principal.authentication = "api_key";
    caller.principal.roles = roles_.RolesOf(caller.principal);
    if (const auto policy = by_consumer_.find(name); policy != by_consumer_.end())
      caller.policy = policy->second;
  }
  keys_.reserve(snapshot.api_keys().size());
  for (const auto& [id, entry] : snapshot.api_keys()) {
    const auto consumer = callers.find(entry->spec.consumer());
    Key key{entry, nullptr};
    if (consumer != callers.end()) {
      Caller caller = consumer->second;
      caller.principal.credential = id;
      key.caller = std::make_shared<const Caller>(std::move(caller));
    }
    keys_.emplace(id, std::move(key));
  }
}

boost::system::result<const Caller*, Callers::Refusal> Callers::Find(
    std::string_view key, std::int64_t now_unix_ms) const {
  constexpr Refusal kInvalid{"KeyInvalid", "The API key is not valid."};
  const auto id = base::auth::KeyId(key);
  if (!id) return kInvalid;
  const auto found = keys_.find(*id);
  if (found == keys_.end() || !found->second.caller) return kInvalid;
  // Whoever does not have the whole key learns nothing about it, not even that it expired.
  if (!base::auth::ConstantTimeEquals(base::auth::HashKey(key), found->second.entry->spec.sha256()))
    return kInvalid;
  return CheckKey(found->second, now_unix_ms);
}

boost::system::result<const Caller*, Callers::Refusal> Callers::CheckKey(const Key& key,
                                                                         std::int64_t now_unix_ms) {
  const v1::ApiKey& known = key.entry->spec;
  if (known.revoked()) return Refusal{"KeyRevoked", "The API key was revoked."};
  if (IsOver(known.expires_at_ms(), now_unix_ms))
    return Refusal{"KeyExpired", "The API key has expired."};
  if (known.suspended()) return Refusal{"KeySuspended", "The API key is suspended."};
  return key.caller.get();
}

policy::Entitlement Callers::EntitlementOf(const base::auth::Principal& principal,
                                           std::string_view server,
                                           std::int64_t now_unix_ms) const {
  if (!IsOffered(server)) return {};
  policy::Subscriber who{.principal = principal.id};
  if (principal.id.starts_with(kConsumerPrincipal)) {
    const auto key = keys_.find(principal.credential);
    if (key != keys_.end()) who.subscription = key->second.entry->spec.subscription();
  }
  who.administers = principal.HasRoleIn("admin", server.substr(0, server.find('/')));
  return entitlements_->Of(server, who, now_unix_ms);
}

std::shared_ptr<const ScopePolicy> Callers::PolicyOfProduct(std::string_view product) const {
  const auto found = by_product_.find(product);
  return found == by_product_.end() ? nullptr : found->second;
}

boost::system::result<const Caller*, Callers::Refusal> Callers::Recheck(
    const base::auth::Principal& proven, std::int64_t now_unix_ms) const {
  constexpr const Caller* kNothing = nullptr;
  const bool asks = proven.authentication == "api_key" || proven.authentication == "call_token" ||
                    proven.authentication == "jwt";
  if (!asks) return kNothing;
  if (proven.id.starts_with(kConsumerPrincipal)) {
    const auto key = keys_.find(proven.credential);
    if (key == keys_.end() || !key->second.caller || key->second.caller->principal.id != proven.id)
      return Refusal{"KeyInvalid", "The API key is not valid any more."};
    return CheckKey(key->second, now_unix_ms);
  }
  if (!proven.id.starts_with(kTokenPrincipal)) {
    const bool by_provider = proven.id.find('/') != proven.id.npos;
    if (by_provider && !providers_.contains(proven.id.substr(0, proven.id.find('/')))) {
      return Refusal{"TokenIssuerNotAllowed",
                     "The identity provider behind this token is not known any more."};
    }
    return kNothing;
  }
  const auto token = tokens_.find(proven.id.substr(kTokenPrincipal.size()));
  // Another token of that name is another one.
  if (token == tokens_.end() || token->second->spec.revoked() ||
      std::to_string(token->second->spec.created_at_ms()) != proven.credential)
    return Refusal{"TokenRevoked", "The token behind this call token was revoked."};
  if (IsOver(token->second->spec.expires_at_ms(), now_unix_ms))
    return Refusal{"TokenExpired", "The token behind this call token has expired."};
  return kNothing;
}

std::vector<base::auth::RoleGrant> Callers::RolesOf(const base::auth::Principal& principal) const {
  // Who administers the registry needs no binding; nobody else's id is that word.
  if (principal.id == "admin") return {base::auth::RoleGrant("admin")};
  return roles_.RolesOf(principal);
}

}  // namespace gateway
