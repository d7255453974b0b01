#include "cli/jsonc_edit.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cli/jsonc.h"

namespace cli {
namespace {

using nlohmann::ordered_json;
using ::testing::HasSubstr;

const JsoncPath kPath = {"servers", "fs"};
const ordered_json kEntry = {{"type", "http"}, {"url", "http://h/fs/mcp"}};

std::string Set(std::string_view text) { return SetMember(text, kPath, kEntry).value(); }
std::string SetAndRemove(std::string_view text) { return RemoveMember(Set(text), kPath).value(); }

TEST(JsoncEditTest, MakesADocumentOutOfNothing) {
  EXPECT_EQ(Set(""), R"({
  "servers": {
    "fs": {
      "type": "http",
      "url": "http://h/fs/mcp"
    }
  }
}
)");
  EXPECT_EQ(Set("{}"), Set("").substr(0, Set("").size() - 1));
}

TEST(JsoncEditTest, KeepsCommentsTabsAndTrailingCommas) {
  const std::string before =
      "// mine\n{\n\t/* all of\n\tthem */ \"servers\": {\n\t\t\"a\": { \"url\": \"x\" }, // "
      "first\n\t},\n"
      "\t\"inputs\": [], // none\n}\n";
  const std::string after = Set(before);
  EXPECT_EQ(
      after,
      "// mine\n{\n\t/* all of\n\tthem */ \"servers\": {\n\t\t\"a\": { \"url\": \"x\" }, // first\n"
      "\t\t\"fs\": {\n\t\t\t\"type\": \"http\",\n\t\t\t\"url\": \"http://h/fs/mcp\"\n\t\t},\n\t},\n"
      "\t\"inputs\": [], // none\n}\n");
  EXPECT_EQ(RemoveMember(after, kPath).value(), before);
}

TEST(JsoncEditTest, PutsTheCommaBeforeTheCommentOfTheLineBefore) {
  const std::string before = "{\n    \"servers\": {\n        \"a\": {} // the first\n    }\n}";
  const std::string after = Set(before);
  EXPECT_THAT(after, HasSubstr("\"a\": {}, // the first\n        \"fs\": {\n            \"type\""));
  EXPECT_TRUE(ParseJsonc(after));
  EXPECT_EQ(RemoveMember(after, kPath).value(), before);
}

TEST(JsoncEditTest, KeepsTheLineEndsOfWindows) {
  const std::string before = "{\r\n  \"servers\": {\r\n    \"a\": 1\r\n  }\r\n}\r\n";
  const std::string after = Set(before);
  for (std::size_t i = 0; i < after.size(); ++i) {
    if (after[i] == '\n') {
      EXPECT_EQ(after[i - 1], '\r') << i;
    }
  }
  EXPECT_EQ(RemoveMember(after, kPath).value(), before);
}

TEST(JsoncEditTest, StaysOnTheLineOfADocumentOnOneLine) {
  const std::string before = R"({"servers": {"a": {"url": "x"}}})";
  const std::string after = Set(before);
  EXPECT_EQ(
      after,
      R"({"servers": {"a": {"url": "x"}, "fs": {"type": "http", "url": "http://h/fs/mcp"}}})");
  EXPECT_EQ(RemoveMember(after, kPath).value(), before);
}

TEST(JsoncEditTest, TouchesNothingWhenItSaysTheSameAlready) {
  const std::string text = R"({"servers":{ "fs" :{"url":"http://h/fs/mcp", "type":"http"}}})";
  ordered_json entry = {{"url", "http://h/fs/mcp"}, {"type", "http"}};
  EXPECT_EQ(SetMember(text, kPath, entry).value(), text);
  EXPECT_EQ(Set(Set(text)), Set(text));
}

TEST(JsoncEditTest, ReplacesInPlace) {
  EXPECT_EQ(Set("{\n  \"servers\": {\n    \"fs\": 1, // was one\n    \"z\": 2\n  }\n}"),
            "{\n  \"servers\": {\n    \"fs\": {\n      \"type\": \"http\",\n      \"url\": "
            "\"http://h/fs/mcp\"\n    }, // was one\n    \"z\": 2\n  }\n}");
}

TEST(JsoncEditTest, AddsTheObjectThatIsMissingBesideWhatIsThere) {
  const std::string before = "{\n  \"theme\": \"dark\" // as I like it\n}\n";
  EXPECT_THAT(Set(before), HasSubstr("\"theme\": \"dark\", // as I like it\n  \"servers\": {\n"));
  EXPECT_EQ(SetAndRemove(before),
            "{\n  \"theme\": \"dark\", // as I like it\n  \"servers\": {}\n}\n");
}

TEST(JsoncEditTest, RemovesTheFirstOfMany) {
  EXPECT_EQ(
      RemoveMember("{\n  \"servers\": {\n    \"fs\": {},\n    \"b\": 1\n  }\n}", kPath).value(),
      "{\n  \"servers\": {\n    \"b\": 1\n  }\n}");
  EXPECT_EQ(RemoveMember(R"({"servers": {"fs": {}, "b": 1}})", kPath).value(),
            R"({"servers": {"b": 1}})");
}

TEST(JsoncEditTest, RemovesTheOnlyOne) {
  EXPECT_EQ(RemoveMember("{\n  \"servers\": {\n    \"fs\": {}\n  }\n}", kPath).value(),
            "{\n  \"servers\": {}\n}");
  EXPECT_EQ(RemoveMember("{}", kPath).value(), "{}");
}

TEST(JsoncEditTest, SaysWhereATextIsBroken) {
  EXPECT_EQ(SetMember("{\n  \"servers\": {\n    oops\n", kPath, kEntry).error().message,
            "line 3, column 5: a string in double quotes is expected");
  EXPECT_EQ(SetMember("{\n  \"servers\": []\n}", kPath, kEntry).error().message,
            "line 2: 'servers' is no object");
}

TEST(JsoncTest, ReadsWhatEditorsWrite) {
  const std::string text =
      "\xEF\xBB\xBF// c\n{ \"a\": [1, /* two */ 2,], \"b\": \"// no comment\", \"b\": true, }";
  const auto root = ParseJsonc(text);
  ASSERT_TRUE(root) << root.error().message;
  EXPECT_EQ(ToJson(text, *root).dump(), R"({"a":[1,2],"b":true})");
}

TEST(JsoncTest, RefusesWhatIsNone) {
  for (const char* text : {"", "{", "{\"a\" 1}", "{\"a\": 1 \"b\": 2}", "{} {}", "\"a", "[1 2]",
                           "{\"a\": nope}", "{\"\\x\": 1}", "/* open"}) {
    EXPECT_FALSE(ParseJsonc(text)) << text;
  }
}

}  // namespace
}  // namespace cli
