#include "registry/search/porter.h"

#include <gtest/gtest.h>

namespace registry::search {
namespace {

TEST(PorterTest, BringsTheFormsOfAWordTogether) {
  EXPECT_EQ(Stem("connections"), "connect");
  EXPECT_EQ(Stem("connected"), "connect");
  EXPECT_EQ(Stem("connecting"), "connect");
}

// Examples of the paper, one or two of each step.
TEST(PorterTest, FollowsThePaper) {
  EXPECT_EQ(Stem("caresses"), "caress");
  EXPECT_EQ(Stem("ponies"), "poni");
  EXPECT_EQ(Stem("agreed"), "agre");
  EXPECT_EQ(Stem("plastered"), "plaster");
  EXPECT_EQ(Stem("bled"), "bled");
  EXPECT_EQ(Stem("conflated"), "conflat");
  EXPECT_EQ(Stem("hopping"), "hop");
  EXPECT_EQ(Stem("falling"), "fall");
  EXPECT_EQ(Stem("filing"), "file");
  EXPECT_EQ(Stem("happy"), "happi");
  EXPECT_EQ(Stem("relational"), "relat");
  EXPECT_EQ(Stem("triplicate"), "triplic");
  EXPECT_EQ(Stem("adoption"), "adopt");
  EXPECT_EQ(Stem("rate"), "rate");
  EXPECT_EQ(Stem("controll"), "control");
  EXPECT_EQ(Stem("generalizations"), "gener");
}

TEST(PorterTest, LeavesShortWordsAndWhatIsNotEnglishLettersAlone) {
  EXPECT_EQ(Stem("is"), "is");
  EXPECT_EQ(Stem("s3s"), "s3s");
  EXPECT_EQ(Stem("天気"), "天気");
  EXPECT_EQ(Stem(""), "");
}

}  // namespace
}  // namespace registry::search
