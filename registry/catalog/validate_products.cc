// Products, who subscribes to them, and the keys that prove it.
#include <set>

#include "registry/catalog/names.h"
#include "registry/catalog/validate.h"

namespace registry {
namespace {

namespace v1 = portolan::v1;

constexpr std::size_t kMaxTitleCharacters = 100;
constexpr std::size_t kMaxTextBytes = 4096;
constexpr std::size_t kMaxTermsBytes = 16'384;
constexpr std::size_t kMaxOwnerBytes = 200;
constexpr std::size_t kMaxPrincipalBytes = 256;
constexpr std::size_t kMaxReasonCharacters = 1000;
constexpr int kMaxServers = 1000;
constexpr int kMaxSubscriptions = 1000;

base::Error NoLabel() {
  return FieldError("/name",
                    "must be 1 to 63 of a-z, 0-9 and '-', beginning with a letter or digit");
}

}  // namespace

base::Result<void> ValidateApiKey(std::string_view name, const v1::ApiKey& key) {
  if (!IsLabel(name)) return FieldError("/name", "is not the id of a key");
  if (key.consumer().empty()) return FieldError("/spec/consumer", "is missing");
  // Empty: as it is (exports leave it out).
  if (!key.sha256().empty() && key.sha256().size() != 32)
    return FieldError("/spec/sha256", "must have 32 bytes");
  if (key.expires_at_ms() < 0) return FieldError("/spec/expires_at_ms", "must not be negative");
  const bool has_slot = key.slot() != v1::KeySlot::UNSPECIFIED;
  if (has_slot == key.subscription().empty()) {
    return FieldError("/spec/slot", has_slot ? "belongs to a key of a subscription"
                                             : "must be PRIMARY or SECONDARY");
  }
  if (!key.subscription().empty() && !IsLabel(key.subscription()))
    return FieldError("/spec/subscription", "is not the id of a subscription");
  return {};
}

base::Result<void> ValidateProduct(std::string_view name, const v1::Product& product) {
  if (!IsLabel(name)) return NoLabel();
  if (Characters(product.title()) > kMaxTitleCharacters)
    return FieldError("/spec/title", "at most 100 characters");
  if (product.description().size() > kMaxTextBytes)
    return FieldError("/spec/description", "at most 4,096 bytes");
  if (product.terms().size() > kMaxTermsBytes)
    return FieldError("/spec/terms", "at most 16,384 bytes");
  if (product.owner().size() > kMaxOwnerBytes)
    return FieldError("/spec/owner", "at most 200 bytes");
  if (product.servers_size() > kMaxServers) return FieldError("/spec/servers", "at most 1,000");
  std::set<std::string_view> servers;
  for (int i = 0; i < product.servers_size(); ++i) {
    const std::string here = "/spec/servers/" + std::to_string(i);
    if (CheckServerName(product.servers(i)).has_error())
      return FieldError(here, "must be the name of a server: namespace/name");
    if (!servers.insert(product.servers(i)).second) return FieldError(here, "is given twice");
  }
  if (product.max_subscriptions() < 0 || product.max_subscriptions() > kMaxSubscriptions)
    return FieldError("/spec/max_subscriptions", "must be from 1 to 1000");
  return CheckVisibility(product.visibility());
}

base::Result<void> ValidateSubscription(std::string_view name,
                                        const v1::Subscription& subscription) {
  if (!IsLabel(name)) return NoLabel();
  if (subscription.product().empty()) return FieldError("/spec/product", "is missing");
  if (subscription.consumer().empty() == subscription.principal().empty()) {
    return FieldError("/spec/consumer", subscription.consumer().empty()
                                            ? "is missing: give it, or a principal"
                                            : "stands beside principal; give one of them");
  }
  const std::string& principal = subscription.principal();
  if (principal.size() > kMaxPrincipalBytes)
    return FieldError("/spec/principal", "at most 256 bytes");
  if (principal == "anonymous" || principal.starts_with("consumer/"))
    return FieldError("/spec/principal",
                      "must be the id of a principal; a consumer's name goes "
                      "to consumer");
  if (subscription.started_at_ms() < 0)
    return FieldError("/spec/started_at_ms", "must not be negative");
  if (subscription.expires_at_ms() < 0)
    return FieldError("/spec/expires_at_ms", "must not be negative");
  if (Characters(subscription.reason()) > kMaxReasonCharacters)
    return FieldError("/spec/reason", "at most 1,000 characters");
  if (Characters(subscription.decision_reason()) > kMaxReasonCharacters)
    return FieldError("/spec/decision_reason", "at most 1,000 characters");
  if (subscription.decided_by().size() > kMaxPrincipalBytes)
    return FieldError("/spec/decided_by", "at most 256 bytes");
  return {};
}

}  // namespace registry
