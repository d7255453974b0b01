#include "registry/catalog/subscription_rules.h"

#include <algorithm>

#include "policy/entitlement.h"
#include "registry/catalog/stored_form.h"
#include "registry/catalog/validate.h"

namespace registry {
namespace {

constexpr int kPage = 200;

// One more of that subscriber must not be more than the product allows.
base::Result<void> CheckRoom(const Writing& writing, const v1::Resource& product,
                             const v1::Subscription& wanted) {
  const std::string subscriber = policy::SubscriberOf(wanted);
  const auto held = SubscriptionsOf(writing.store, subscriber);
  if (held.has_error()) return held.error();
  std::vector<std::string> living;
  for (const v1::Resource& resource : *held) {
    const v1::Subscription& one = resource.subscription();
    if (one.product() != product.name() || policy::IsOver(one, writing.now_ms)) continue;
    living.push_back(resource.name() + " (" + v1::SubscriptionState::Value_Name(one.state()) + ")");
  }
  const auto most = static_cast<std::size_t>(std::max(1, product.product().max_subscriptions()));
  if (living.size() < most) return {};
  return base::Fail(base::Code::kAlreadyExists, "/product: " + subscriber + " has " +
                                                    living.front() + " of product '" +
                                                    product.name() + "' already");
}

}  // namespace

base::Result<std::vector<v1::Resource>> SubscriptionsOf(Reader& store,
                                                        const std::string& subscriber) {
  std::vector<v1::Resource> all;
  ListQuery query{.kind = "Subscription", .limit = kPage, .owner = subscriber};
  while (true) {
    const auto page = store.List(query);
    if (page.has_error()) return page.error();
    for (const StoredResource& stored : *page) {
      auto resource = ToResource(stored);
      if (resource.has_error()) return resource.error();
      all.push_back(std::move(*resource));
    }
    if (static_cast<int>(page->size()) < kPage) return all;
    query.after_name = page->back().name;
  }
}

base::Result<v1::Resource> ReadResource(Reader& store, std::string_view kind,
                                        const std::string& name) {
  const auto stored = store.Find(std::string(kind), name);
  if (stored.has_error()) return stored.error();
  if (*stored) return ToResource(**stored);
  return base::Fail(base::Code::kNotFound,
                    "no " + std::string(kind) + " '" + name.substr(0, 200) + "'");
}

base::Result<void> CompleteSubscription(const Writing& writing, v1::Resource& resource,
                                        const v1::Resource* before) {
  v1::Subscription& spec = *resource.mutable_subscription();
  if (before) {
    // Files need not say what the registry has set.
    const v1::Subscription& was = before->subscription();
    if (spec.state() == v1::SubscriptionState::UNSPECIFIED) spec.set_state(was.state());
    if (spec.started_at_ms() == 0) spec.set_started_at_ms(was.started_at_ms());
    if (spec.decided_by().empty()) spec.set_decided_by(was.decided_by());
    if (spec.decision_reason().empty()) spec.set_decision_reason(was.decision_reason());
    if (SpecBytes(*before) == SpecBytes(resource)) return {};
    return base::Fail(base::Code::kFailedPrecondition,
                      "/kind: subscriptions are decided with DecideSubscription and changed with "
                      "ChangeSubscription");
  }
  const auto product = ReadResource(writing.store, "Product", spec.product());
  if (product.has_error()) {
    if (product.error().code != base::Code::kNotFound) return product.error();
    return FieldError("/spec/product", product.error().message);
  }
  if (!policy::IsOver(spec, writing.now_ms)) {
    if (const auto ok = CheckRoom(writing, *product, spec); ok.has_error()) return ok.error();
  }
  if (spec.state() == v1::SubscriptionState::UNSPECIFIED) {
    const bool decides_itself =
        product->product().approval() == v1::SubscriptionApproval::AUTOMATIC;
    spec.set_state(decides_itself ? v1::SubscriptionState::ACTIVE
                                  : v1::SubscriptionState::SUBMITTED);
  } else if (spec.decided_by().empty() && spec.state() != v1::SubscriptionState::SUBMITTED) {
    spec.set_decided_by(writing.writer.principal.id);
  }
  if (spec.state() == v1::SubscriptionState::ACTIVE && spec.started_at_ms() == 0)
    spec.set_started_at_ms(writing.now_ms);
  return {};
}

base::Result<void> DeleteKeysOf(const Writing& writing, const v1::Resource& subscription) {
  if (subscription.subscription().consumer().empty()) return {};
  ListQuery query{
      .kind = "ApiKey", .limit = kPage, .owner = subscription.subscription().consumer()};
  while (true) {
    const auto page = writing.store.List(query);
    if (page.has_error()) return page.error();
    for (const StoredResource& stored : *page) {
      const auto key = ToResource(stored);
      if (key.has_error()) return key.error();
      if (key->api_key().subscription() != subscription.name()) continue;
      if (const auto done = DeleteWhole(writing, stored); done.has_error()) return done.error();
    }
    if (static_cast<int>(page->size()) < kPage) return {};
    query.after_name = page->back().name;
  }
}

}  // namespace registry
