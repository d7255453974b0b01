#include "mcp/server/subscriptions.h"

#include "mcp/server/resources.h"
#include "mcp/server/tools.h"
#include "tests/mcp/server/server_fixture.h"

namespace mcp {
namespace {

class SubscriptionsTest : public ServerFixture {
 protected:
  void Listen(TestCall& test, std::string_view filter) {
    Fill(test, "subscriptions/listen", R"("notifications":)" + std::string(filter));
    Begin(server, test);
  }
  void HangUp(TestCall& test) {
    test.cancel.Request();
    Settle();
    EXPECT_TRUE(test.answered);
  }
  static std::string_view Method(const std::string& message) { return Member(message, "method"); }

  Subscriptions subscriptions{loop};
  Tools tools{{}, {}, {&subscriptions}};
  Server server{{}, {&tools, &subscriptions}};
};

TEST_F(SubscriptionsTest, AcknowledgesFirstWhatItWillSend) {
  TestCall listener;
  Listen(listener, R"({"toolsListChanged":true,"promptsListChanged":false,"more":true,)"
                   R"("resourceSubscriptions":["x://a"]})");
  ASSERT_EQ(listener.client.heard.size(), 1u);
  EXPECT_EQ(listener.client.heard[0],
            R"({"jsonrpc":"2.0","method":"notifications/subscriptions/acknowledged","params":{)"
            R"("notifications":{"toolsListChanged":true,"resourceSubscriptions":["x://a"]},)"
            R"("_meta":{"io.modelcontextprotocol/subscriptionId":7}}})");
  HangUp(listener);
}

TEST_F(SubscriptionsTest, TellsWhoAsked) {
  TestCall of_tools, of_prompts;
  Listen(of_tools, R"({"toolsListChanged":true})");
  Listen(of_prompts, R"({"promptsListChanged":true})");
  Tool fresh;
  fresh.name = "fresh";
  tools.Add(std::move(fresh));
  Settle();
  ASSERT_EQ(of_tools.client.heard.size(), 2u);
  EXPECT_EQ(Method(of_tools.client.heard[1]), R"("notifications/tools/list_changed")");
  EXPECT_EQ(of_prompts.client.heard.size(), 1u);
  EXPECT_TRUE(tools.Remove("fresh"));
  EXPECT_FALSE(tools.Remove("fresh"));
  Settle();
  EXPECT_EQ(of_tools.client.heard.size(), 3u);
  HangUp(of_tools);
  HangUp(of_prompts);
}

TEST_F(SubscriptionsTest, TellsEachChangedUriOnce) {
  TestCall listener;
  Listen(listener, R"({"resourceSubscriptions":["x://a","x://b"]})");
  subscriptions.AnnounceResource("x://b");
  subscriptions.AnnounceResource("x://b");
  subscriptions.AnnounceResource("x://c");
  Settle();
  ASSERT_EQ(listener.client.heard.size(), 2u);
  EXPECT_EQ(Member(Member(listener.client.heard[1], "params"), "uri"), R"("x://b")");
  HangUp(listener);
}

TEST_F(SubscriptionsTest, WhoMayNotKnowHearsNothing) {
  TestCall listener;
  Listen(listener, R"({"resourcesListChanged":true,"resourceSubscriptions":["x://a"]})");
  const auto others = [](const Call& call) { return !call.principal.anonymous(); };
  subscriptions.AnnounceResources(others);
  subscriptions.AnnounceResource("x://a", others);
  Settle();
  EXPECT_EQ(listener.client.heard.size(), 1u);
  HangUp(listener);
}

TEST_F(SubscriptionsTest, EndsInGoodOrderForAll) {
  TestCall listener, late;
  EXPECT_FALSE(subscriptions.heard());
  Listen(listener, R"({"toolsListChanged":true})");
  EXPECT_TRUE(subscriptions.heard());
  subscriptions.End();
  Settle();
  ASSERT_TRUE(listener.answered);
  EXPECT_EQ(listener.result(), R"({"resultType":"complete","_meta":{)"
                               R"("io.modelcontextprotocol/subscriptionId":7}})");
  EXPECT_FALSE(subscriptions.heard());
  Listen(late, R"({"toolsListChanged":true})");
  EXPECT_TRUE(late.answered);
}

TEST_F(SubscriptionsTest, NobodyHearsAnythingAfterHangingUp) {
  TestCall listener;
  Listen(listener, R"({"toolsListChanged":true})");
  HangUp(listener);
  EXPECT_EQ(listener.response.kind, Response::Kind::kGone);
  subscriptions.AnnounceTools();
  Settle();
  EXPECT_EQ(listener.client.heard.size(), 1u);
}

TEST_F(SubscriptionsTest, AFilterThatIsNoneIsRefused) {
  TestCall without, wrong;
  Fill(without, "subscriptions/listen", "");
  Begin(server, without);
  EXPECT_EQ(without.code(), kInvalidParams);
  Listen(wrong, R"({"resourceSubscriptions":[7]})");
  EXPECT_EQ(wrong.code(), kInvalidParams);
}

}  // namespace
}  // namespace mcp
