#include "registry/search/tokenizer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cctype>
#include <random>

namespace registry::search {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(TokenizerTest, SplitsIdentifiersAtSeparators) {
  EXPECT_THAT(Tokenize("azmcp_acr-registry.list/all"),
              ElementsAre("azmcp", "acr", "registry", "list", "all"));
}

TEST(TokenizerTest, SplitsWhereTheCaseChangesAndKeepsTheWhole) {
  EXPECT_THAT(Tokenize("getSum"), ElementsAre("get", "sum", "getsum"));
  EXPECT_THAT(Tokenize("getHTTPHeader"), ElementsAre("get", "http", "header", "gethttpheader"));
  EXPECT_THAT(Tokenize("GitHub"), ElementsAre("git", "hub", "github"));
  EXPECT_THAT(Tokenize("S3Bucket"), ElementsAre("s3", "bucket", "s3bucket"));
}

TEST(TokenizerTest, KeepsDigitsWithTheirWord) {
  EXPECT_THAT(Tokenize("EC2 v10"), ElementsAre("ec2", "v10"));
}

TEST(TokenizerTest, FoldsAccentsAndCases) {
  EXPECT_THAT(Tokenize("Café ÜBER Žlutý Москва"), ElementsAre("cafe", "uber", "zluty", "москва"));
}

TEST(TokenizerTest, PairsIdeographs) {
  EXPECT_THAT(Tokenize("天気予報"), ElementsAre("天気", "気予", "予報"));
  EXPECT_THAT(Tokenize("get 天 now"), ElementsAre("get", "天", "now"));
}

TEST(TokenizerTest, DropsTheTailBehindAnApostrophe) {
  EXPECT_THAT(Tokenize("what's the user’s name, don't"),
              ElementsAre("what", "the", "user", "name", "don"));
}

TEST(TokenizerTest, TakesBrokenUtf8AsASeparator) {
  EXPECT_THAT(Tokenize("a\xff"
                       "b\xc3"),
              ElementsAre("a", "b"));
  EXPECT_THAT(Tokenize("\xf0\x9f"), IsEmpty());
}

TEST(TokenizerTest, CutsEndlessWords) {
  std::vector<std::string> words = Tokenize(std::string(100'000, 'x'));
  ASSERT_EQ(words.size(), 1u);
  EXPECT_LE(words[0].size(), 64u);
}

// Plain text takes a way of its own, which a dash of three bytes shuts.
TEST(TokenizerTest, SplitsPlainTextAsItSplitsAnyOther) {
  const std::vector<std::string> pieces = {"a",  "b",      "list", "Get", "HTTP", "S3",  "7", "'",
                                           "'s", "'t",     " ",    ". ",  "_",    "-",   "/", "(",
                                           "é",  "\u5929", "x",    "Z",   "\x7f", "\xff"};
  std::mt19937 random(1);
  std::uniform_int_distribution<std::size_t> any(0, pieces.size() - 1);
  for (int round = 0; round < 20'000; ++round) {
    std::string text;
    for (int i = round % 12; i >= 0; --i) text += pieces[any(random)];
    if (round % 50 == 0) text += std::string(62 + any(random) % 5, 'q');
    std::string dashed;
    for (const char c : text) {
      const bool letter = std::isalnum(static_cast<unsigned char>(c)) != 0 || (c & 0x80) != 0;
      dashed += letter ? std::string(1, c) : std::string(c == '\'' ? "\u2019" : "\u2014");
    }
    ASSERT_EQ(Tokenize(text), Tokenize(dashed)) << text;
  }
}

TEST(TokenizerTest, LeavesStopWordsOutOfAQueryUnlessThereIsNothingElse) {
  EXPECT_THAT(TokenizeQuery("please list all my files"), ElementsAre("list", "files"));
  EXPECT_THAT(TokenizeQuery("who are you"), ElementsAre("who", "are", "you"));
}

TEST(TokenizerTest, KnowsEveryStopWord) {
  EXPECT_TRUE(IsStopWord("a"));
  EXPECT_TRUE(IsStopWord("because"));
  EXPECT_TRUE(IsStopWord("yours"));
  EXPECT_FALSE(IsStopWord("list"));
}

TEST(TokenizerTest, SqueezesSpellingsOfOneName) {
  EXPECT_EQ(Squeeze("get-sum"), "getsum");
  EXPECT_EQ(Squeeze("Get_Sum"), Squeeze("getSum"));
}

}  // namespace
}  // namespace registry::search
