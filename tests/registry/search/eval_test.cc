#include "registry/search/eval.h"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

namespace registry::search {
namespace {

TEST(EvalTest, CountsEachRelevantToolAndItsCopies) {
  std::istringstream corpus(
      R"({"id":"a","server":"s","server_description":"","tool":"add","description":"adds numbers","params":[]}
         {"id":"b","server":"s","server_description":"","tool":"sum","description":"adds numbers","params":[]}
         {"id":"c","server":"s","server_description":"","tool":"echo","description":"repeats a text","params":[]})");
  std::istringstream queries(
      R"({"id":"1","query":"echo","relevant":["c"]}
         {"id":"2","query":"adds numbers","relevant":["b"],"equiv":{"b":["a"]}}
         {"id":"3","query":"qwertz","relevant":["a"]})");
  auto report = Evaluate(corpus, queries);
  ASSERT_TRUE(report);
  EXPECT_EQ(report->queries, 3u);
  EXPECT_EQ(report->zero_hit, 1u);
  EXPECT_NEAR(report->recall.at(1), 2.0 / 3, 1e-9);
  EXPECT_NEAR(report->mrr, 2.0 / 3, 1e-9);
}

TEST(EvalTest, NamesTheLineThatIsNotJson) {
  std::istringstream corpus("{}\nnot json\n");
  std::istringstream queries("");
  auto report = Evaluate(corpus, queries);
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().message, "corpus line 2: not a JSON object");
}

// The level reached (78.7 and 98.2 %) less two points: below it the ranking has become worse.
TEST(EvalTest, FindsTheRightAzureTool) {
  std::ifstream corpus(TEST_DATA "/discovery/azure/corpus.jsonl");
  std::ifstream queries(TEST_DATA "/discovery/azure/queries.jsonl");
  auto report = Evaluate(corpus, queries);
  ASSERT_TRUE(report);
  EXPECT_EQ(report->queries, 225u);
  EXPECT_GE(report->recall.at(1), 0.767);
  EXPECT_GE(report->recall.at(5), 0.962);
  EXPECT_EQ(report->zero_hit, 0u);
}

}  // namespace
}  // namespace registry::search
