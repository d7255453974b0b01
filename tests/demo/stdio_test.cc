// portolan-demo on its pipes, in both eras.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/support/child.h"
#include "tests/support/installation.h"

namespace {

using nlohmann::json;
using support::Finished;

const char* const kModern =
    R"("_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}})";

Finished Talk(const std::string& input, const std::string& era = "both") {
  return support::RunProgram({support::BinaryFolder() + "/portolan-demo", "--stdio", "--era", era},
                             input, std::chrono::seconds(30));
}

std::vector<json> Answers(const std::string& input, const std::string& era = "both") {
  Finished finished = Talk(input, era);
  EXPECT_EQ(finished.exit_code, 0) << finished.err;
  std::vector<json> answers;
  std::istringstream lines(finished.out);
  for (std::string line; std::getline(lines, line);) answers.push_back(json::parse(line));
  return answers;
}

TEST(DemoStdioTest, ShakesHandsWithAnOlderClient) {
  auto answers = Answers(
      R"({"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-06-18","capabilities":{},"clientInfo":{"name":"t","version":"1"}}}
{"jsonrpc":"2.0","method":"notifications/initialized"}
{"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":"add","arguments":{"a":2,"b":3}}}
)");
  ASSERT_EQ(answers.size(), 2u);
  EXPECT_EQ(answers[0]["result"]["protocolVersion"], "2025-06-18");
  EXPECT_EQ(answers[0]["result"]["serverInfo"]["name"], "portolan-demo");
  EXPECT_EQ(answers[1]["result"]["structuredContent"]["sum"], 5);
  EXPECT_EQ(answers[1]["result"]["content"][0]["text"], "5");
}

TEST(DemoStdioTest, AnswersAModernClientWithoutAHandshake) {
  auto answers =
      Answers(std::string(R"({"jsonrpc":"2.0","id":"a","method":"tools/list","params":{)") +
              kModern + "}}\n");
  ASSERT_EQ(answers.size(), 1u);
  EXPECT_EQ(answers[0]["id"], "a");
  EXPECT_EQ(answers[0]["result"]["resultType"], "complete");
  EXPECT_EQ(answers[0]["result"]["tools"].size(), 5u);
}

TEST(DemoStdioTest, TellsProgressToWhoAskedForIt) {
  auto answers = Answers(
      std::string(
          R"({"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"slow","arguments":{"steps":3,"duration_ms":60},)") +
      R"("_meta":{"progressToken":"p","io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}}}})" +
      "\n");
  ASSERT_EQ(answers.size(), 4u);
  EXPECT_EQ(answers[0]["method"], "notifications/progress");
  EXPECT_EQ(answers[2]["params"]["progress"], 3);
  EXPECT_EQ(answers[3]["id"], 7);
}

TEST(DemoStdioTest, LeavesACancelledCallUnanswered) {
  auto answers = Answers(
      R"({"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"slow","arguments":{"duration_ms":60000}}}
{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1}}
{"jsonrpc":"2.0","id":2,"method":"ping"}
)");
  ASSERT_EQ(answers.size(), 1u);
  EXPECT_EQ(answers[0]["id"], 2);
}

TEST(DemoStdioTest, AnswersWithIsErrorWhatAToolCouldNotDo) {
  auto answers = Answers(
      R"({"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"fail","arguments":{"message":"broken"}}}
{"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":"weather","arguments":{"city":"Atlantis"}}}
)");
  ASSERT_EQ(answers.size(), 2u);
  EXPECT_TRUE(answers[0]["result"]["isError"]);
  EXPECT_EQ(answers[0]["result"]["content"][0]["text"], "broken");
  EXPECT_TRUE(answers[1]["result"]["isError"]);
}

TEST(DemoStdioTest, PlaysAServerThatKnowsOnlyTheOldDays) {
  auto answers =
      Answers(std::string(R"({"jsonrpc":"2.0","id":1,"method":"server/discover","params":{)") +
                  kModern + "}}\n",
              "legacy");
  ASSERT_EQ(answers.size(), 1u);
  EXPECT_EQ(answers[0]["error"]["code"], -32601);
}

TEST(DemoStdioTest, PlaysAServerThatKnowsOnlyTheNewDays) {
  auto answers = Answers(
      R"({"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"t","version":"1"}}}
)",
      "modern");
  ASSERT_EQ(answers.size(), 1u);
  EXPECT_EQ(answers[0]["error"]["code"], -32022);
  EXPECT_EQ(answers[0]["error"]["data"]["supported"][0], "2026-07-28");
}

TEST(DemoStdioTest, SaysWhatIsNoMessage) {
  auto answers = Answers("{\"jsonrpc\":\nnonsense\n");
  ASSERT_EQ(answers.size(), 2u);
  EXPECT_EQ(answers[1]["error"]["code"], -32700);
}

}  // namespace
