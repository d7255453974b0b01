#include "cli/arguments.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

namespace cli {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;

const json kSchema = json::parse(R"({
  "type": "object",
  "additionalProperties": false,
  "properties": {
    "path": {"type": "string"},
    "count": {"type": "integer"},
    "ratio": {"type": "number"},
    "deep": {"type": "boolean"},
    "names": {"type": "array", "items": {"type": "string"}},
    "ports": {"type": "array", "items": {"type": "integer"}},
    "filter": {"type": "object"},
    "limit": {"type": ["integer", "null"]},
    "either": {"anyOf": [{"type": "string"}, {"type": "number"}]}
  }
})");

json Typed(std::vector<std::string> words, const json& schema = kSchema) {
  json arguments = json::object();
  auto set = SetArguments(words, schema, arguments);
  EXPECT_TRUE(set) << set.error().message;
  return arguments;
}

std::string ErrorOf(std::vector<std::string> words) {
  json arguments = json::object();
  auto set = SetArguments(words, kSchema, arguments);
  return set ? "set without an error" : set.error().message;
}

TEST(ArgumentsTest, AreTypedByTheSchema) {
  EXPECT_EQ(Typed({"path=12", "count=12", "ratio=1.5", "deep=true"}),
            json::parse(R"({"path": "12", "count": 12, "ratio": 1.5, "deep": true})"));
}

TEST(ArgumentsTest, AreStringsWhereTheSchemaSaysNothing) {
  EXPECT_EQ(Typed({"a=2", "b=true"}, json::object()), json::parse(R"({"a": "2", "b": "true"})"));
}

TEST(ArgumentsTest, KeepEverythingBehindTheFirstEqualsSign) {
  EXPECT_EQ(Typed({"path=a=b=c"})["path"], "a=b=c");
}

TEST(ArgumentsTest, MayBeEmptyStrings) { EXPECT_EQ(Typed({"path="})["path"], ""); }

TEST(ArgumentsTest, FillAListOneWordEach) {
  EXPECT_EQ(Typed({"ports=80", "ports=443"})["ports"], json::parse("[80, 443]"));
}

TEST(ArgumentsTest, TakeAListAsJson) {
  EXPECT_EQ(Typed({R"(names=["a","b"])"})["names"], json::parse(R"(["a", "b"])"));
}

TEST(ArgumentsTest, TakeAnObjectAsJson) {
  EXPECT_EQ(Typed({R"(filter={"a":1})"})["filter"]["a"], 1);
}

TEST(ArgumentsTest, MayBeNullWhereTheSchemaSaysSo) {
  EXPECT_TRUE(Typed({"limit=null"})["limit"].is_null());
}

TEST(ArgumentsTest, PreferANumberWhereEitherFits) {
  EXPECT_EQ(Typed({"either=4"})["either"], 4);
  EXPECT_EQ(Typed({"either=four"})["either"], "four");
}

TEST(ArgumentsTest, SayWhatTypeWasExpected) {
  EXPECT_EQ(ErrorOf({"count=many"}), "argument 'count' must be integer, not 'many'");
  EXPECT_EQ(ErrorOf({"count=1.5"}), "argument 'count' must be integer, not '1.5'");
}

TEST(ArgumentsTest, SayWhatWasMeantWhenTheToolTakesNoOthers) {
  EXPECT_EQ(ErrorOf({"pth=x"}), "the tool takes no argument 'pth'; did you mean 'path'?");
}

TEST(ArgumentsTest, MustBeKeyAndValue) {
  EXPECT_THAT(ErrorOf({"path"}), HasSubstr("is not KEY=VALUE"));
}

TEST(ArgumentsTest, AreReadFromAFile) {
  std::string path = ::testing::TempDir() + "/arguments.json";
  std::ofstream(path) << R"({"a": [1]})";
  auto read = ReadArguments("@" + path);
  ASSERT_TRUE(read);
  EXPECT_EQ((*read)["a"][0], 1);
}

TEST(ArgumentsTest, MustBeAnObjectWhenGivenAsJson) { EXPECT_FALSE(ReadArguments("[1]")); }

TEST(ToolIdTest, SplitsAtTheFirstDotOfABasePath) {
  auto targets = SplitToolId("fs.read.file");
  ASSERT_EQ(targets.size(), 1u);
  EXPECT_EQ(targets[0].server, "fs");
  EXPECT_EQ(targets[0].tool, "read.file");
}

TEST(ToolIdTest, TriesEveryDotOfAQualifiedName) {
  auto targets = SplitToolId("io.github.acme/my.server.get");
  ASSERT_EQ(targets.size(), 2u);
  EXPECT_EQ(targets[0].server, "io.github.acme/my");
  EXPECT_EQ(targets[1].server, "io.github.acme/my.server");
  EXPECT_EQ(targets[1].tool, "get");
}

TEST(ToolIdTest, NeedsBothParts) {
  EXPECT_TRUE(SplitToolId("fs").empty());
  EXPECT_TRUE(SplitToolId(".x").empty());
  EXPECT_TRUE(SplitToolId("fs.").empty());
}

}  // namespace
}  // namespace cli
