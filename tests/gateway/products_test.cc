// Products through a gateway: who is let through by which subscription, and whose rules hold then.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/auth/api_key.h"
#include "base/auth/call_token.h"
#include "tests/gateway/gateway_fixture.h"

namespace gateway {
namespace {

using support::GatewayFixture;
using support::HttpAnswer;
using testing::HasSubstr;

class ProductsTest : public testing::Test {
 protected:
  ProductsTest() {
    gateway_.PutServer("pay");
    gateway_.PutServer("other");
  }

  void Product(const std::string& name, const std::string& more = "servers: 'local/pay'") {
    gateway_.Put("Product", "name: '" + name + "' product { state: PUBLISHED " + more + " }");
  }
  void Subscription(const std::string& name, const std::string& more) {
    gateway_.Put("Subscription", "name: '" + name + "' subscription { " + more + " }");
  }
  HttpAnswer Call(const std::string& key = "", const std::string& server = "pay") {
    gateway_.Publish();
    return gateway_.CallTool("/" + server + "/mcp", "a",
                             key.empty() ? "" : "X-Api-Key: " + key + "\r\n");
  }

  GatewayFixture gateway_;
};

TEST_F(ProductsTest, WithoutASubscriptionACallerIsRefused401OrWithAProof403) {
  Product("gold");
  const std::string key = gateway_.PutKey("alice");
  const HttpAnswer nobody = Call();
  EXPECT_EQ(nobody.status, 401);
  EXPECT_THAT(nobody.body, HasSubstr(R"("code":-31401)"));
  EXPECT_THAT(nobody.body, HasSubstr(R"("reason":"SubscriptionMissing")"));
  EXPECT_THAT(nobody.body, HasSubstr(R"("id":null)"));
  EXPECT_NE(nobody.Field("WWW-Authenticate"), "");
  const HttpAnswer alice = Call(key);
  EXPECT_EQ(alice.status, 403);
  EXPECT_THAT(alice.body, HasSubstr(R"("code":-31403)"));
  EXPECT_THAT(alice.body, HasSubstr(R"("reason":"SubscriptionMissing")"));
  EXPECT_EQ(Call(key, "other").status, 200);
  EXPECT_EQ(gateway_.server_calls, 1);
}

TEST_F(ProductsTest, ASubscriberIsLetThroughAndTheRecordSaysByWhat) {
  Product("gold");
  Subscription("s1", "product: 'gold' consumer: 'alice' state: ACTIVE");
  EXPECT_EQ(Call(gateway_.PutKey("alice")).status, 200);
  EXPECT_EQ(gateway_.LastRecord().product, "gold");
  EXPECT_EQ(gateway_.LastRecord().subscription, "s1");
  EXPECT_EQ(Call(gateway_.PutKey("bob")).status, 403);
}

TEST_F(ProductsTest, ASuspendedSubscriptionIsRefusedUntilItIsActiveAgain) {
  Product("gold");
  const std::string key = gateway_.PutKey("alice");
  Subscription("s1", "product: 'gold' consumer: 'alice' state: SUSPENDED");
  const HttpAnswer suspended = Call(key);
  EXPECT_EQ(suspended.status, 403);
  EXPECT_THAT(suspended.body, HasSubstr(R"("reason":"SubscriptionSuspended")"));
  Subscription("s1", "product: 'gold' consumer: 'alice' state: ACTIVE");
  EXPECT_EQ(Call(key).status, 200);
  Subscription("s1", "product: 'gold' consumer: 'alice' state: ACTIVE expires_at_ms: 1");
  EXPECT_THAT(Call(key).body, HasSubstr("SubscriptionMissing"));
  gateway_.Delete("Subscription", "s1");
  EXPECT_THAT(Call(key).body, HasSubstr("SubscriptionMissing"));
  gateway_.Delete("Product", "gold");
  EXPECT_EQ(Call(key).status, 200);
}

TEST_F(ProductsTest, AKeyOfASubscriptionCallsByThatOne) {
  Product("gold");
  Product("silver");
  Subscription("s1", "product: 'gold' consumer: 'alice' state: ACTIVE started_at_ms: 1");
  Subscription("s2", "product: 'silver' consumer: 'alice' state: ACTIVE started_at_ms: 2");
  const std::string any = gateway_.PutKey("alice");
  const std::string own = gateway_.PutKey("alice", "subscription: 's2' slot: PRIMARY");
  EXPECT_EQ(Call(any).status, 200);
  EXPECT_EQ(gateway_.LastRecord().product, "gold");
  EXPECT_EQ(Call(own).status, 200);
  EXPECT_EQ(gateway_.LastRecord().product, "silver");
  Subscription("s2", "product: 'silver' consumer: 'alice' state: SUSPENDED");
  EXPECT_EQ(Call(any).status, 200);
  EXPECT_EQ(Call(own).status, 403);
}

TEST_F(ProductsTest, AnOpenProductsRulesHoldForWhoHasNoSubscription) {
  Product("free", "servers: 'local/pay' open: true");
  gateway_.Put("PolicySet",
               "name: 'slow' policy_set { attach { product: 'free' } errors: HTTP "
               "rules { id: 'burst' rate_limit { calls: 1 per_s: 3600 } } }");
  EXPECT_EQ(Call().status, 200);
  EXPECT_EQ(gateway_.LastRecord().product, "free");
  EXPECT_EQ(Call().status, 429);
  EXPECT_EQ(gateway_.LastRecord().rule, "product/slow#burst");
}

TEST_F(ProductsTest, AProductsRulesHoldForItsCallersAloneAndNameItAndItsSubscription) {
  Product("gold");
  Product("basic");
  Subscription("s1", "product: 'gold' consumer: 'alice' state: ACTIVE");
  Subscription("s2", "product: 'basic' consumer: 'bob' state: ACTIVE");
  gateway_.Put("PolicySet",
               "name: 'plan' policy_set { attach { product: 'basic' } "
               "rules { id: 'no' authorize { deny_if: \"product.name == 'basic' && "
               "subscription.id == 's2'\" } } }");
  const std::string alice = gateway_.PutKey("alice"), bob = gateway_.PutKey("bob");
  EXPECT_THAT(Call(alice).body, HasSubstr("\"result\""));
  EXPECT_THAT(Call(bob).body, HasSubstr("error"));
  EXPECT_EQ(gateway_.LastRecord().rule, "product/plan#no");
}

TEST_F(ProductsTest, AChildsPermitCannotUndoAParentsDeny) {
  Product("gold");
  Subscription("s1", "product: 'gold' consumer: 'alice' state: ACTIVE");
  gateway_.Put("PolicySet",
               "name: 'plan' policy_set { attach { product: 'gold' } "
               "rules { id: 'no' authorize { deny_if: \"tool.name == 'a'\" } } }");
  gateway_.Put(
      "PolicySet",
      "name: 'mine' policy_set { attach { consumer: 'alice' } "
      "rules { id: 'yes' authorize { permit_if: \"principal.id == 'consumer/alice'\" } } }");
  EXPECT_THAT(Call(gateway_.PutKey("alice")).body, HasSubstr("error"));
  EXPECT_EQ(gateway_.LastRecord().rule, "product/plan#no");
}

TEST_F(ProductsTest, AddressesOfAProductAreAskedWithTheBody) {
  Product("gold");
  Subscription("s1", "product: 'gold' consumer: 'alice' state: ACTIVE");
  gateway_.Put("PolicySet",
               "name: 'plan' policy_set { attach { product: 'gold' } "
               "rules { id: 'net' ip { deny: '127.0.0.1' } } }");
  const std::string key = gateway_.PutKey("alice");
  EXPECT_THAT(Call(key).body, HasSubstr("AddressDenied"));
  EXPECT_EQ(gateway_.LastRecord().rule, "product/plan#net");
}

TEST_F(ProductsTest, WhoAdministersTheServerNeedsNoSubscription) {
  Product("gold");
  const auto keys = base::auth::GenerateSigningKeyPair();
  gateway_.SetKeys({{}, {keys.public_key}});
  base::auth::Principal admin;
  admin.id = "admin";
  admin.kind = base::auth::PrincipalKind::kUser;
  const std::string token =
      base::auth::SignCallToken(keys, admin, base::SystemClock().UnixMillis() + 60'000);
  gateway_.Publish();
  EXPECT_EQ(gateway_.CallTool("/pay/mcp", "a", "Authorization: Bearer " + token + "\r\n").status,
            200);
}

TEST_F(ProductsTest, ASuspendedKeySaysSoAndARotatedOneIsRevoked) {
  const std::string suspended = gateway_.PutKey("alice", "suspended: true");
  EXPECT_EQ(Call(suspended).status, 401);
  EXPECT_THAT(Call(suspended).body, HasSubstr(R"("reason":"KeySuspended")"));
  // Whoever does not have the whole key learns nothing.
  EXPECT_THAT(Call(suspended + "x").body, HasSubstr(R"("reason":"KeyInvalid")"));
}

TEST_F(ProductsTest, ChainsStayWhenSomethingElseOfTheCallersChanges) {
  Product("gold");
  Subscription("s1", "product: 'gold' consumer: 'alice' state: ACTIVE");
  gateway_.Put("PolicySet",
               "name: 'plan' policy_set { attach { product: 'gold' } "
               "rules { id: 'burst' rate_limit { calls: 2 per_s: 3600 } } }");
  const std::string key = gateway_.PutKey("alice");
  EXPECT_THAT(Call(key).body, HasSubstr("\"result\""));
  gateway_.PutKey("bob");
  EXPECT_THAT(Call(key).body, HasSubstr("\"result\""));
  gateway_.PutKey("carol");
  EXPECT_THAT(Call(key).body, HasSubstr("RateLimitExceeded"));
}

TEST_F(ProductsTest, InStyleAzureASpentRateIs429) {
  gateway_.Put("PolicySet",
               "name: 'base' policy_set { attach { global: true } errors: AZURE "
               "rules { id: 'burst' rate_limit { calls: 1 per_s: 3600 } } }");
  EXPECT_EQ(Call().status, 200);
  EXPECT_EQ(Call().status, 429);
}

}  // namespace
}  // namespace gateway
