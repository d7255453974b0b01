#include "registry/service/search_texts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace registry {
namespace {

using testing::ElementsAre;

std::vector<std::string> Found(const SearchTexts& texts, std::string_view letters,
                               std::string_view from = "") {
  std::vector<std::string> names;
  SearchTexts::Search search(texts, from, letters);
  for (std::string_view name = search.Next(); !name.empty(); name = search.Next())
    names.emplace_back(name);
  return names;
}

std::string Numbered(int number) {
  const std::string digits = std::to_string(number);
  return "io.x/S" + std::string(5 - digits.size(), '0') + digits;
}

TEST(SearchTextsTest, FindsByAnyPartInTheOrderOfNames) {
  SearchTexts texts;
  texts.Put("b/two", "b/two\nfinds things");
  texts.Put("a/one", "a/one\nfinds others");
  texts.Put("c/three", "c/three\nnothing");
  EXPECT_THAT(Found(texts, "finds"), ElementsAre("a/one", "b/two"));
  EXPECT_THAT(Found(texts, "thr"), ElementsAre("c/three"));
  EXPECT_THAT(Found(texts, "finds", "a/zzz"), ElementsAre("b/two"));
  EXPECT_THAT(Found(texts, "absent"), ElementsAre());
}

TEST(SearchTextsTest, NamesInCapitalsAreFoundByTheirTextAlone) {
  SearchTexts texts;
  for (int i = 0; i < 3000; ++i) texts.Put(Numbered(i), "text");
  EXPECT_THAT(Found(texts, "S00007"), ElementsAre());
}

TEST(SearchTextsTest, KnowsWhatWasPutOrRemovedSinceItWasJoined) {
  SearchTexts texts;
  for (int i = 0; i < 3000; ++i) texts.Put(Numbered(i), "number " + std::to_string(i) + ".");
  EXPECT_THAT(Found(texts, "number 7."), ElementsAre(Numbered(7)));
  EXPECT_EQ(Found(texts, "number").size(), 3000u);
  texts.Put(Numbered(7), "something else");
  texts.Remove(Numbered(8));
  texts.Put("a/new", "number 8.");
  EXPECT_THAT(Found(texts, "number 7."), ElementsAre());
  EXPECT_THAT(Found(texts, "number 8."), ElementsAre("a/new"));
  EXPECT_THAT(Found(texts, "else"), ElementsAre(Numbered(7)));
  for (int i = 3000; i < 6000; ++i) texts.Put(Numbered(i), "late");
  EXPECT_THAT(Found(texts, "number 7."), ElementsAre());
  EXPECT_THAT(Found(texts, "number 8."), ElementsAre("a/new"));
  EXPECT_EQ(Found(texts, "number").size(), 2999u);
  EXPECT_EQ(Found(texts, "late").size(), 3000u);
  EXPECT_EQ(Found(texts, "late", Numbered(5990)).size(), 10u);
}

}  // namespace
}  // namespace registry
