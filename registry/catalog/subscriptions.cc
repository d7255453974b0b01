// Subscribe, DecideSubscription and ChangeSubscription: somebody asks for a product, an operator
// decides, and what is in force may be suspended and ended.
//
//   Subscribe --> SUBMITTED --DecideSubscription--> ACTIVE <--> SUSPENDED
//        |            |                               ^  \         /
//        |            +--> REJECTED                   |   v       v
//        +--------------- approval AUTOMATIC ---------+   CANCELLED
//
// REJECTED and CANCELLED are final, as is a day that has passed: whoever had it may ask anew.
#include "base/auth/api_key.h"
#include "base/log.h"
#include "policy/audience.h"
#include "policy/entitlement.h"
#include "registry/catalog/catalog.h"
#include "registry/catalog/permissions.h"
#include "registry/catalog/subscription_rules.h"
#include "registry/catalog/validate.h"
#include "registry/catalog/visibility.h"
#include "registry/catalog/writing.h"

namespace registry {
namespace {

using State = v1::SubscriptionState;

constexpr std::size_t kNameBytes = 8;
constexpr std::string_view kConsumerPrincipal = "consumer/";

base::Error NotNow(const std::string& what) {
  return base::Fail(base::Code::kFailedPrecondition, "/subscription: " + what);
}

base::Error NoSubscription(const std::string& name) {
  return base::Fail(base::Code::kNotFound, "no Subscription '" + name.substr(0, 200) + "'");
}

std::string Said(State::Value state) { return State::Value_Name(state); }

// Whose it is, in the two fields that may say so.
void SetSubscriber(v1::Subscription& spec, const std::string& id) {
  if (id.starts_with(kConsumerPrincipal)) {
    spec.set_consumer(id.substr(kConsumerPrincipal.size()));
  } else {
    spec.set_principal(id);
  }
}

base::Result<v1::Resource> ChangeWhole(const Writing& writing, v1::Resource resource) {
  const auto stored = writing.store.Find("Subscription", resource.name());
  if (stored.has_error()) return stored.error();
  if (!*stored) return NoSubscription(resource.name());
  auto changed = ChangeOne(writing, std::move(resource), **stored);
  if (changed.has_error()) return changed.error();
  return std::move(changed->resource);
}

// Whether it may go from one state to the other.
base::Result<void> CheckStep(State::Value from, State::Value to) {
  if (from == State::REJECTED || from == State::CANCELLED)
    return NotNow("it is " + Said(from) + " for good; a new one is made with Subscribe");
  if (from == State::SUBMITTED && to != State::CANCELLED)
    return NotNow("it waits for a decision (DecideSubscription)");
  return {};
}

base::Result<void> Change(const Writing& writing, const v1::ChangeSubscriptionRequest& request,
                          v1::Subscription& spec) {
  const State::Value to = request.state();
  if (to != State::UNSPECIFIED && to != spec.state()) {
    if (const auto ok = CheckStep(spec.state(), to); ok.has_error()) return ok.error();
    spec.set_state(to);
    spec.set_decided_by(writing.writer.principal.id);
    spec.set_decision_reason(request.reason());
    if (to == State::ACTIVE && spec.started_at_ms() == 0) spec.set_started_at_ms(writing.now_ms);
  }
  if (request.has_expires_at_ms()) spec.set_expires_at_ms(request.expires_at_ms());
  return {};
}

}  // namespace

base::Result<v1::Resource> Catalog::Subscribe(const Writer& writer,
                                              const v1::SubscribeRequest& request) {
  const base::auth::Principal& who = writer.principal;
  if (who.anonymous()) {
    return base::Fail(base::Code::kUnauthenticated,
                      "subscribing needs a key or a token: say who you are");
  }
  if (request.product().empty()) return FieldError("/product", "is missing");
  if (!request.consumer().empty() && !request.principal().empty())
    return FieldError("/principal", "stands beside consumer; give one of them");
  if (const auto ok = CheckReason(request.reason()); ok.has_error()) return ok.error();
  std::string subscriber = who.id;
  if (!request.consumer().empty())
    subscriber = std::string(kConsumerPrincipal) + request.consumer();
  if (!request.principal().empty()) subscriber = request.principal();
  const bool operates = May(who, Right::kOperate);
  if (subscriber != who.id && !operates) return CheckMay(who, {Right::kOperate, {}}).error();

  v1::Resource made;
  const std::string name = base::auth::Hex(base::auth::RandomBytes(kNameBytes));
  const auto written = Write(writer, [&](const Writing& writing) -> base::Result<Keep> {
    const auto product = ReadResource(writing.store, "Product", request.product());
    if (product.has_error()) return product.error();
    if (!operates && !CanSee(who, product->product())) {
      return base::Fail(base::Code::kNotFound,
                        "no Product '" + request.product().substr(0, 200) + "'");
    }
    v1::Resource asked;
    asked.set_kind("Subscription");
    asked.set_name(name);
    v1::Subscription& spec = *asked.mutable_subscription();
    spec.set_product(request.product());
    spec.set_reason(request.reason());
    SetSubscriber(spec, subscriber);
    if (const auto ok = Validate(asked); ok.has_error()) return ok.error();
    if (const auto ok = CompleteSubscription(writing, asked, nullptr); ok.has_error())
      return ok.error();
    auto added = AddOne(writing, std::move(asked));
    if (added.has_error()) return added.error();
    made = std::move(added->resource);
    return Keep::kAll;
  });
  if (written.has_error()) return written.error();
  spdlog::info("subscription={} product={} subscriber={} state={} by={}", name, request.product(),
               subscriber, Said(made.subscription().state()), who.id);
  return made;
}

base::Result<v1::Resource> Catalog::DecideSubscription(
    const Writer& writer, const v1::DecideSubscriptionRequest& request) {
  if (request.state() != State::ACTIVE && request.state() != State::REJECTED)
    return FieldError("/state", "must be ACTIVE or REJECTED");
  if (const auto ok = CheckReason(request.reason()); ok.has_error()) return ok.error();
  if (const auto ok = CheckMay(writer.principal, {Right::kOperate, {}}); ok.has_error())
    return ok.error();
  v1::Resource decided;
  const auto written = Write(writer, [&](const Writing& writing) -> base::Result<Keep> {
    auto asked = ReadResource(writing.store, "Subscription", request.subscription());
    if (asked.has_error()) return asked.error();
    v1::Subscription& spec = *asked->mutable_subscription();
    if (spec.state() != State::SUBMITTED) {
      return NotNow("it is " + Said(spec.state()) + (spec.decided_by().empty() ? "" : " by ") +
                    spec.decided_by() + "; ChangeSubscription changes it");
    }
    spec.set_state(request.state());
    spec.set_decided_by(writer.principal.id);
    spec.set_decision_reason(request.reason());
    if (request.state() == State::ACTIVE) spec.set_started_at_ms(writing.now_ms);
    auto changed = ChangeWhole(writing, std::move(*asked));
    if (changed.has_error()) return changed.error();
    decided = std::move(*changed);
    return Keep::kAll;
  });
  if (written.has_error()) return written.error();
  spdlog::info("subscription={} {} by={}", request.subscription(), Said(request.state()),
               writer.principal.id);
  return decided;
}

base::Result<v1::Resource> Catalog::ChangeSubscription(
    const Writer& writer, const v1::ChangeSubscriptionRequest& request) {
  const State::Value to = request.state();
  if (to != State::UNSPECIFIED && to != State::SUSPENDED && to != State::ACTIVE &&
      to != State::CANCELLED)
    return FieldError("/state", "must be SUSPENDED, ACTIVE or CANCELLED");
  if (request.has_expires_at_ms() && request.expires_at_ms() < 0)
    return FieldError("/expires_at_ms", "must not be negative");
  if (const auto ok = CheckReason(request.reason()); ok.has_error()) return ok.error();
  const base::auth::Principal& who = writer.principal;
  const bool operates = May(who, Right::kOperate);
  v1::Resource changed;
  const auto written = Write(writer, [&](const Writing& writing) -> base::Result<Keep> {
    auto known = ReadResource(writing.store, "Subscription", request.subscription());
    if (known.has_error()) return known.error();
    v1::Subscription& spec = *known->mutable_subscription();
    if (!operates && policy::SubscriberOf(spec) != who.id)
      return NoSubscription(request.subscription());
    // Its own subscriber may end it, and nothing else.
    if (!operates && (to != State::CANCELLED || request.has_expires_at_ms()))
      return CheckMay(who, {Right::kOperate, {}}).error();
    if (const auto ok = Change(writing, request, spec); ok.has_error()) return ok.error();
    auto put = ChangeWhole(writing, std::move(*known));
    if (put.has_error()) return put.error();
    changed = std::move(*put);
    return writing.changes.empty() ? Keep::kNothing : Keep::kAll;
  });
  if (written.has_error()) return written.error();
  spdlog::info("subscription={} {} by={}", request.subscription(),
               Said(changed.subscription().state()), who.id);
  return changed;
}

}  // namespace registry
