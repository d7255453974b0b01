#include "policy/entitlement.h"

#include <algorithm>
#include <tuple>

namespace policy {

namespace v1 = portolan::v1;

std::string SubscriberOf(const v1::Subscription& subscription) {
  return subscription.consumer().empty() ? subscription.principal()
                                         : "consumer/" + subscription.consumer();
}

bool IsOver(const v1::Subscription& subscription, std::int64_t now_unix_ms) {
  return subscription.state() == v1::SubscriptionState::REJECTED ||
         subscription.state() == v1::SubscriptionState::CANCELLED ||
         (subscription.expires_at_ms() != 0 && subscription.expires_at_ms() <= now_unix_ms);
}

std::string_view Entitlement::reason() const {
  return verdict == Verdict::kSuspended ? "SubscriptionSuspended" : "SubscriptionMissing";
}

std::string Entitlement::Sentence(std::string_view server) const {
  if (verdict == Verdict::kSuspended)
    return "The subscription to product '" + std::string(product) + "' is suspended.";
  return "Server '" + std::string(server) +
         "' is called with a subscription to a product that has it.";
}

void Entitlements::Add(const std::string& name, const v1::Product& product) {
  if (product.state() != v1::ProductState::PUBLISHED) return;
  for (const std::string& server : product.servers()) {
    std::vector<Offer>& offers = offers_[server];
    const auto place = std::lower_bound(
        offers.begin(), offers.end(), name,
        [](const Offer& offer, const std::string& wanted) { return offer.product < wanted; });
    offers.insert(place, {name, product.open()});
  }
}

void Entitlements::Add(const std::string& name, const v1::Subscription& subscription) {
  const bool suspended = subscription.state() == v1::SubscriptionState::SUSPENDED;
  if (!suspended && subscription.state() != v1::SubscriptionState::ACTIVE) return;
  std::vector<Held>& held = held_[SubscriberOf(subscription)];
  Held one{name, subscription.product(), suspended, subscription.started_at_ms(),
           subscription.expires_at_ms()};
  const auto place =
      std::upper_bound(held.begin(), held.end(), one, [](const Held& a, const Held& b) {
        return std::tie(a.started_at_ms, a.name) < std::tie(b.started_at_ms, b.name);
      });
  held.insert(place, std::move(one));
}

Entitlement Entitlements::Of(std::string_view server, const Subscriber& who,
                             std::int64_t now_unix_ms) const {
  using Verdict = Entitlement::Verdict;
  const auto found = offers_.find(server);
  if (found == offers_.end()) return {};
  const std::vector<Offer>& offers = found->second;
  const auto is_offer = [&](const Offer& offer) {
    return who.product.empty() || offer.product == who.product;
  };

  const Held* suspended = nullptr;
  if (const auto own = held_.find(who.principal); own != held_.end()) {
    for (const Held& held : own->second) {
      if (!who.subscription.empty() && held.name != who.subscription) continue;
      const bool has_server = std::any_of(offers.begin(), offers.end(), [&](const Offer& offer) {
        return is_offer(offer) && offer.product == held.product;
      });
      if (!has_server || !held.InTime(now_unix_ms)) continue;
      if (!held.suspended) return {Verdict::kSubscribed, held.product, held.name};
      if (!suspended) suspended = &held;
    }
  }
  // Whoever shows its key wants to call by it, and by no other.
  const bool bound = suspended && !who.subscription.empty();
  const auto open = std::find_if(offers.begin(), offers.end(),
                                 [&](const Offer& offer) { return offer.open && is_offer(offer); });
  if (open != offers.end() && !bound) return {Verdict::kOpen, open->product, {}};
  if (who.administers) return {};
  if (suspended) return {Verdict::kSuspended, suspended->product, suspended->name};
  return {Verdict::kMissing, {}, {}};
}

}  // namespace policy
