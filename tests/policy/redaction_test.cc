// Members that are taken out of what is kept of calls.
#include "policy/redaction.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace policy {
namespace {

using ::testing::HasSubstr;

std::string Apply(const std::vector<std::string>& paths, const std::string& json) {
  Redaction redaction;
  for (const std::string& path : paths) EXPECT_TRUE(redaction.Add(path)) << path;
  return redaction.Apply(json).value_or("none");
}

std::string Refusal(const std::string& path) {
  const auto added = Redaction().Add(path);
  return added ? "" : added.error().message;
}

TEST(RedactionTest, MembersAreReplacedAndAllElseStays) {
  EXPECT_EQ(Apply({"$.card"}, R"({ "a":1.0,"card" : {"n":[1,2]} , "b":"\u0041" })"),
            R"({ "a":1.0,"card" : "[redacted]" , "b":"\u0041" })");
  EXPECT_EQ(Apply({"$.a.b"}, R"({"a":{"b":1,"c":2},"b":3})"),
            R"({"a":{"b":"[redacted]","c":2},"b":3})");
  EXPECT_EQ(Apply({"$['a b'].c", "$[\"d\"]"}, R"({"a b":{"c":1},"d":2})"),
            R"({"a b":{"c":"[redacted]"},"d":"[redacted]"})");
}

TEST(RedactionTest, ElementsByNumberAndAll) {
  EXPECT_EQ(Apply({"$.items[*].iban"}, R"({"items":[{"iban":"x","n":1},{"iban":"y"}]})"),
            R"({"items":[{"iban":"[redacted]","n":1},{"iban":"[redacted]"}]})");
  EXPECT_EQ(Apply({"$[1]"}, "[1,2,3]"), R"([1,"[redacted]",3])");
  EXPECT_EQ(Apply({"$.*"}, R"({"a":1,"b":[2]})"), R"({"a":"[redacted]","b":"[redacted]"})");
}

TEST(RedactionTest, AtAnyDepth) {
  EXPECT_EQ(Apply({"$..password"}, R"({"password":1,"a":[{"b":{"password":2}}]})"),
            R"({"password":"[redacted]","a":[{"b":{"password":"[redacted]"}}]})");
  EXPECT_EQ(Apply({"$..a..b"}, R"({"x":{"a":{"y":{"b":1}}},"b":2})"),
            R"({"x":{"a":{"y":{"b":"[redacted]"}}},"b":2})");
  EXPECT_EQ(Apply({"$..[0]"}, R"({"a":[[1,2],3]})"), R"({"a":["[redacted]",3]})");
}

TEST(RedactionTest, NamesAreComparedDecoded) {
  EXPECT_EQ(Apply({"$.card"}, R"({"c\u0061rd":1})"), R"({"c\u0061rd":"[redacted]"})");
}

TEST(RedactionTest, TextsThatAreJsonAreRedactedToo) {
  EXPECT_EQ(Apply({"$.card"}, R"({"content":[{"text":"{\"card\":\"4111\",\"n\":1}"}]})"),
            R"({"content":[{"text":"{\"card\":\"[redacted]\",\"n\":1}"}]})");
  EXPECT_EQ(Apply({"$.card"}, R"({"text":"{card}","more":"\"card\":1"})"),
            R"({"text":"{card}","more":"\"card\":1"})");
}

TEST(RedactionTest, WhatIsNoJsonIsNotKept) {
  EXPECT_EQ(Apply({"$.a"}, R"({"a":1)"), "none");
  EXPECT_EQ(Apply({"$.a"}, ""), "none");
}

TEST(RedactionTest, PathsThatCannotBeSayWhere) {
  EXPECT_EQ(Refusal("card"), "column 1: a path begins with '$'");
  EXPECT_THAT(Refusal("$"), HasSubstr("the whole cannot be replaced"));
  EXPECT_EQ(Refusal("$."), "column 3: a member's name or '*' expected");
  EXPECT_EQ(Refusal("$a"), "column 2: '.' or '[' expected");
  EXPECT_EQ(Refusal("$.a["), "column 5: ']' expected");
  EXPECT_EQ(Refusal("$[-1]"), "column 3: a number, '*' or a name in quotes expected");
  EXPECT_EQ(Refusal("$['a]"), "column 3: the name's end and ']' expected");
  EXPECT_NE(Refusal("$[?(@.a)]"), "");
}

}  // namespace
}  // namespace policy
