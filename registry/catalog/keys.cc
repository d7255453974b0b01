// Keys of consumers: how they are made, changed and put in each other's place.
#include "base/auth/api_key.h"
#include "base/log.h"
#include "policy/entitlement.h"
#include "registry/catalog/catalog.h"
#include "registry/catalog/permissions.h"
#include "registry/catalog/stored_form.h"
#include "registry/catalog/subscription_rules.h"
#include "registry/catalog/validate.h"
#include "registry/catalog/writing.h"

namespace registry {
namespace {

constexpr std::int64_t kMaxExpirySeconds = 10LL * 366 * 24 * 3600;
constexpr std::int64_t kMaxOverlapSeconds = 2'592'000;
constexpr int kPage = 200;

bool HasEnded(const v1::ApiKey& key, std::int64_t now_ms) {
  return key.revoked() || (key.expires_at_ms() != 0 && key.expires_at_ms() <= now_ms);
}

base::Result<void> CheckExpiry(std::int64_t expires_in_s) {
  if (expires_in_s >= 0 && expires_in_s <= kMaxExpirySeconds) return {};
  return FieldError("/expires_in_s", "must be 0 (never) to 10 years");
}

base::Error NotNow(const std::string& what) {
  return base::Fail(base::Code::kFailedPrecondition, what);
}

// The consumer of that name, made when there is none.
base::Result<void> EnsureConsumer(const Writing& writing, const v1::CreateKeyRequest& request) {
  const auto stored = writing.store.Find("Consumer", request.consumer());
  if (stored.has_error()) return stored.error();
  if (*stored) return {};
  v1::Resource made;
  made.set_kind("Consumer");
  made.set_name(request.consumer());
  made.mutable_consumer()->set_kind(
      request.kind() == v1::ConsumerKind::UNSPECIFIED ? v1::ConsumerKind::AGENT : request.kind());
  if (const auto ok = Validate(made); ok.has_error()) {
    return base::Fail(ok.error().code,
                      "/consumer" + ok.error().message.substr(ok.error().message.find(':')));
  }
  const auto put = PutOne(writing, std::move(made), Expects::kRevision);
  if (put.has_error()) return put.error();
  return {};
}

base::Result<void> AddKey(const Writing& writing, const v1::ApiKey& spec,
                          const base::auth::NewKey& key) {
  v1::Resource resource;
  resource.set_kind("ApiKey");
  resource.set_name(key.id);
  *resource.mutable_api_key() = spec;
  resource.mutable_api_key()->set_sha256(key.sha256);
  resource.mutable_api_key()->set_created_at_ms(writing.now_ms);
  if (const auto ok = Validate(resource); ok.has_error()) return ok.error();
  const auto put = PutOne(writing, std::move(resource), Expects::kRevision);
  if (put.has_error()) return put.error();
  return {};
}

// The subscription that the request means: by its name, or the consumer's to a product, which is made
// when there is none in force.
base::Result<v1::Resource> SubscriptionMeant(const Writing& writing,
                                             const v1::CreateKeyRequest& request) {
  if (!request.subscription().empty()) {
    auto known = ReadResource(writing.store, "Subscription", request.subscription());
    if (known.has_error()) return known.error();
    const v1::Subscription& spec = known->subscription();
    if (spec.consumer().empty())
      return NotNow("/subscription: '" + spec.principal() + "' proves itself, and has no keys");
    if (!request.consumer().empty() && request.consumer() != spec.consumer())
      return FieldError("/consumer", "the subscription is that of '" + spec.consumer() + "'");
    if (policy::IsOver(spec, writing.now_ms))
      return NotNow("/subscription: it is over; a new one is made with Subscribe");
    return known;
  }
  const auto held = SubscriptionsOf(writing.store, "consumer/" + request.consumer());
  if (held.has_error()) return held.error();
  for (const v1::Resource& one : *held) {
    const v1::Subscription& spec = one.subscription();
    if (spec.product() == request.product() && spec.state() == v1::SubscriptionState::ACTIVE &&
        !policy::IsOver(spec, writing.now_ms))
      return one;
  }
  v1::Resource made;
  made.set_kind("Subscription");
  made.set_name(base::auth::Hex(base::auth::RandomBytes(8)));
  v1::Subscription& spec = *made.mutable_subscription();
  spec.set_product(request.product());
  spec.set_consumer(request.consumer());
  spec.set_state(v1::SubscriptionState::ACTIVE);
  if (const auto ok = Validate(made); ok.has_error()) return ok.error();
  auto put = PutOne(writing, std::move(made), Expects::kRevision);
  if (put.has_error()) return put.error();
  return std::move(put->resource);
}

// Which of a subscription's two keys are there and have not ended: their ids.
struct Living {
  std::string primary;
  std::string secondary;
};
base::Result<Living> LivingKeys(const Writing& writing, const v1::Resource& subscription) {
  Living living;
  ListQuery query{
      .kind = "ApiKey", .limit = kPage, .owner = subscription.subscription().consumer()};
  while (true) {
    const auto page = writing.store.List(query);
    if (page.has_error()) return page.error();
    for (const StoredResource& stored : *page) {
      const auto resource = ToResource(stored);
      if (resource.has_error()) return resource.error();
      const v1::ApiKey& key = resource->api_key();
      if (key.subscription() != subscription.name() || HasEnded(key, writing.now_ms)) continue;
      (key.slot() == v1::KeySlot::SECONDARY ? living.secondary : living.primary) = stored.name;
    }
    if (static_cast<int>(page->size()) < kPage) return living;
    query.after_name = page->back().name;
  }
}

// One key of no subscription, or those of a subscription's two that are missing.
base::Result<v1::CreateKeyResponse> MakeKeys(const Writing& writing,
                                             const v1::CreateKeyRequest& request,
                                             const base::auth::NewKey& first,
                                             const base::auth::NewKey& second) {
  v1::CreateKeyResponse response;
  v1::ApiKey spec;
  if (request.expires_in_s() > 0)
    spec.set_expires_at_ms(writing.now_ms + request.expires_in_s() * 1000);
  if (request.subscription().empty()) {
    if (const auto ok = EnsureConsumer(writing, request); ok.has_error()) return ok.error();
  }
  const auto add = [&](const base::auth::NewKey& key) { return AddKey(writing, spec, key); };
  if (request.product().empty() && request.subscription().empty()) {
    spec.set_consumer(request.consumer());
    if (const auto ok = add(first); ok.has_error()) return ok.error();
    response.set_id(first.id);
    response.set_key(first.key);
    return response;
  }
  const auto subscription = SubscriptionMeant(writing, request);
  if (subscription.has_error()) return subscription.error();
  const auto living = LivingKeys(writing, *subscription);
  if (living.has_error()) return living.error();
  if (!living->primary.empty() && !living->secondary.empty()) {
    return base::Fail(base::Code::kAlreadyExists,
                      "both keys of subscription " + subscription->name() +
                          " are there: " + living->primary + " and " + living->secondary +
                          "; RotateKey changes one");
  }
  spec.set_consumer(subscription->subscription().consumer());
  spec.set_subscription(subscription->name());
  response.set_subscription(subscription->name());
  if (living->primary.empty()) {
    spec.set_slot(v1::KeySlot::PRIMARY);
    if (const auto ok = add(first); ok.has_error()) return ok.error();
    response.set_id(first.id);
    response.set_key(first.key);
  }
  if (living->secondary.empty()) {
    spec.set_slot(v1::KeySlot::SECONDARY);
    if (const auto ok = add(second); ok.has_error()) return ok.error();
    response.set_secondary_id(second.id);
    response.set_secondary_key(second.key);
  }
  return response;
}

// A key that may still be changed.
base::Result<v1::Resource> KeyToChange(const Writing& writing, const std::string& id) {
  auto key = ReadResource(writing.store, "ApiKey", id);
  if (key.has_error()) return key.error();
  if (key->api_key().revoked()) return NotNow("/id: key " + id + " was revoked");
  return key;
}

}  // namespace

base::Result<v1::CreateKeyResponse> Catalog::CreateKey(const Writer& writer,
                                                       const v1::CreateKeyRequest& request) {
  if (const auto ok = CheckExpiry(request.expires_in_s()); ok.has_error()) return ok.error();
  if (!request.product().empty() && !request.subscription().empty())
    return FieldError("/subscription", "stands beside product; give one of them");
  const base::auth::NewKey first = base::auth::GenerateKey();
  const base::auth::NewKey second = base::auth::GenerateKey();
  v1::CreateKeyResponse response;
  const auto written = Write(writer, [&](const Writing& writing) -> base::Result<Keep> {
    auto made = MakeKeys(writing, request, first, second);
    if (made.has_error()) return made.error();
    response = std::move(*made);
    return Keep::kAll;
  });
  if (written.has_error()) return written.error();
  return response;
}

base::Result<v1::RotateKeyResponse> Catalog::RotateKey(const Writer& writer,
                                                       const v1::RotateKeyRequest& request) {
  if (const auto ok = CheckExpiry(request.expires_in_s()); ok.has_error()) return ok.error();
  if (request.overlap_s() < 0 || request.overlap_s() > kMaxOverlapSeconds)
    return FieldError("/overlap_s", "must be 0 (not at all) to 2592000");
  const base::auth::NewKey key = base::auth::GenerateKey();
  const auto written = Write(writer, [&](const Writing& writing) -> base::Result<Keep> {
    auto old = KeyToChange(writing, request.id());
    if (old.has_error()) return old.error();
    v1::ApiKey& before = *old->mutable_api_key();
    v1::ApiKey after = before;
    if (request.expires_in_s() > 0)
      after.set_expires_at_ms(writing.now_ms + request.expires_in_s() * 1000);
    if (HasEnded(after, writing.now_ms))
      return NotNow("/expires_in_s: the old key has expired; say until when the new one is good");
    if (request.overlap_s() == 0) {
      before.set_revoked(true);
    } else {
      const std::int64_t end = writing.now_ms + request.overlap_s() * 1000;
      if (before.expires_at_ms() == 0 || before.expires_at_ms() > end)
        before.set_expires_at_ms(end);
    }
    const auto changed = PutOne(writing, std::move(*old), Expects::kRevision);
    if (changed.has_error()) return changed.error();
    if (const auto ok = AddKey(writing, after, key); ok.has_error()) return ok.error();
    return Keep::kAll;
  });
  if (written.has_error()) return written.error();
  spdlog::info("key={} takes the place of {} by={}", key.id, request.id(), writer.principal.id);
  v1::RotateKeyResponse response;
  response.set_id(key.id);
  response.set_key(key.key);
  return response;
}

base::Result<std::int64_t> Catalog::ChangeKey(const Writer& writer,
                                              const v1::ChangeKeyRequest& request) {
  if (request.has_expires_at_ms() && request.expires_at_ms() < 0)
    return FieldError("/expires_at_ms", "must not be negative");
  std::int64_t revision = 0;
  const auto written = Write(writer, [&](const Writing& writing) -> base::Result<Keep> {
    auto key = KeyToChange(writing, request.id());
    if (key.has_error()) return key.error();
    v1::ApiKey& spec = *key->mutable_api_key();
    if (request.has_suspended()) spec.set_suspended(request.suspended());
    if (request.has_expires_at_ms()) spec.set_expires_at_ms(request.expires_at_ms());
    const auto put = PutOne(writing, std::move(*key), Expects::kRevision);
    if (put.has_error()) return put.error();
    revision = put->resource.revision();
    return writing.changes.empty() ? Keep::kNothing : Keep::kAll;
  });
  if (written.has_error()) return written.error();
  return revision;
}

}  // namespace registry
