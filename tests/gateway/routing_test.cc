#include <gmock/gmock.h>
#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>

#include "gateway/feed/reporter.h"
#include "gateway/routing/compiler.h"
#include "gateway/routing/follower.h"
#include "gateway/routing/snapshot.h"

namespace gateway {
namespace {

namespace v1 = portolan::v1;
using testing::ElementsAre;
using testing::SizeIs;

v1::Changes Changes(const std::string& text) {
  v1::Changes changes;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &changes)) << text;
  return changes;
}

std::string Server(const std::string& name, int revision, const std::string& more = "") {
  return "changes { resource { kind: 'Server' name: 'local/" + name +
         "' revision: " + std::to_string(revision) + " server { base_path: '" + name +
         "' approval: APPROVED endpoint { streamable_http { url: 'http://127.0.0.1:1/mcp' } } " +
         more + " } } } ";
}
std::string Policy(const std::string& name, int revision, const std::string& set) {
  return "changes { resource { kind: 'PolicySet' name: '" + name +
         "' revision: " + std::to_string(revision) + " policy_set { " + set + " } } } ";
}

class RoutingTest : public testing::Test {
 protected:
  std::vector<v1::Rejection> Apply(const std::string& text) {
    return snapshot_.Apply(Changes(text));
  }
  void CompileAll() { table_ = Compile(snapshot_, *table_, state_); }

  base::SystemClock clock_;
  state::RuleState state_{clock_};
  Snapshot snapshot_;
  std::shared_ptr<const RouteTable> table_ = std::make_shared<RouteTable>();
};

TEST_F(RoutingTest, ARejectedResourceKeepsItsLastGoodRevisionAndSaysWhy) {
  EXPECT_THAT(Apply(Server("a", 1)), SizeIs(0));
  const auto rejections = Apply(
      "changes { resource { kind: 'Server' name: 'local/a' revision: 2 server { base_path: 'a' "
      "endpoint { streamable_http "
      "{ url: 'ftp://x' } } } } } revision: 2");
  ASSERT_THAT(rejections, SizeIs(1));
  EXPECT_EQ(rejections[0].revision(), 2);
  EXPECT_THAT(rejections[0].message(), testing::StartsWith("/spec/endpoint/streamable_http/url: "));
  CompileAll();
  ASSERT_NE(table_->Find("a"), nullptr);
  EXPECT_EQ(table_->Find("a")->inputs().server->revision, 1);
}

TEST_F(RoutingTest, APolicyThatTheRegistryShouldNotHaveTakenIsRejectedHereToo) {
  EXPECT_THAT(
      Apply(Policy("p", 1,
                   "attach { global: true } rules { id: 'r' rate_limit { calls: 0 per_s: 1 } }")),
      SizeIs(1));
  EXPECT_TRUE(snapshot_.policies().empty());
}

TEST_F(RoutingTest, AWholeCatalogInPartsReplacesWhatIsNotInIt) {
  Apply(Server("a", 1) + Server("b", 2) + "complete: true revision: 2");
  Apply(Server("b", 3) + "complete: true more: true revision: 4");
  EXPECT_TRUE(snapshot_.replacing());
  EXPECT_TRUE(snapshot_.servers().contains("local/a"));
  Apply(Server("c", 4) + "revision: 4");
  EXPECT_FALSE(snapshot_.replacing());
  EXPECT_FALSE(snapshot_.servers().contains("local/a"));
  EXPECT_TRUE(snapshot_.servers().contains("local/b"));
  EXPECT_TRUE(snapshot_.servers().contains("local/c"));
}

TEST_F(RoutingTest, AChangeRecompilesOnlyTheRoutesItTouches) {
  Apply(Server("a", 1) + Server("b", 2) + "revision: 2");
  CompileAll();
  const Route* a = table_->Find("a");
  const Route* b = table_->Find("b");
  const auto held = table_;

  Apply(Policy("p", 3, "attach { server: 'local/b' } rules { id: 'r' record {} }") + "revision: 3");
  CompileAll();
  EXPECT_EQ(table_->Find("a"), a);
  EXPECT_NE(table_->Find("b"), b);
  EXPECT_EQ(table_->revision(), 3);

  Apply(Policy("g", 4, "attach { global: true } rules { id: 'r' record {} }") + "revision: 4");
  CompileAll();
  EXPECT_NE(table_->Find("a"), a);
}

TEST_F(RoutingTest, DefinitionsAreAnInputOfTheirRouteAlone) {
  Apply(Server("a", 1) + Server("b", 2) + "revision: 2");
  CompileAll();
  const Route* a = table_->Find("a");
  const Route* b = table_->Find("b");
  const auto held = table_;
  v1::ServerDefinitions definitions;
  definitions.set_server("local/a");
  snapshot_.Apply(definitions);
  CompileAll();
  EXPECT_NE(table_->Find("a"), a);
  EXPECT_EQ(table_->Find("b"), b);
}

TEST_F(RoutingTest, AConsumersSetTouchesNoRoute) {
  Apply(Server("a", 1) + "revision: 1");
  CompileAll();
  const Route* a = table_->Find("a");
  const auto held = table_;
  Apply(Policy("c", 2, "attach { consumer: 'alice' } rules { id: 'r' record {} }") + "revision: 2");
  CompileAll();
  EXPECT_EQ(table_->Find("a"), a);
  EXPECT_NE(table_->callers().version(), held->callers().version());
}

TEST_F(RoutingTest, AnExternalServerIsNotRouted) {
  Apply(
      "changes { resource { kind: 'Server' name: 'io.x/y' revision: 1 server { title: 'elsewhere' "
      "} } } revision: 1");
  CompileAll();
  EXPECT_THAT(table_->routes(), SizeIs(0));
}

TEST_F(RoutingTest, AnAliasNeverTakesAPathThatIsSomebodysOwn) {
  Apply(Server("a", 1, "base_path_aliases: 'b' base_path_aliases: 'old'") + Server("b", 2) +
        "revision: 2");
  CompileAll();
  EXPECT_EQ(table_->Find("b")->server_name(), "local/b");
  EXPECT_EQ(table_->Find("old")->server_name(), "local/a");
}

TEST_F(RoutingTest, ACallersChainIsCompiledOnceForEachOfItsPolicies) {
  Apply(Server("a", 1) + "revision: 1");
  CompileAll();
  const Route& route = *table_->Find("a");
  EXPECT_EQ(route.ChainFor({}), route.ChainFor({}));
  const auto alice = std::make_shared<const ScopePolicy>(ScopePolicy{"alice", {}});
  const auto gold = std::make_shared<const ScopePolicy>(ScopePolicy{"gold", {}});
  const CallerPolicy policy{gold, alice};
  EXPECT_EQ(route.ChainFor(policy), route.ChainFor(policy));
  EXPECT_NE(route.ChainFor(policy), route.ChainFor({}));
  EXPECT_NE(route.ChainFor(policy), route.ChainFor({nullptr, alice}));
  for (int i = 0; i < 3'000; ++i) route.ChainFor({nullptr, std::make_shared<const ScopePolicy>()});
  EXPECT_NE(route.ChainFor(policy), nullptr);
}

class FollowerTest : public testing::Test {
 protected:
  FollowerTest()
      : follower_(
            loop_, state_, reporter_,
            {.publish = [this](const auto& table) { published_.push_back(table->routes().size()); },
             .keys = [](const FeedKeys&) {},
             .probe = [](const v1::ProbeOrder&) {},
             .server_put = [this](const ServerEntry& entry) { told_.push_back("+" + entry.name); },
             .server_removed = [this](const std::string& name) { told_.push_back("-" + name); }}) {}

  base::SystemClock clock_;
  base::Loop loop_;
  state::RuleState state_{clock_};
  NullReporter reporter_;
  std::vector<std::size_t> published_;
  std::vector<std::string> told_;
  Follower follower_;
};

TEST_F(FollowerTest, TheFirstChangeIsInForceAtOnceAndABurstIsOneSwap) {
  const auto begin = std::chrono::steady_clock::now();
  follower_.OnChanges(Changes(Server("s0", 1) + "complete: true revision: 1"));
  loop_.io.run_one();
  loop_.io.run_one();
  EXPECT_THAT(published_, ElementsAre(1));
  loop_.io.restart();
  for (int i = 1; i <= 100; ++i) {
    follower_.OnChanges(
        Changes(Server("s" + std::to_string(i), i + 1) + "revision: " + std::to_string(i + 1)));
  }
  loop_.io.run();
  EXPECT_THAT(published_, ElementsAre(1, 101));
  EXPECT_GE(std::chrono::steady_clock::now() - begin, std::chrono::milliseconds(50));
}

TEST_F(FollowerTest, NothingIsSwappedWhileThePartsOfACatalogCome) {
  follower_.OnChanges(Changes(Server("a", 1) + "complete: true more: true revision: 2"));
  v1::ServerDefinitions definitions;
  definitions.set_server("local/a");
  follower_.OnDefinitions(std::move(definitions));
  loop_.io.run();
  EXPECT_THAT(published_, SizeIs(0));
  loop_.io.restart();
  follower_.OnChanges(Changes(Server("b", 2) + "revision: 2"));
  loop_.io.run();
  EXPECT_THAT(published_, ElementsAre(2));
}

TEST_F(FollowerTest, ServersThatCameChangedOrWentAreTold) {
  follower_.OnChanges(Changes(Server("a", 1) + Server("b", 2) + "complete: true revision: 2"));
  follower_.OnChanges(
      Changes(Server("a", 3) +
              "changes { deleted: true resource { kind: 'Server' name: 'local/b' } } revision: 4"));
  loop_.io.run();
  EXPECT_THAT(told_, ElementsAre("+local/a", "+local/b", "+local/a", "-local/b"));
}

}  // namespace
}  // namespace gateway
