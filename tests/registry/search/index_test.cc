#include "registry/search/index.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

namespace registry::search {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

ToolDocument Tool(std::string name, std::string description) {
  ToolDocument tool;
  tool.name = std::move(name);
  tool.description = std::move(description);
  return tool;
}

std::shared_ptr<ServerDocument> Server(const std::string& base_path,
                                       std::vector<ToolDocument> tools) {
  auto server = std::make_shared<ServerDocument>();
  server->name = "local/" + base_path;
  server->base_path = base_path;
  server->tools = std::move(tools);
  return server;
}

std::vector<std::string> Ids(const Hits& hits) {
  std::vector<std::string> ids;
  for (const Hit& hit : hits.hits)
    ids.push_back(hit.tool ? hit.server->ToolId(*hit.tool) : hit.server->name);
  return ids;
}

Query Ask(std::string text, Target target = Target::kTools) {
  Query query;
  query.text = std::move(text);
  query.target = target;
  return query;
}

class IndexTest : public testing::Test {
 protected:
  IndexTest() {
    index_.Upsert(Server("everything", {Tool("echo", "Echoes back the input string"),
                                        Tool("get-sum", "Returns the sum of two numbers"),
                                        Tool("get-env", "Returns all environment variables")}));
    auto weather = Server("weather", {Tool("forecast", "The forecast of the next days for a city"),
                                      Tool("alerts", "Storm warnings in force")});
    weather->description = "Weather of the whole world";
    index_.Upsert(weather);
  }
  Index index_;
};

TEST_F(IndexTest, FindsAToolByWhatItDoes) {
  EXPECT_EQ(Ids(index_.Search(Ask("add two numbers"))).front(), "everything.get-sum");
}

TEST_F(IndexTest, FindsOtherFormsOfAWord) {
  EXPECT_EQ(Ids(index_.Search(Ask("storms"))).front(), "weather.alerts");
}

TEST_F(IndexTest, PutsATypedNameFirst) {
  index_.Upsert(
      Server("other", {Tool("sum-of-sums", "sum get sum get sum get"), Tool("getSum", "")}));
  EXPECT_EQ(Ids(index_.Search(Ask("everything.get-sum"))).front(), "everything.get-sum");
  EXPECT_EQ(Ids(index_.Search(Ask("other get_sum"))).front(), "other.getSum");
}

TEST_F(IndexTest, ScoresTheBestHitOneAndTheOthersBelow) {
  Hits hits = index_.Search(Ask("sum of numbers returns"));
  ASSERT_GE(hits.hits.size(), 2u);
  EXPECT_DOUBLE_EQ(hits.hits[0].score, 1);
  EXPECT_LT(hits.hits[1].score, 1);
  EXPECT_GT(hits.hits[1].score, 0);
}

TEST_F(IndexTest, RanksAServerByItsBestTool) {
  EXPECT_EQ(Ids(index_.Search(Ask("environment variables", Target::kServers))).front(),
            "local/everything");
  EXPECT_EQ(Ids(index_.Search(Ask("weather", Target::kServers))).front(), "local/weather");
}

TEST_F(IndexTest, ForgetsARemovedServer) {
  index_.Remove("local/weather");
  EXPECT_THAT(index_.Search(Ask("storm warnings")).hits, IsEmpty());
  EXPECT_EQ(index_.tools(), 3u);
  EXPECT_EQ(index_.servers(), 1u);
}

TEST_F(IndexTest, ReplacesWhatItKnewOfAServer) {
  index_.Upsert(Server("weather", {Tool("tides", "High and low water")}));
  EXPECT_THAT(index_.Search(Ask("storm")).hits, IsEmpty());
  EXPECT_THAT(Ids(index_.Search(Ask("high water"))), ElementsAre("weather.tides"));
}

TEST_F(IndexTest, StaysRightOverManyReplacements) {
  for (int i = 0; i < 3000; ++i) {
    index_.Upsert(Server("churn", {Tool("t" + std::to_string(i), "word" + std::to_string(i))}));
  }
  EXPECT_THAT(Ids(index_.Search(Ask("word2999"))), ElementsAre("churn.t2999"));
  EXPECT_THAT(index_.Search(Ask("word2998")).hits, IsEmpty());
  EXPECT_EQ(Ids(index_.Search(Ask("storm warnings"))).front(), "weather.alerts");
}

TEST_F(IndexTest, ShowsOnlyWhatTheAskerMaySee) {
  auto secret = Server("secret", {Tool("storm-plan", "Storm plan of the company")});
  secret->audiences = {"group:board"};
  index_.Upsert(secret);
  auto draft = Server("draft", {Tool("storm-draft", "Storm")});
  draft->served = false;
  index_.Upsert(draft);
  EXPECT_THAT(Ids(index_.Search(Ask("storm"))), ElementsAre("weather.alerts"));
  Query query = Ask("storm");
  query.visible = [](const ServerDocument& server) { return server.name == "local/secret"; };
  EXPECT_THAT(Ids(index_.Search(query)), ElementsAre("secret.storm-plan"));
  EXPECT_EQ(index_.FindServer("secret", {}), nullptr);
  EXPECT_THAT(index_.FindTools("secret.storm-plan", {}), IsEmpty());
  EXPECT_THAT(index_.CloseNames("storm-plan", Target::kTools, 5, {}), IsEmpty());
}

TEST_F(IndexTest, StaysWithinOneServer) {
  Query query = Ask("returns the forecast");
  query.server = "weather";
  EXPECT_THAT(Ids(index_.Search(query)), ElementsAre("weather.forecast"));
}

TEST_F(IndexTest, GoesOnWhereThePageBeforeEnded) {
  Query query = Ask("returns numbers variables");
  query.k = 1;
  Hits first = index_.Search(query);
  EXPECT_TRUE(first.more);
  query.offset = 1;
  Hits second = index_.Search(query);
  EXPECT_FALSE(second.more);
  ASSERT_EQ(second.hits.size(), 1u);
  EXPECT_NE(Ids(first), Ids(second));
  EXPECT_LT(second.hits[0].score, 1);
}

TEST_F(IndexTest, SaysWhyAHitRanks) {
  Query query = Ask("sum numbers");
  query.explain = true;
  Hit hit = index_.Search(query).hits.front();
  double sum = 0;
  for (const Match& match : hit.matches) sum += match.share;
  EXPECT_NEAR(sum, hit.score, 1e-4);
  ASSERT_EQ(hit.matches.size(), 3u);
  EXPECT_EQ(hit.matches[0].word, "sum");
  EXPECT_EQ(hit.matches[0].field, SearchField::kName);
}

TEST_F(IndexTest, HintsWhenTheFirstTwoAreClose) {
  index_.Upsert(Server("twin", {Tool("get-sum", "Returns the sum of two numbers")}));
  EXPECT_THAT(index_.Search(Ask("sum numbers")).hint, HasSubstr("twin.get-sum"));
}

TEST_F(IndexTest, HintsAtWordsThatNothingHolds) {
  EXPECT_EQ(index_.Search(Ask("sum unicorn")).hint, "nothing here knows 'unicorn'");
}

TEST_F(IndexTest, FindsToolsByIdAndByTheServersWholeName) {
  ASSERT_EQ(index_.FindTools("everything.echo", {}).size(), 1u);
  ASSERT_EQ(index_.FindTools("local/everything.echo", {}).size(), 1u);
  ASSERT_EQ(index_.FindTools("echo", {}).size(), 1u);
  EXPECT_THAT(index_.FindTools("everything.nope", {}), IsEmpty());
}

TEST_F(IndexTest, SplitsIdsWhoseNamesHoldDots) {
  auto server = Server("dotted", {Tool("v1.list.all", "")});
  server->name = "io.github.acme/dotted";
  index_.Upsert(server);
  EXPECT_EQ(index_.FindTools("io.github.acme/dotted.v1.list.all", {}).size(), 1u);
  EXPECT_EQ(index_.FindTools("dotted.v1.list.all", {}).size(), 1u);
}

TEST_F(IndexTest, FindsServersByNameBasePathAndLastPart) {
  EXPECT_TRUE(index_.FindServer("local/weather", {}));
  EXPECT_TRUE(index_.FindServer("weather", {}));
  EXPECT_FALSE(index_.FindServer("wether", {}));
  EXPECT_THAT(index_.CloseNames("wether", Target::kServers, 3, {}), ElementsAre("local/weather"));
}

TEST_F(IndexTest, IsSearchedWhileItIsWritten) {
  std::atomic<bool> done = false;
  std::thread writer([&] {
    for (int i = 0; i < 300; ++i) {
      index_.Upsert(Server("churn" + std::to_string(i % 7), {Tool("storm", "Storm warnings too")}));
      index_.Remove("local/churn" + std::to_string((i + 3) % 7));
    }
    done = true;
  });
  while (!done) {
    Hits hits = index_.Search(Ask("storm warnings in force"));
    ASSERT_FALSE(hits.hits.empty());
  }
  writer.join();
}

TEST(EmptyIndexTest, FindsNothing) {
  Index index;
  EXPECT_THAT(index.Search(Ask("anything")).hits, IsEmpty());
  EXPECT_THAT(index.Search(Ask("", Target::kServers)).hits, IsEmpty());
}

}  // namespace
}  // namespace registry::search
