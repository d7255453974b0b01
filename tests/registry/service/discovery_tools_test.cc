#include "registry/service/discovery_tools.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/registry/service/discovery_fixture.h"

namespace registry {
namespace {

using nlohmann::json;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

class DiscoveryToolsTest : public DiscoveryFixture {
 protected:
  json Use(const std::string& tool, const json& arguments) {
    return Result("tools/call", {{"name", tool}, {"arguments", arguments}});
  }
  json Found(const std::string& tool, const json& arguments) {
    return Use(tool, arguments).at("structuredContent");
  }
  std::string Refused(const std::string& tool, const json& arguments) {
    json result = Use(tool, arguments);
    EXPECT_EQ(result.value("isError", false), true) << result;
    return result.at("content").at(0).at("text");
  }
};

TEST_F(DiscoveryToolsTest, ListsFourToolsAndSaysWhatCanBeFound) {
  std::vector<std::string> names;
  std::string description;
  json answer = Result("tools/list");
  for (const json& tool : answer["tools"]) {
    names.push_back(tool["name"]);
    if (tool["name"] == "find_tools") description = tool["description"];
  }
  EXPECT_THAT(names, ElementsAre("find_tools", "find_servers", "describe_tool", "describe_server"));
  EXPECT_THAT(description, HasSubstr("One capability per query"));
  EXPECT_THAT(description, HasSubstr("2 tools of 1 server (everything)"));
}

TEST_F(DiscoveryToolsTest, FindsToolsForSeveralQueriesAtOnce) {
  json results = Found("find_tools", {{"queries", {"add two numbers", "echo"}}})["results"];
  ASSERT_EQ(results.size(), 2u);
  EXPECT_EQ(results[0]["query"], "add two numbers");
  json tool = results[0]["tools"][0];
  EXPECT_EQ(tool["id"], "everything.get-sum");
  EXPECT_EQ(tool["server"], "local/everything");
  EXPECT_EQ(tool["name"], "get-sum");
  EXPECT_EQ(tool["description"], "Returns the sum of two numbers");
  EXPECT_EQ(tool["required"], (json{"a", "b"}));
  EXPECT_EQ(tool["score"], 1);
  EXPECT_FALSE(tool.contains("schema"));
  EXPECT_EQ(results[1]["tools"][0]["id"], "everything.echo");
  EXPECT_EQ(results[1]["tools"][0]["required"], json::array());
}

TEST_F(DiscoveryToolsTest, GivesSchemasWhenAsked) {
  json tool = Found("find_tools", {{"queries", {"add two numbers"}},
                                   {"detail", "schema"}})["results"][0]["tools"][0];
  EXPECT_EQ(tool["schema"]["required"], (json{"a", "b"}));
  EXPECT_THAT(tool["description"].get<std::string>(), HasSubstr("nothing else"));
}

TEST_F(DiscoveryToolsTest, GoesOnWithTheCursorOfOneQuery) {
  json first = Found("find_tools", {{"queries", {"sum input"}}, {"k", 1}})["results"][0];
  json second =
      Found("find_tools",
            {{"queries", {"sum input"}}, {"k", 1}, {"cursor", first["cursor"]}})["results"][0];
  EXPECT_NE(first["tools"][0]["id"], second["tools"][0]["id"]);
  EXPECT_FALSE(second.contains("cursor"));
  EXPECT_THAT(Refused("find_tools", {{"queries", {"a", "b"}}, {"cursor", first["cursor"]}}),
              HasSubstr("cursor: "));
}

TEST_F(DiscoveryToolsTest, SaysTheAnswerInTextToo) {
  json result = Use("find_tools", {{"queries", {"echo"}}});
  EXPECT_EQ(json::parse(result["content"][0]["text"].get<std::string>()),
            result["structuredContent"]);
}

TEST_F(DiscoveryToolsTest, FindsServers) {
  json found = Found("find_servers", {{"query", "sum of numbers"}});
  ASSERT_EQ(found["servers"].size(), 1u);
  json server = found["servers"][0];
  EXPECT_EQ(server["name"], "local/everything");
  EXPECT_EQ(server["base_path"], "everything");
  EXPECT_EQ(server["description"], "A server with one of each");
  EXPECT_EQ(server["tools"], 2);
  EXPECT_EQ(server["score"], 1);
}

TEST_F(DiscoveryToolsTest, DescribesAToolWhole) {
  json tool = Found("describe_tool", {{"id", "everything.get-sum"}});
  EXPECT_EQ(tool["server"], "local/everything");
  EXPECT_EQ(tool["schema"]["properties"]["a"]["type"], "number");
  EXPECT_THAT(tool["description"].get<std::string>(), HasSubstr("nothing else"));
  EXPECT_EQ(Found("describe_tool", {{"id", "local/everything.get-sum"}}), tool);
}

TEST_F(DiscoveryToolsTest, DescribesAServerWhole) {
  json server = Found("describe_server", {{"name", "everything"}});
  EXPECT_EQ(server["url"], "http://127.0.0.1:8900/everything/mcp");
  EXPECT_EQ(server["tools"][0]["id"], "everything.get-sum");
}

TEST_F(DiscoveryToolsTest, DescribesSoManyToolsAndCountsTheRest) {
  auto server = std::make_shared<search::ServerDocument>();
  server->name = "local/many";
  for (int i = 0; i < 503; ++i) server->tools.push_back(Tool("t" + std::to_string(i), "", "{}"));
  index_.Upsert(server);
  json described = Found("describe_server", {{"name", "local/many"}});
  EXPECT_EQ(described["tools"].size(), 500u);
  EXPECT_EQ(described["more_tools"], 3);
}

TEST_F(DiscoveryToolsTest, ProposesCloseNamesForWhatIsNotThere) {
  EXPECT_EQ(Refused("describe_tool", {{"id", "everything.get_summ"}}),
            "no tool 'everything.get_summ'; did you mean 'everything.get-sum'?");
  EXPECT_EQ(Refused("describe_server", {{"name", "evrything"}}),
            "no server 'evrything'; did you mean 'local/everything'?");
  EXPECT_EQ(Refused("describe_tool", {{"id", "qqqqqq.zzzzz"}}),
            "no tool 'qqqqqq.zzzzz'; search with find_tools");
}

TEST_F(DiscoveryToolsTest, SaysWhichArgumentIsWrong) {
  EXPECT_THAT(Refused("find_tools", json::object()),
              HasSubstr("queries: give an array of 1 to 10 strings"));
  EXPECT_THAT(Refused("find_tools", {{"queries", "echo"}}), HasSubstr("queries: "));
  EXPECT_THAT(Refused("find_tools", {{"query", "echo"}}),
              HasSubstr("no argument 'query'; there are: queries, k"));
  EXPECT_THAT(Refused("find_tools", {{"queries", {"echo"}}, {"k", 0}}), HasSubstr("k: "));
  EXPECT_THAT(Refused("find_tools", {{"queries", {"echo"}}, {"k", 1e300}}), HasSubstr("k: "));
  EXPECT_THAT(Refused("find_tools", {{"queries", {"echo"}}, {"detail", "all"}}),
              HasSubstr("'brief' or 'schema'"));
  EXPECT_THAT(Refused("find_tools", {{"queries", {std::string(5000, 'x')}}}),
              HasSubstr("query: 5000 bytes"));
  EXPECT_THAT(Refused("find_tools", {{"queries", {"echo"}}, {"server", "nope"}}),
              HasSubstr("no server 'nope'"));
}

TEST_F(DiscoveryToolsTest, TakesTheNamesOfOtherRegistries) {
  EXPECT_EQ(Found("registry_search", {{"query", "echo"}})["servers"][0]["name"],
            "local/everything");
  EXPECT_EQ(Found("registry_fetch", {{"name", "local/everything"}})["base_path"], "everything");
}

TEST_F(DiscoveryToolsTest, HidesWhatTheCallerMayNotSee) {
  Hide("everything", "consumer:alice");
  EXPECT_EQ(Found("find_tools", {{"queries", {"echo"}}})["results"][0]["tools"], json::array());
  EXPECT_THAT(Refused("describe_tool", {{"id", "everything.echo"}}),
              Not(HasSubstr("did you mean")));
  EXPECT_THAT(Ask("tools/list", json::object()).dump(), Not(HasSubstr("everything")));
  BeAlice();
  EXPECT_EQ(Found("describe_tool", {{"id", "everything.echo"}})["name"], "echo");
}

}  // namespace
}  // namespace registry
