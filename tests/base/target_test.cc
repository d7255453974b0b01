#include "base/http/target.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace base::http {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

TEST(PercentDecodeTest, DecodesOnce) {
  EXPECT_EQ(PercentDecode("io.x%2Fy"), "io.x/y");
  EXPECT_EQ(PercentDecode("%2525"), "%25");
  EXPECT_EQ(PercentDecode("a+b"), "a+b");
}

TEST(PercentDecodeTest, RefusesNulBrokenCodesAndBrokenUtf8) {
  EXPECT_FALSE(PercentDecode("a%00b"));
  EXPECT_FALSE(PercentDecode("%"));
  EXPECT_FALSE(PercentDecode("%2"));
  EXPECT_FALSE(PercentDecode("%zz"));
  EXPECT_FALSE(PercentDecode("%ff"));
}

TEST(PathSegmentsTest, KeepsAnEncodedSlashInItsSegment) {
  EXPECT_THAT(*PathSegments("/v0/servers/io.x%2Fy/"), ElementsAre("v0", "servers", "io.x/y"));
  EXPECT_THAT(*PathSegments("/"), IsEmpty());
  EXPECT_THAT(*PathSegments("/a//b"), ElementsAre("a", "", "b"));
}

TEST(ParseQueryTest, ReadsFieldsInOrder) {
  auto fields = ParseQuery("search=two+words&limit=5&flag&x=a%3Db=c");
  EXPECT_THAT(*fields, ElementsAre(Pair("search", "two words"), Pair("limit", "5"),
                                   Pair("flag", ""), Pair("x", "a=b=c")));
  EXPECT_EQ(*FindField(*fields, "limit"), "5");
  EXPECT_EQ(FindField(*fields, "nope"), nullptr);
}

TEST(ParseQueryTest, RefusesWhatCannotBeDecoded) { EXPECT_FALSE(ParseQuery("search=%00")); }

}  // namespace
}  // namespace base::http
