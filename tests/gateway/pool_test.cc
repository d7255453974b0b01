// Servers that run at several places, over real sockets.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <google/protobuf/text_format.h>

#include "gateway/backends/pool_state.h"
#include "tests/gateway/gateway_fixture.h"
#include "tests/gateway/real_server.h"
#include "tests/support/fake_clock.h"

namespace gateway {
namespace {

using std::chrono::seconds;
using support::GatewayFixture;
using support::HttpAnswer;
using support::RealServer;
using testing::HasSubstr;
using Request = RealServer::Request;

class GatewayPoolTest : public testing::Test {
 protected:
  void Serve(const std::string& pool) {
    gateway_.Put(
        "Server",
        "name: 'local/echo' server { base_path: 'echo' approval: APPROVED endpoint { pool { " +
            pool + " } } }");
    gateway_.Publish();
  }
  static std::string Member(const std::string& name, const RealServer& server,
                            const std::string& more = "") {
    return "members { name: '" + name + "' streamable_http { url: '" + server.url() + "' } " +
           more + " } ";
  }
  void Rule(const std::string& upstream) {
    gateway_.Put("PolicySet",
                 "name: 'base' policy_set { attach { global: true } rules { id: 'up' upstream { " +
                     upstream + " } } }");
    gateway_.Publish();
  }
  HttpAnswer Call() { return gateway_.CallTool("/echo/mcp", "add"); }
  void CallTimes(int times) {
    for (int i = 0; i < times; ++i) EXPECT_EQ(Call().status, 200);
  }

  support::FakeClock clock_;
  GatewayFixture gateway_{{.real_servers = true, .rule_clock = &clock_}};
};

TEST_F(GatewayPoolTest, MembersAreAskedInTurnByTheirWeights) {
  RealServer a, b;
  Serve(Member("a", a, "weight: 3") + Member("b", b));
  CallTimes(40);
  EXPECT_EQ(a.calls(), 30);
  EXPECT_EQ(b.calls(), 10);
  const std::string member = gateway_.LastRecord().attempts.at(0).member;
  EXPECT_TRUE(member == "a" || member == "b") << member;
}

TEST_F(GatewayPoolTest, ADrainingMemberGetsNothingNewAndWeightsChangeWithoutANewBackend) {
  RealServer a, b;
  Serve(Member("a", a) + Member("b", b));
  CallTimes(4);
  EXPECT_EQ(a.calls(), 2);
  Serve(Member("a", a, "draining: true") + Member("b", b));
  CallTimes(4);
  EXPECT_EQ(a.calls(), 2);
  EXPECT_EQ(b.calls(), 6);
}

TEST_F(GatewayPoolTest, ACallThatFailsIsAskedOfAnotherMember) {
  RealServer a([](base::http::Exchange& exchange, const Request&, int) {
    return RealServer::AnswerStatus(exchange, 503);
  });
  RealServer b;
  Serve(Member("a", a) + Member("b", b));
  Rule("retry { attempts: 1 backoff_ms: 0 force: true }");
  for (int i = 0; i < 6; ++i) EXPECT_THAT(Call().body, HasSubstr(R"("result")"));
  EXPECT_EQ(b.calls(), 6);
}

TEST_F(GatewayPoolTest, EachMemberHasItsOwnBreakerAndNoneHealthyIs31503) {
  const auto fail = [](base::http::Exchange& exchange, const Request&, int) {
    return RealServer::AnswerStatus(exchange, 503);
  };
  RealServer a(fail), b(fail);
  Serve(Member("a", a) + Member("b", b));
  Rule("breaker { failures: 2 open_s: 20 }");
  CallTimes(4);
  EXPECT_EQ(a.calls(), 2);
  EXPECT_EQ(b.calls(), 2);
  const HttpAnswer refused = Call();
  EXPECT_THAT(refused.body, HasSubstr("-31503"));
  EXPECT_NE(refused.Field("Retry-After"), "");
  EXPECT_EQ(a.calls() + b.calls(), 4);
  clock_.Advance(seconds(20));
  Call();
  EXPECT_EQ(a.calls() + b.calls(), 5);
}

TEST_F(GatewayPoolTest, ASessionStaysWithItsMember) {
  RealServer a, b;
  Serve(Member("a", a) + Member("b", b));
  const HttpAnswer hello = gateway_.Post(
      "/echo/mcp",
      R"({"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-06-18","capabilities":{},"clientInfo":{"name":"old","version":"1"}}})");
  const std::string session = hello.Field("Mcp-Session-Id");
  ASSERT_FALSE(session.empty()) << hello.body;
  const auto call = [&] {
    const HttpAnswer answer = gateway_.Post(
        "/echo/mcp", R"({"jsonrpc":"2.0","id":"a","method":"tools/call","params":{"name":"add"}})",
        "Mcp-Session-Id: " + session + "\r\nMCP-Protocol-Version: 2025-06-18\r\n");
    EXPECT_THAT(answer.body, HasSubstr(R"("result")"));
  };
  for (int i = 0; i < 6; ++i) call();
  EXPECT_EQ(a.calls() * b.calls(), 0);
  EXPECT_EQ(a.calls() + b.calls(), 6);
  // Also while its member drains.
  const bool at_a = a.calls() > 0;
  Serve(Member("a", a, at_a ? "draining: true" : "") +
        Member("b", b, at_a ? "" : "draining: true"));
  call();
  EXPECT_EQ(a.calls() * b.calls(), 0);
}

// ---- Who is asked

class PoolStateTest : public testing::Test {
 protected:
  void Set(const std::string& text) {
    portolan::v1::Pool pool;
    ASSERT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &pool)) << text;
    state_.Set(pool);
  }
  // How often each is chosen.
  std::map<std::string, int> Choose(int times, const PoolState::Wish& wish = {}) {
    std::map<std::string, int> counts;
    for (int i = 0; i < times; ++i) ++counts[state_.Choose(wish).value_or("none")];
    return counts;
  }
  void Check(const std::string& name, bool well, int times) {
    for (int i = 0; i < times; ++i) state_.NoteCheck(name, well);
  }

  support::FakeClock clock_;
  PoolState state_{clock_};
};

using Counts = std::map<std::string, int>;

TEST_F(PoolStateTest, AThousandCallsAreSharedByWeight) {
  Set("members { name: 'a' } members { name: 'b' weight: 2 } members { name: 'c' weight: 7 }");
  EXPECT_EQ(Choose(1'000), (Counts{{"a", 100}, {"b", 200}, {"c", 700}}));
}

TEST_F(PoolStateTest, AllEqualAreAskedOneAfterTheOther) {
  Set("members { name: 'a' } members { name: 'b' }");
  EXPECT_EQ(*state_.Choose({}), "a");
  EXPECT_EQ(*state_.Choose({}), "b");
  EXPECT_EQ(*state_.Choose({}), "a");
}

TEST_F(PoolStateTest, AHigherPriorityIsAskedOnlyWhenNoneOfALowerOneIsWell) {
  Set("members { name: 'far' priority: 1 } members { name: 'near' } members { name: 'near2' }");
  EXPECT_EQ(Choose(1'000), (Counts{{"near", 500}, {"near2", 500}}));
  Check("near", false, 3);
  EXPECT_EQ(Choose(1'000), (Counts{{"near2", 1'000}}));
  Check("near2", false, 3);
  EXPECT_EQ(Choose(1'000), (Counts{{"far", 1'000}}));
  Check("far", false, 3);
  EXPECT_EQ(state_.Choose({}), std::nullopt);
}

TEST_F(PoolStateTest, AMemberIsUnwellAfterThreeFailuresInARowAndWellAfterTwoSuccesses) {
  Set("members { name: 'a' }");
  Check("a", false, 2);
  Check("a", true, 1);
  Check("a", false, 2);
  EXPECT_TRUE(state_.Choose({}));
  Check("a", false, 1);
  EXPECT_FALSE(state_.Choose({}));
  Check("a", true, 1);
  EXPECT_FALSE(state_.Choose({}));
  Check("a", true, 1);
  EXPECT_TRUE(state_.Choose({}));
}

TEST_F(PoolStateTest, OwnersAreSpreadByWeightAndFindTheirMemberAgainElsewhere) {
  const std::string pool = "members { name: 'a' weight: 3 } members { name: 'b' }";
  Set(pool);
  Counts counts;
  PoolState restarted(clock_);
  portolan::v1::Pool spec;
  ASSERT_TRUE(google::protobuf::TextFormat::ParseFromString(pool, &spec));
  restarted.Set(spec);
  for (int i = 0; i < 1'000; ++i) {
    const std::string owner = "session:" + std::to_string(i);
    const std::string chosen = *state_.Choose({.owner = owner});
    ++counts[chosen];
    EXPECT_EQ(*restarted.Choose({.owner = owner}), chosen);
  }
  EXPECT_NEAR(counts["a"], 750, 60);
}

TEST_F(PoolStateTest, OnlyTheOwnersOfAMemberThatGoesMove) {
  Set("members { name: 'a' } members { name: 'b' } members { name: 'c' }");
  std::map<std::string, std::string> before;
  for (int i = 0; i < 300; ++i) {
    const std::string owner = "principal:" + std::to_string(i);
    before[owner] = *state_.Choose({.owner = owner});
  }
  Check("b", false, 3);
  for (const auto& [owner, member] : before) {
    const std::string now = *state_.Choose({.owner = owner});
    EXPECT_EQ(now == member, member != "b") << owner;
  }
}

TEST_F(PoolStateTest, AllWorkersTogetherCheckAMemberOnceAnInterval) {
  Set("members { name: 'a' } health { interval_s: 10 }");
  EXPECT_TRUE(state_.TakeCheck("a"));
  EXPECT_FALSE(state_.TakeCheck("a"));
  clock_.Advance(seconds(10));
  EXPECT_TRUE(state_.TakeCheck("a"));
  EXPECT_FALSE(state_.TakeCheck("a"));
}

}  // namespace
}  // namespace gateway
