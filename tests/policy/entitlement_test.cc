#include "policy/entitlement.h"

#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>

namespace policy {
namespace {

namespace v1 = portolan::v1;
using Verdict = Entitlement::Verdict;

class EntitlementTest : public testing::Test {
 protected:
  void Product(const std::string& name, const std::string& text) {
    v1::Product product;
    EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &product)) << text;
    entitlements_.Add(name, product);
  }
  void Subscription(const std::string& name, const std::string& text) {
    v1::Subscription subscription;
    EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &subscription)) << text;
    entitlements_.Add(name, subscription);
  }
  Entitlement Of(const Subscriber& who, const std::string& server = "local/pay") const {
    return entitlements_.Of(server, who, kNow);
  }

  static constexpr std::int64_t kNow = 1'000'000;
  Entitlements entitlements_;
};

TEST_F(EntitlementTest, AServerOfNoProductNeedsNoSubscription) {
  Product("gold", "state: PUBLISHED servers: 'local/other'");
  EXPECT_EQ(Of({"anonymous"}).verdict, Verdict::kFree);
  EXPECT_EQ(Of({"anonymous"}).product, "");
}

TEST_F(EntitlementTest, ADraftHasNoEffect) {
  Product("gold", "state: DRAFT servers: 'local/pay'");
  Product("silver", "servers: 'local/pay'");
  EXPECT_TRUE(Of({"consumer/bob"}).permitted());
}

TEST_F(EntitlementTest, OnlyTheSubscriberIsLetThrough) {
  Product("gold", "state: PUBLISHED servers: 'local/pay'");
  Subscription("s1", "product: 'gold' consumer: 'alice' state: ACTIVE");
  Subscription("s2", "product: 'gold' principal: 'entra/7' state: ACTIVE");
  const Entitlement alice = Of({"consumer/alice"});
  EXPECT_EQ(alice.verdict, Verdict::kSubscribed);
  EXPECT_EQ(alice.product, "gold");
  EXPECT_EQ(alice.subscription, "s1");
  EXPECT_EQ(Of({"entra/7"}).subscription, "s2");
  EXPECT_EQ(Of({"consumer/bob"}).reason(), "SubscriptionMissing");
  EXPECT_FALSE(Of({"anonymous"}).permitted());
}

TEST_F(EntitlementTest, WhatIsNotInForceLetsNobodyThrough) {
  Product("gold", "state: PUBLISHED servers: 'local/pay'");
  Subscription("s1", "product: 'gold' consumer: 'a' state: SUBMITTED");
  Subscription("s2", "product: 'gold' consumer: 'a' state: CANCELLED");
  Subscription("s3", "product: 'gold' consumer: 'a' state: REJECTED");
  Subscription("s4", "product: 'gold' consumer: 'a' state: ACTIVE expires_at_ms: 999999");
  EXPECT_EQ(Of({"consumer/a"}).reason(), "SubscriptionMissing");
  Subscription("s5", "product: 'gold' consumer: 'a' state: SUSPENDED");
  EXPECT_EQ(Of({"consumer/a"}).reason(), "SubscriptionSuspended");
  EXPECT_EQ(Of({"consumer/a"}).subscription, "s5");
}

TEST_F(EntitlementTest, OfTwoProductsWithTheServerTheOldestSubscriptionCounts) {
  Product("gold", "state: PUBLISHED servers: 'local/pay'");
  Product("basic", "state: PUBLISHED servers: 'local/pay'");
  Subscription("s1", "product: 'basic' consumer: 'a' state: ACTIVE started_at_ms: 20");
  Subscription("s2", "product: 'gold' consumer: 'a' state: ACTIVE started_at_ms: 10");
  EXPECT_EQ(Of({"consumer/a"}).product, "gold");
  EXPECT_EQ(Of({.principal = "consumer/a", .product = "basic"}).subscription, "s1");
  EXPECT_FALSE(Of({.principal = "consumer/a", .product = "none"}).permitted());
}

TEST_F(EntitlementTest, AKeyStandsForItsSubscriptionAlone) {
  Product("gold", "state: PUBLISHED servers: 'local/pay'");
  Product("basic", "state: PUBLISHED servers: 'local/pay' servers: 'local/other'");
  Subscription("s1", "product: 'gold' consumer: 'a' state: ACTIVE");
  Subscription("s2", "product: 'basic' consumer: 'a' state: ACTIVE");
  EXPECT_EQ(Of({"consumer/a", "s2"}).product, "basic");
  EXPECT_EQ(Of({"consumer/a", "s1"}, "local/other").reason(), "SubscriptionMissing");
  // Somebody else's is none of one's own.
  EXPECT_FALSE(Of({"consumer/b", "s1"}).permitted());
}

TEST_F(EntitlementTest, AnOpenProductNeedsNoSubscriptionAndItsRulesHold) {
  Product("gold", "state: PUBLISHED servers: 'local/pay'");
  Product("free", "state: PUBLISHED servers: 'local/pay' open: true");
  Subscription("s1", "product: 'gold' consumer: 'a' state: ACTIVE");
  Subscription("s2", "product: 'gold' consumer: 'b' state: SUSPENDED");
  EXPECT_EQ(Of({"anonymous"}).verdict, Verdict::kOpen);
  EXPECT_EQ(Of({"anonymous"}).product, "free");
  EXPECT_EQ(Of({"consumer/a"}).product, "gold");
  EXPECT_EQ(Of({"consumer/b"}).product, "free");
  EXPECT_EQ(Of({"consumer/b", "s2"}).reason(), "SubscriptionSuspended");
}

TEST_F(EntitlementTest, WhoAdministersTheServerNeedsNone) {
  Product("gold", "state: PUBLISHED servers: 'local/pay'");
  EXPECT_EQ(Of({.principal = "admin", .administers = true}).verdict, Verdict::kFree);
}

TEST_F(EntitlementTest, TheSentenceNamesNoProductThatTheCallerHasNot) {
  Product("secret-plan", "state: PUBLISHED servers: 'local/pay'");
  EXPECT_EQ(Of({"consumer/a"}).Sentence("local/pay").find("secret-plan"), std::string::npos);
}

}  // namespace
}  // namespace policy
