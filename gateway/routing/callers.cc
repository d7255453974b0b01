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

std::map<std::string, std::shared_ptr<const CallerPolicy>> PoliciesByConsumer(
    const Snapshot& snapshot) {
  std::map<std::string, std::shared_ptr<CallerPolicy>> building;
  for (const auto& [name, entry] : snapshot.policies()) {
    if (!entry->spec.attach().has_consumer()) continue;
    auto& policy = building[entry->spec.attach().consumer()];
    if (!policy) policy = std::make_shared<CallerPolicy>();
    policy->consumer = entry->spec.attach().consumer();
    policy->sets.push_back(entry);
  }
  return {building.begin(), building.end()};
}

}  // namespace

void throw_exception_from_error(const Callers::Refusal& refusal, const boost::source_location&) {
  throw std::runtime_error(std::string(refusal.sentence));
}

Callers::Callers(const Snapshot& snapshot) : version_(snapshot.callers_version()) {
  const auto policies = PoliciesByConsumer(snapshot);
  std::map<std::string, Caller> callers;
  for (const auto& [name, consumer] : snapshot.consumers()) {
    Caller& caller = callers[name];
    caller.principal.id = "consumer/" + name;
    caller.principal.kind = KindOf(consumer->spec);
    caller.principal.tenant = consumer->spec.tenant();
    caller.principal.claims_json = consumer->spec.claims_json();
    caller.principal.authentication = "api_key";
    if (const auto policy = policies.find(name); policy != policies.end())
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

bool Callers::Honours(std::string_view key_id) const {
  const auto found = keys_.find(key_id);
  return found != keys_.end() && found->second.caller && !found->second.entry->spec.revoked();
}

boost::system::result<const Caller*, Callers::Refusal> Callers::Find(
    std::string_view key, std::int64_t now_unix_ms) const {
  constexpr Refusal kInvalid{"KeyInvalid", "The API key is not valid."};
  const auto id = base::auth::KeyId(key);
  if (!id) return kInvalid;
  const auto found = keys_.find(*id);
  if (found == keys_.end() || !found->second.caller) return kInvalid;
  const v1::ApiKey& known = found->second.entry->spec;
  // Whoever does not have the whole key learns nothing about it, not even that it expired.
  if (!base::auth::ConstantTimeEquals(base::auth::HashKey(key), known.sha256())) return kInvalid;
  if (known.revoked()) return Refusal{"KeyRevoked", "The API key was revoked."};
  if (known.expires_at_ms() != 0 && known.expires_at_ms() <= now_unix_ms) {
    return Refusal{"KeyExpired", "The API key has expired."};
  }
  return found->second.caller.get();
}

}  // namespace gateway
