#include "gateway/filters/cache_key.h"

#include <gtest/gtest.h>

namespace gateway {
namespace {

std::string Canonical(std::string_view raw) {
  std::string out;
  AppendCanonical(raw, out);
  return out;
}

TEST(CacheKeyTest, MembersAreOrderedAndWhiteSpaceIsGone) {
  EXPECT_EQ(Canonical(R"({"b" : [ 1 , {"d":2, "c":[]} ], "a":null})"),
            R"({"a":null,"b":[1,{"c":[],"d":2}]})");
  EXPECT_EQ(Canonical("{ }"), "{}");
  EXPECT_EQ(Canonical("[[],[ ],{}]"), "[[],[],{}]");
}

TEST(CacheKeyTest, StringsAndNumbersStayAsTheyAreWritten) {
  EXPECT_EQ(Canonical(R"({"a":1.0,"b":1e2,"c":"\u0041 b"})"),
            R"({"a":1.0,"b":1e2,"c":"\u0041 b"})");
  EXPECT_EQ(Canonical(R"(["\ud800"])"), R"(["\ud800"])");
}

TEST(CacheKeyTest, OfMembersWithOneNameTheOrderIsToldApart) {
  EXPECT_NE(Canonical(R"({"a":1,"a":2})"), Canonical(R"({"a":2,"a":1})"));
}

}  // namespace
}  // namespace gateway
