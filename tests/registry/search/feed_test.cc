#include "registry/search/feed.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "registry/search/answer.h"

namespace registry::search {
namespace {

using testing::IsEmpty;

v1::Change Written(const std::string& name) {
  v1::Change change;
  v1::Resource& resource = *change.mutable_resource();
  resource.set_kind("Server");
  resource.set_name(name);
  v1::Server& server = *resource.mutable_server();
  server.set_base_path(name.substr(name.find('/') + 1));
  server.mutable_endpoint()->mutable_streamable_http()->set_url("http://127.0.0.1:1/mcp");
  server.set_approval(v1::Approval::APPROVED);
  return change;
}

v1::ServerDefinitions Offers(const std::string& server, const std::string& tool,
                             const std::string& json) {
  v1::ServerDefinitions definitions;
  definitions.set_server(server);
  v1::Definition& definition = *definitions.add_definitions();
  definition.set_kind(v1::DefinitionKind::TOOL);
  definition.set_name(tool);
  definition.set_json(json);
  return definitions;
}

constexpr char kSum[] =
    R"({"name":"get-sum","description":"Adds two numbers","inputSchema":{"type":"object",
  "properties":{"a":{"type":"number","description":"First addend"},"b":{"type":"number"}},"required":["a","b"]}})";

class FeedTest : public testing::Test {
 protected:
  void Tell(const v1::Change& change) { feed_.OnChanges(std::span(&change, 1)); }
  v1::SearchResponse Ask(const std::string& query) {
    v1::SearchRequest request;
    request.set_query(query);
    return Answer(index_, request, base::auth::Principal()).value();
  }
  Index index_;
  Feed feed_{index_};
};

TEST_F(FeedTest, FindsWhatAServerOffers) {
  Tell(Written("local/everything"));
  feed_.OnDefinitions(Offers("local/everything", "get-sum", kSum));
  v1::SearchResponse response = Ask("addend");
  ASSERT_EQ(response.hits_size(), 1);
  const v1::SearchHit& hit = response.hits(0);
  EXPECT_EQ(hit.id(), "everything.get-sum");
  EXPECT_EQ(hit.server(), "local/everything");
  EXPECT_THAT(hit.required(), testing::ElementsAre("a", "b"));
  EXPECT_THAT(hit.input_schema_json(),
              testing::StartsWith(R"({"type":"object","properties":{"a":)"));
}

TEST_F(FeedTest, TakesDefinitionsBeforeTheirServer) {
  feed_.OnDefinitions(Offers("local/everything", "get-sum", kSum));
  EXPECT_EQ(Ask("addend").hits_size(), 0);
  Tell(Written("local/everything"));
  EXPECT_EQ(Ask("addend").hits_size(), 1);
}

TEST_F(FeedTest, KeepsTheToolsWhenTheServerChanges) {
  Tell(Written("local/everything"));
  feed_.OnDefinitions(Offers("local/everything", "get-sum", kSum));
  v1::Change renamed = Written("local/everything");
  renamed.mutable_resource()->mutable_server()->set_base_path("all");
  Tell(renamed);
  EXPECT_EQ(Ask("addend").hits(0).id(), "all.get-sum");
}

TEST_F(FeedTest, HidesWhatIsRetiredOrNotApproved) {
  v1::Change change = Written("local/everything");
  Tell(change);
  feed_.OnDefinitions(Offers("local/everything", "get-sum", kSum));
  change.mutable_resource()->mutable_server()->set_lifecycle(v1::Lifecycle::RETIRED);
  Tell(change);
  EXPECT_THAT(Ask("addend").hits(), IsEmpty());
  change.mutable_resource()->mutable_server()->set_lifecycle(v1::Lifecycle::DEPRECATED);
  Tell(change);
  EXPECT_EQ(Ask("addend").hits_size(), 1);
  change.mutable_resource()->mutable_server()->set_approval(v1::Approval::PENDING);
  Tell(change);
  EXPECT_THAT(Ask("addend").hits(), IsEmpty());
}

TEST_F(FeedTest, ForgetsADeletedServerAndItsTools) {
  Tell(Written("local/everything"));
  feed_.OnDefinitions(Offers("local/everything", "get-sum", kSum));
  v1::Change deleted;
  deleted.set_deleted(true);
  deleted.mutable_resource()->set_kind("Server");
  deleted.mutable_resource()->set_name("local/everything");
  Tell(deleted);
  EXPECT_THAT(Ask("addend").hits(), IsEmpty());
  Tell(Written("local/everything"));
  EXPECT_THAT(Ask("addend").hits(), IsEmpty());
}

TEST_F(FeedTest, LeavesOutWhatIsNotATool) {
  Tell(Written("local/everything"));
  feed_.OnDefinitions(Offers("local/everything", "broken", "[1]"));
  EXPECT_EQ(index_.tools(), 0u);
}

// With a store behind it, as it is in the registry.
class FeedOfAStoreTest : public testing::Test {
 protected:
  void Offer(const std::string& json) {
    offered_ = Offers("local/everything", "get-sum", json);
    feed_.OnDefinitions(offered_);
  }
  void Write(const std::string& base_path) {
    v1::Change change = Written("local/everything");
    change.mutable_resource()->mutable_server()->set_base_path(base_path);
    feed_.OnChanges(std::span(&change, 1));
  }
  v1::SearchResponse Ask(const std::string& query, Schemas schemas = Schemas::kYes) {
    v1::SearchRequest request;
    request.set_query(query);
    return Answer(index_, request, base::auth::Principal(), schemas).value();
  }

  v1::ServerDefinitions offered_;
  int look_ups_ = 0;
  Index index_{Ranking(), [this](const std::string&) {
                 ++look_ups_;
                 return ToolTexts(offered_);
               }};
  Feed feed_{index_};
};

TEST_F(FeedOfAStoreTest, LooksUpASchemaOnlyWhenItIsShown) {
  Write("everything");
  Offer(kSum);
  EXPECT_EQ(Ask("addend", Schemas::kNo).hits_size(), 1);
  EXPECT_EQ(look_ups_, 0);
  EXPECT_THAT(Ask("addend").hits(0).input_schema_json(),
              testing::StartsWith(R"({"type":"object","properties":{"a":)"));
  EXPECT_THAT(Ask("addend").hits(0).required(), testing::ElementsAre("a", "b"));
}

TEST_F(FeedOfAStoreTest, KeepsTheSchemasWordsWhenTheServerChanges) {
  Write("everything");
  Offer(kSum);
  Write("all");
  ASSERT_EQ(Ask("addend").hits_size(), 1);
  EXPECT_EQ(Ask("addend").hits(0).id(), "all.get-sum");
}

TEST_F(FeedOfAStoreTest, KeepsTheToolsWhenTheyCannotBeLookedUp) {
  Write("everything");
  Offer(kSum);
  offered_.clear_definitions();
  Write("all");
  ASSERT_EQ(Ask("adds numbers").hits_size(), 1);
  EXPECT_EQ(Ask("adds numbers").hits(0).input_schema_json(), "");
}

TEST_F(FeedOfAStoreTest, ReadsADefinitionHoweverItIsWritten) {
  Write("everything");
  Offer(R"( { "annotations" : { "title" : "Sum \u0061ll" , "x" : [ 1 , { } ] } ,
    "description" : "tab\there" , "inputSchema" : { "required" : [ "q" , 3 , "r" ] ,
    "properties" : { "caf\u00e9" : { "description" : "quoted \"word\"" , "type" : "string" } ,
    "r" : true } } , "outputSchema" : [ ] } )");
  for (const char* word : {"all", "here", "cafe", "quoted", "word"})
    EXPECT_EQ(Ask(word).hits_size(), 1) << word;
  EXPECT_THAT(Ask("cafe").hits(0).required(), testing::ElementsAre("q", "r"));
}

TEST_F(FeedOfAStoreTest, LeavesOutWhatIsBrokenOff) {
  Write("everything");
  Offer(R"({"description":"adds","inputSchema":{"properties":{"a":{"description":"x"}})");
  EXPECT_EQ(index_.tools(), 0u);
}

}  // namespace
}  // namespace registry::search
