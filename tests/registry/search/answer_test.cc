#include "registry/search/answer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace registry::search {
namespace {

using portolan::v1::SearchRequest;
using portolan::v1::SearchTarget;
using testing::HasSubstr;

class AnswerTest : public testing::Test {
 protected:
  AnswerTest() {
    auto server = std::make_shared<ServerDocument>();
    server->name = "local/weather";
    server->base_path = "weather";
    server->description = "Weather of the world";
    for (int i = 0; i < 8; ++i) {
      ToolDocument tool;
      tool.name = "storm" + std::to_string(i);
      tool.description = "Storms of region " + std::to_string(i);
      server->tools.push_back(tool);
    }
    index_.Upsert(server);
    request_.set_query("storms of a region");
  }
  auto Ask() { return Answer(index_, request_, caller_); }
  base::Error Refused() { return Ask().error(); }

  Index index_;
  SearchRequest request_;
  base::auth::Principal caller_;
};

TEST_F(AnswerTest, GivesFiveUnlessAsked) {
  EXPECT_EQ(Ask()->hits_size(), 5);
  request_.set_k(2);
  EXPECT_EQ(Ask()->hits_size(), 2);
}

TEST_F(AnswerTest, GoesOnWithTheCursorToTheEnd) {
  auto first = Ask();
  EXPECT_THAT(first->next_cursor(), testing::MatchesRegex("[A-Za-z0-9_-]{11}"));
  request_.set_cursor(first->next_cursor());
  auto second = Ask();
  EXPECT_EQ(second->hits_size(), 3);
  EXPECT_EQ(second->next_cursor(), "");
}

TEST_F(AnswerTest, RefusesTheCursorOfAnotherQuery) {
  request_.set_cursor(Ask()->next_cursor());
  request_.set_query("something else");
  EXPECT_THAT(Refused().message, HasSubstr("another query"));
  request_.set_cursor("nonsense!");
  EXPECT_EQ(Refused().code, base::Code::kInvalidArgument);
}

TEST_F(AnswerTest, NamesTheFieldOfABadRequest) {
  request_.set_k(101);
  EXPECT_THAT(Refused().message, HasSubstr("k: "));
  request_.set_k(0);
  request_.set_query(std::string(5000, 'x'));
  EXPECT_THAT(Refused().message, HasSubstr("query: 5000 bytes"));
  request_.set_query("");
  EXPECT_EQ(Refused().code, base::Code::kInvalidArgument);
}

TEST_F(AnswerTest, ProposesTheServerThatWasMeant) {
  request_.set_server("wether");
  EXPECT_EQ(Refused().code, base::Code::kNotFound);
  EXPECT_EQ(Refused().message, "server: no server 'wether'; did you mean 'local/weather'?");
}

TEST_F(AnswerTest, CountsTheToolsOfAServer) {
  request_.set_target(SearchTarget::SERVERS);
  auto response = Ask();
  ASSERT_EQ(response->hits_size(), 1);
  EXPECT_EQ(response->hits(0).id(), "local/weather");
  EXPECT_EQ(response->hits(0).tools(), 8);
}

TEST_F(AnswerTest, ShowsAServerToItsAudienceOnly) {
  auto server = std::make_shared<ServerDocument>(*index_.FindServer("weather", {}));
  server->audiences = {"consumer:alice"};
  index_.Upsert(server);
  EXPECT_EQ(Ask()->hits_size(), 0);
  caller_.id = "consumer/bob";
  caller_.kind = base::auth::PrincipalKind::kAgent;
  EXPECT_EQ(Ask()->hits_size(), 0);
  caller_.id = "consumer/alice";
  EXPECT_EQ(Ask()->hits_size(), 5);
  caller_.id = "token/ops";
  caller_.roles = {base::auth::RoleGrant("admin")};
  EXPECT_EQ(Ask()->hits_size(), 5);
}

TEST_F(AnswerTest, ShowsAuthenticatedServersToWhoeverProvedIt) {
  auto server = std::make_shared<ServerDocument>(*index_.FindServer("weather", {}));
  server->audiences = {"authenticated"};
  index_.Upsert(server);
  EXPECT_EQ(Ask()->hits_size(), 0);
  caller_.kind = base::auth::PrincipalKind::kUser;
  EXPECT_EQ(Ask()->hits_size(), 5);
}

}  // namespace
}  // namespace registry::search
