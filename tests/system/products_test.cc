// The platform engineer puts servers into a product; only who has subscribed to it calls them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

#include "tests/support/installation.h"

namespace {

using nlohmann::json;
using support::DemoServer;
using support::Installation;
using ::testing::HasSubstr;

constexpr std::chrono::seconds kWithinASecond{1};

class ProductsTest : public ::testing::Test {
 protected:
  ProductsTest() {
    portolan_.CliOk({"add", "demo", server_.url()});
    portolan_.CliOk({"product", "create", "gold", "--server", "demo"});
  }

  json Tree(const std::vector<std::string>& words) {
    std::vector<std::string> all = words;
    all.insert(all.end(), {"-o", "json"});
    return json::parse(portolan_.CliOk(all));
  }
  support::RawResponse Call(const std::string& key) {
    return portolan_.Call("demo", "echo", R"({"message":"x"})",
                          key.empty() ? "" : "X-Api-Key: " + key + "\r\n");
  }
  bool Becomes(const std::string& key, int status) {
    return support::Becomes(kWithinASecond, [&] { return Call(key).status == status; });
  }
  static std::string Id(const std::string& key) { return key.substr(4, key.find('_', 4) - 4); }

  DemoServer server_;
  Installation portolan_;
};

TEST_F(ProductsTest, AnUnapprovedSubscriberIsRefusedAndAnApprovedOneIsServedWithinASecond) {
  const std::string key = Tree({"key", "create", "alice"})["key"];
  EXPECT_TRUE(Becomes("", 401));
  EXPECT_TRUE(Becomes(key, 403));
  const json asked = Tree({"--key", key, "subscribe", "gold"});
  EXPECT_EQ(asked["state"], "SUBMITTED");
  EXPECT_THAT(Call(key).body, HasSubstr("SubscriptionMissing"));
  const std::string id = asked["subscription"];
  EXPECT_EQ(portolan_.Cli({"--token", key, "subscription", "approve", id}).exit_code, 4);
  portolan_.CliOk({"subscription", "approve", id});
  EXPECT_TRUE(Becomes(key, 200));
  portolan_.CliOk({"subscription", "suspend", id});
  EXPECT_TRUE(Becomes(key, 403));
  EXPECT_THAT(Call(key).body, HasSubstr("SubscriptionSuspended"));
  portolan_.CliOk({"subscription", "resume", id});
  EXPECT_TRUE(Becomes(key, 200));
  portolan_.CliOk({"--key", key, "subscription", "cancel", id});
  EXPECT_TRUE(Becomes(key, 403));
}

TEST_F(ProductsTest, TheOldKeyFailsAfterRotationAndTheSecondaryStillWorks) {
  const json made = Tree({"key", "create", "alice", "--product", "gold"});
  const std::string primary = made["key"], secondary = made["secondary_key"];
  ASSERT_TRUE(Becomes(primary, 200));
  ASSERT_TRUE(Becomes(secondary, 200));
  const std::string rotated = Tree({"key", "rotate", Id(primary)})["key"];
  EXPECT_TRUE(Becomes(rotated, 200));
  EXPECT_TRUE(Becomes(primary, 401));
  EXPECT_THAT(Call(primary).body, HasSubstr("KeyRevoked"));
  EXPECT_EQ(Call(secondary).status, 200);

  portolan_.CliOk({"key", "suspend", Id(secondary)});
  EXPECT_TRUE(Becomes(secondary, 401));
  EXPECT_THAT(Call(secondary).body, HasSubstr("KeySuspended"));
  portolan_.CliOk({"key", "resume", Id(secondary)});
  EXPECT_TRUE(Becomes(secondary, 200));
  portolan_.CliOk({"key", "expire", Id(secondary), "now"});
  EXPECT_TRUE(Becomes(secondary, 401));
  EXPECT_THAT(Call(secondary).body, HasSubstr("KeyExpired"));
  // Neither database nor export holds a key.
  EXPECT_EQ(portolan_.CliOk({"export"}).find(rotated), std::string::npos);
}

// What `can` and `policy show` say, to the byte, but for names that are made at random.
TEST_F(ProductsTest, CanAndPolicyShowNameTheProductAndTheSubscription) {
  portolan_.Apply(
      "kind: PolicySet\nname: plan\nspec:\n  attach: {product: gold}\n  rules:\n"
      "  - id: burst\n    select: {methods: [tools/call]}\n"
      "    rate_limit: {calls: 60, per_s: 60, key: subscription.id}\n"
      "---\nkind: PolicySet\nname: who\nspec:\n  attach: {server: local/demo}\n  rules:\n"
      "  - id: no-slow\n    select: {tools: [slow]}\n    authorize: {deny_if: \"product.name == "
      "'gold'\"}\n");
  const std::string subscription =
      Tree({"key", "create", "alice", "--product", "gold"})["subscription"];
  portolan_.CliOk({"key", "create", "bob"});

  EXPECT_EQ(
      portolan_.CliOk({"can", "alice", "demo.echo", "message=x", "-o", "json"}),
      R"({"permitted":true,"limits":[{"scope":"product","policy_set":"plan","rule":{"id":"burst","select":{"methods":["tools/call"]},"rate_limit":{"calls":60,"per_s":60,"key":"subscription.id"}}}],"product":"gold","subscription":")" +
          subscription + "\"}\n");
  const auto denied = portolan_.Cli({"can", "alice", "demo.slow", "-o", "json"});
  EXPECT_EQ(denied.exit_code, 4);
  EXPECT_EQ(json::parse(denied.out)["rule"]["scope"], "server");
  EXPECT_EQ(json::parse(denied.out)["product"], "gold");
  const auto bob = portolan_.Cli({"can", "bob", "demo.echo", "message=x", "-o", "json"});
  EXPECT_EQ(bob.exit_code, 4);
  EXPECT_EQ(
      bob.out,
      "{\"reason\":\"SubscriptionMissing\",\"because\":\"no subscription to a product that has the "
      "server is in force\"}\n");

  EXPECT_EQ(
      portolan_.CliOk({"policy", "show", "demo", "--consumer", "alice", "-o", "json"}),
      R"({"scope":"product","policy_set":"plan","rule":{"id":"burst","select":{"methods":["tools/call"]},"rate_limit":{"calls":60,"per_s":60,"key":"subscription.id"}}})"
      "\n"
      R"({"scope":"server","policy_set":"who","rule":{"id":"no-slow","select":{"tools":["slow"]},"authorize":{"deny_if":"product.name == 'gold'"}}})"
      "\n");
  EXPECT_EQ(portolan_.CliOk({"policy", "show", "demo", "--product", "gold", "-o", "name"}),
            "product/plan#burst\nserver/who#no-slow\n");
  EXPECT_EQ(portolan_.CliOk({"policy", "show", "demo", "-o", "name"}), "server/who#no-slow\n");
}

TEST_F(ProductsTest, ExportingAndApplyingAgainChangesNothing) {
  portolan_.CliOk({"key", "create", "alice", "--product", "gold"});
  const std::string all = portolan_.CliOk({"export"});
  EXPECT_THAT(all, HasSubstr("kind: Product"));
  EXPECT_THAT(all, HasSubstr("kind: Subscription"));
  const std::string applied = portolan_.CliOk({"apply", "-f", "-", "-o", "json"}, all);
  std::istringstream lines(applied);
  for (std::string line; std::getline(lines, line);)
    EXPECT_EQ(json::parse(line)["outcome"], "UNCHANGED") << line;
}

}  // namespace
