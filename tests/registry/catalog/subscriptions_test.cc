// Products, who subscribes to them, and the keys that prove it: who may do what, and in which order.
#include <gmock/gmock.h>
#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>

#include "base/auth/api_key.h"
#include "registry/catalog/catalog.h"
#include "registry/store/sqlite_store.h"
#include "tests/support/fake_clock.h"
#include "tests/support/installation.h"

namespace registry {
namespace {

using base::Code;
using State = v1::SubscriptionState;
using testing::HasSubstr;

base::auth::Principal Someone(std::string id, std::string_view role = "") {
  base::auth::Principal principal;
  principal.id = std::move(id);
  principal.kind = base::auth::PrincipalKind::kUser;
  if (!role.empty()) principal.roles = {base::auth::RoleGrant(role)};
  return principal;
}

class SubscriptionsTest : public ::testing::Test {
 protected:
  SubscriptionsTest()
      : store_(*SqliteStore::Open(folder_.path() + "/portolan.db")), catalog_(*store_, clock_) {
    MustPut(
        "name: 'local/pay' server { endpoint { streamable_http { url: 'http://127.0.0.1:9/m' } } "
        "}");
    MustPut("name: 'alice' consumer { }");
    MustPut("name: 'gold' product { servers: 'local/pay' state: PUBLISHED }");
    MustPut("name: 'free' product { servers: 'local/pay' state: PUBLISHED approval: AUTOMATIC }");
  }

  base::Result<v1::Resource> Put(const std::string& text, std::int64_t revision = 0) {
    v1::PutRequest request;
    EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, request.mutable_resource()))
        << text;
    request.mutable_resource()->set_revision(revision);
    return catalog_.Put({operator_}, request);
  }
  void MustPut(const std::string& text) {
    v1::PutRequest request;
    ASSERT_TRUE(google::protobuf::TextFormat::ParseFromString(text, request.mutable_resource()))
        << text;
    const auto put = catalog_.Put({admin_}, request);
    ASSERT_TRUE(put.has_value()) << put.error().message;
  }
  base::Result<v1::Resource> Subscribe(const base::auth::Principal& who, const std::string& product,
                                       const std::string& consumer = "") {
    v1::SubscribeRequest request;
    request.set_product(product);
    request.set_consumer(consumer);
    request.set_reason("refunds");
    return catalog_.Subscribe({who}, request);
  }
  base::Result<v1::Resource> Decide(const std::string& name, State::Value state) {
    v1::DecideSubscriptionRequest request;
    request.set_subscription(name);
    request.set_state(state);
    request.set_reason("because");
    return catalog_.DecideSubscription({operator_}, request);
  }
  base::Result<v1::Resource> Change(const base::auth::Principal& who, const std::string& name,
                                    State::Value state) {
    v1::ChangeSubscriptionRequest request;
    request.set_subscription(name);
    request.set_state(state);
    return catalog_.ChangeSubscription({who}, request);
  }
  v1::CreateKeyResponse CreateKey(const std::string& product) {
    v1::CreateKeyRequest request;
    request.set_consumer("alice");
    request.set_product(product);
    const auto made = catalog_.CreateKey({operator_}, request);
    EXPECT_TRUE(made.has_value()) << made.error().message;
    return made.has_value() ? *made : v1::CreateKeyResponse();
  }
  base::Result<v1::RotateKeyResponse> Rotate(const std::string& id, std::int64_t overlap_s = 0) {
    v1::RotateKeyRequest request;
    request.set_id(id);
    request.set_overlap_s(overlap_s);
    return catalog_.RotateKey({operator_}, request);
  }
  v1::ApiKey Key(const std::string& id) { return catalog_.Get("ApiKey", id)->api_key(); }
  v1::Subscription Subscription(const std::string& name) {
    return catalog_.Get("Subscription", name)->subscription();
  }

  const base::auth::Principal admin_ = Someone("token/admin", "admin");
  const base::auth::Principal operator_ = Someone("token/op", "operator");
  const base::auth::Principal alice_ = Someone("consumer/alice");
  const base::auth::Principal ann_ = Someone("entra/ann");
  support::FakeClock clock_;
  support::TemporaryFolder folder_;
  std::unique_ptr<Store> store_;
  Catalog catalog_;
};

TEST_F(SubscriptionsTest, SomebodyDecidesAboutASubscriptionUnlessTheProductSaysOtherwise) {
  const auto asked = Subscribe(alice_, "gold");
  ASSERT_TRUE(asked.has_value()) << asked.error().message;
  EXPECT_EQ(asked->subscription().state(), State::SUBMITTED);
  EXPECT_EQ(asked->subscription().consumer(), "alice");
  EXPECT_EQ(asked->subscription().started_at_ms(), 0);
  ASSERT_TRUE(Decide(asked->name(), State::ACTIVE).has_value());
  EXPECT_EQ(Subscription(asked->name()).decided_by(), "token/op");
  EXPECT_EQ(Subscription(asked->name()).started_at_ms(), clock_.UnixMillis());
  EXPECT_EQ(Decide(asked->name(), State::REJECTED).error().code, Code::kFailedPrecondition);

  const auto at_once = Subscribe(ann_, "free");
  ASSERT_TRUE(at_once.has_value());
  EXPECT_EQ(at_once->subscription().state(), State::ACTIVE);
  EXPECT_EQ(at_once->subscription().principal(), "entra/ann");
  EXPECT_EQ(at_once->subscription().started_at_ms(), clock_.UnixMillis());
}

TEST_F(SubscriptionsTest, AProductThatOneMayNotSeeIsNotThere) {
  MustPut("name: 'draft' product { }");
  MustPut("name: 'inner' product { state: PUBLISHED visibility { audiences: 'consumer:bob' } }");
  EXPECT_EQ(Subscribe(alice_, "draft").error().code, Code::kNotFound);
  EXPECT_EQ(Subscribe(alice_, "inner").error().code, Code::kNotFound);
  EXPECT_EQ(Subscribe(alice_, "draft").error().message.size(),
            Subscribe(alice_, "wrong").error().message.size());
  EXPECT_TRUE(Subscribe(operator_, "inner", "alice").has_value());
  EXPECT_EQ(Subscribe({}, "gold").error().code, Code::kUnauthenticated);
}

TEST_F(SubscriptionsTest, OnlyAnOperatorSubscribesOthers) {
  EXPECT_EQ(Subscribe(ann_, "gold", "alice").error().code, Code::kPermissionDenied);
  EXPECT_TRUE(Subscribe(operator_, "gold", "alice").has_value());
  EXPECT_EQ(Subscribe(operator_, "gold", "nobody").error().code, Code::kInvalidArgument);
}

TEST_F(SubscriptionsTest, ThereAreAsManyAsTheProductAllowsAndWhatIsOverDoesNotCount) {
  const auto first = Subscribe(alice_, "gold");
  ASSERT_TRUE(first.has_value());
  EXPECT_EQ(Subscribe(alice_, "gold").error().code, Code::kAlreadyExists);
  EXPECT_TRUE(Subscribe(alice_, "free").has_value());
  EXPECT_TRUE(Subscribe(ann_, "gold").has_value());
  ASSERT_TRUE(Change(alice_, first->name(), State::CANCELLED).has_value());
  EXPECT_TRUE(Subscribe(alice_, "gold").has_value());
}

TEST_F(SubscriptionsTest, ItsSubscriberMayEndItAndNothingElse) {
  const auto asked = Subscribe(alice_, "free");
  ASSERT_TRUE(asked.has_value());
  EXPECT_EQ(Change(ann_, asked->name(), State::CANCELLED).error().code, Code::kNotFound);
  EXPECT_EQ(Change(alice_, asked->name(), State::SUSPENDED).error().code, Code::kPermissionDenied);
  EXPECT_TRUE(Change(operator_, asked->name(), State::SUSPENDED).has_value());
  EXPECT_EQ(Change(alice_, asked->name(), State::ACTIVE).error().code, Code::kPermissionDenied);
  EXPECT_TRUE(Change(operator_, asked->name(), State::ACTIVE).has_value());
  EXPECT_TRUE(Change(alice_, asked->name(), State::CANCELLED).has_value());
  EXPECT_EQ(Change(operator_, asked->name(), State::ACTIVE).error().code,
            Code::kFailedPrecondition);
}

TEST_F(SubscriptionsTest, WhatWaitsIsDecidedAndNotResumed) {
  const auto asked = Subscribe(alice_, "gold");
  EXPECT_EQ(Change(operator_, asked->name(), State::ACTIVE).error().code,
            Code::kFailedPrecondition);
  EXPECT_TRUE(Change(alice_, asked->name(), State::CANCELLED).has_value());
}

TEST_F(SubscriptionsTest, AnExportAppliesUnchangedAndAStateIsNotChangedByAFile) {
  const auto asked = Subscribe(alice_, "free");
  v1::ApplyRequest apply;
  *apply.add_resources() = *catalog_.Get("Subscription", asked->name());
  const auto same = catalog_.Apply({operator_}, apply);
  ASSERT_TRUE(same.has_value()) << same.error().message;
  EXPECT_EQ(same->results(0).outcome(), v1::Outcome::UNCHANGED);
  // What is left out of a file is as it is.
  v1::Subscription& spec = *apply.mutable_resources(0)->mutable_subscription();
  spec.clear_state();
  spec.clear_started_at_ms();
  EXPECT_EQ(catalog_.Apply({operator_}, apply)->results(0).outcome(), v1::Outcome::UNCHANGED);
  spec.set_state(State::SUSPENDED);
  EXPECT_EQ(catalog_.Apply({operator_}, apply).error().code, Code::kFailedPrecondition);
}

TEST_F(SubscriptionsTest, AProductAndItsSubscriptionsMayBeAppliedTogetherInAnyOrder) {
  v1::ApplyRequest apply;
  ASSERT_TRUE(google::protobuf::TextFormat::ParseFromString(
      "resources { name: 's1' subscription { product: 'new' consumer: 'carol' } } "
      "resources { name: 'new' product { servers: 'local/pay' approval: AUTOMATIC } } "
      "resources { name: 'carol' consumer { } }",
      &apply));
  const auto applied = catalog_.Apply({operator_}, apply);
  ASSERT_TRUE(applied.has_value()) << applied.error().message;
  EXPECT_EQ(Subscription("s1").state(), State::ACTIVE);
}

TEST_F(SubscriptionsTest, AKeyForAProductMakesTheSubscriptionAndBothOfItsKeys) {
  const v1::CreateKeyResponse made = CreateKey("gold");
  EXPECT_EQ(Subscription(made.subscription()).state(), State::ACTIVE);
  EXPECT_EQ(Key(made.id()).slot(), v1::KeySlot::PRIMARY);
  EXPECT_EQ(Key(made.secondary_id()).slot(), v1::KeySlot::SECONDARY);
  EXPECT_EQ(Key(made.id()).sha256(), base::auth::HashKey(made.key()));
  v1::CreateKeyRequest again;
  again.set_consumer("alice");
  again.set_product("gold");
  EXPECT_EQ(catalog_.CreateKey({operator_}, again).error().code, Code::kAlreadyExists);

  v1::Resource revoked = *catalog_.Get("ApiKey", made.secondary_id());
  revoked.mutable_api_key()->set_revoked(true);
  v1::PutRequest put;
  *put.mutable_resource() = revoked;
  ASSERT_TRUE(catalog_.Put({operator_}, put).has_value());
  const v1::CreateKeyResponse missing = CreateKey("gold");
  EXPECT_EQ(missing.subscription(), made.subscription());
  EXPECT_EQ(missing.key(), "");
  EXPECT_NE(missing.secondary_id(), made.secondary_id());
}

TEST_F(SubscriptionsTest, ASuspendedSubscriptionIsNotRevivedByMakingKeys) {
  const v1::CreateKeyResponse made = CreateKey("gold");
  ASSERT_TRUE(Change(operator_, made.subscription(), State::SUSPENDED).has_value());
  v1::CreateKeyRequest request;
  request.set_consumer("alice");
  request.set_product("gold");
  const auto refused = catalog_.CreateKey({operator_}, request);
  ASSERT_TRUE(refused.has_error());
  EXPECT_EQ(refused.error().code, Code::kAlreadyExists);
  EXPECT_THAT(refused.error().message, HasSubstr("SUSPENDED"));
}

TEST_F(SubscriptionsTest, ARotatedKeyHasThePlaceOfTheOldOne) {
  const v1::CreateKeyResponse made = CreateKey("gold");
  const auto rotated = Rotate(made.id());
  ASSERT_TRUE(rotated.has_value()) << rotated.error().message;
  EXPECT_TRUE(Key(made.id()).revoked());
  EXPECT_EQ(Key(rotated->id()).slot(), v1::KeySlot::PRIMARY);
  EXPECT_EQ(Key(rotated->id()).subscription(), made.subscription());
  EXPECT_EQ(Key(rotated->id()).sha256(), base::auth::HashKey(rotated->key()));
  EXPECT_FALSE(Key(made.secondary_id()).revoked());
  EXPECT_EQ(Rotate(made.id()).error().code, Code::kFailedPrecondition);
  EXPECT_EQ(Rotate("none").error().code, Code::kNotFound);
}

TEST_F(SubscriptionsTest, WithAnOverlapTheOldKeyEndsLater) {
  const v1::CreateKeyResponse made = CreateKey("");
  ASSERT_TRUE(Rotate(made.id(), 60).has_value());
  EXPECT_FALSE(Key(made.id()).revoked());
  EXPECT_EQ(Key(made.id()).expires_at_ms(), clock_.UnixMillis() + 60'000);
  // Never later than it would have ended.
  ASSERT_TRUE(Rotate(made.id(), 3600).has_value());
  EXPECT_EQ(Key(made.id()).expires_at_ms(), clock_.UnixMillis() + 60'000);
}

TEST_F(SubscriptionsTest, RotationDoesNotLiftASuspension) {
  const v1::CreateKeyResponse made = CreateKey("");
  v1::ChangeKeyRequest change;
  change.set_id(made.id());
  change.set_suspended(true);
  ASSERT_TRUE(catalog_.ChangeKey({operator_}, change).has_value());
  const auto rotated = Rotate(made.id());
  ASSERT_TRUE(rotated.has_value());
  EXPECT_TRUE(Key(rotated->id()).suspended());
}

TEST_F(SubscriptionsTest, WhatCannotBeWithoutAProductOrConsumerGoesWithIt) {
  const v1::CreateKeyResponse made = CreateKey("gold");
  v1::DeleteRequest request;
  request.set_kind("Product");
  request.set_name("gold");
  ASSERT_TRUE(catalog_.Delete({operator_}, request).has_value());
  EXPECT_EQ(catalog_.Get("Subscription", made.subscription()).error().code, Code::kNotFound);
  EXPECT_EQ(catalog_.Get("ApiKey", made.id()).error().code, Code::kNotFound);

  const v1::CreateKeyResponse other = CreateKey("free");
  request.set_kind("Consumer");
  request.set_name("alice");
  ASSERT_TRUE(catalog_.Delete({operator_}, request).has_value());
  EXPECT_EQ(catalog_.Get("Subscription", other.subscription()).error().code, Code::kNotFound);
}

TEST_F(SubscriptionsTest, FieldsThatCannotBeAreNamed) {
  const auto message = [&](const std::string& text) { return Put(text).error().message; };
  EXPECT_THAT(message("name: 'p' product { servers: 'local/none' }"), HasSubstr("/spec/servers/0"));
  EXPECT_THAT(message("name: 'p' product { servers: 'none' }"), HasSubstr("/spec/servers/0"));
  EXPECT_THAT(message("name: 'p' product { max_subscriptions: 1001 }"),
              HasSubstr("/spec/max_subscriptions"));
  EXPECT_THAT(message("name: 'p' product { visibility { audiences: 'me' } }"),
              HasSubstr("/spec/visibility/audiences/0"));
  EXPECT_THAT(message("name: 's' subscription { product: 'gold' }"), HasSubstr("/spec/consumer"));
  EXPECT_THAT(message("name: 's' subscription { product: 'none' consumer: 'alice' }"),
              HasSubstr("/spec/product"));
  EXPECT_THAT(message("name: 's' subscription { product: 'gold' principal: 'consumer/alice' }"),
              HasSubstr("/spec/principal"));
  EXPECT_THAT(message("name: 'k' api_key { consumer: 'alice' slot: PRIMARY }"),
              HasSubstr("/spec/slot"));
}

}  // namespace
}  // namespace registry
