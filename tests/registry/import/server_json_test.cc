#include "registry/import/server_json.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

namespace registry::import {
namespace {

using nlohmann::json;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

json Entries(const char* file) {
  std::ifstream in(std::string(TEST_DATA "/registry/") + file);
  return json::parse(in);
}

json Good() {
  return {{"name", "io.github.acme/weather"}, {"description", "Weather"}, {"version", "1.2.3"}};
}

TEST(ServerJsonTest, TakesEveryValidEntry) {
  for (const json& entry : Entries("servers-valid-2025-12-11.json")) {
    EXPECT_THAT(CheckServerJson(entry), IsEmpty()) << entry["name"];
  }
}

// 143 of these 358 are invalid by the official schema.
TEST(ServerJsonTest, RefusesWhatTheOfficialSchemaRefuses) {
  std::size_t refused = 0;
  for (const json& entry : Entries("dirty-import-358.json"))
    refused += CheckServerJson(entry).empty() ? 0 : 1;
  EXPECT_EQ(refused, 143u);
}

TEST(ServerJsonTest, NamesWhatIsMissing) {
  EXPECT_THAT(CheckServerJson(json::object()),
              ElementsAre("/name: is missing", "/description: is missing", "/version: is missing"));
}

TEST(ServerJsonTest, PointsAtTheFieldDeepInside) {
  json document = Good();
  document["packages"] = {{{"registryType", "npm"},
                           {"identifier", "x"},
                           {"transport", {{"type", "sse"}}},
                           {"packageArguments", {{{"type", "positional"}}}},
                           {"environmentVariables", {{{"name", "A"}, {"isSecret", "yes"}}}}}};
  EXPECT_THAT(CheckServerJson(document),
              ElementsAre("/packages/0/transport/url: is missing",
                          "/packages/0/packageArguments/0: needs value or valueHint",
                          "/packages/0/environmentVariables/0/isSecret: must be true or false"));
}

TEST(ServerJsonTest, CountsCharactersNotBytes) {
  json document = Good();
  std::string umlauts;
  for (int i = 0; i < 100; ++i) umlauts += "ü";
  document["description"] = umlauts;
  EXPECT_THAT(CheckServerJson(document), IsEmpty());
  document["description"] = umlauts + "u";
  EXPECT_THAT(CheckServerJson(document),
              ElementsAre("/description: 101 characters, at most 100 are allowed"));
}

TEST(ServerJsonTest, RefusesNamesAndVersionsThatMeanSomethingElse) {
  json document = Good();
  document["version"] = "latest";
  document["name"] = "no-namespace";
  EXPECT_THAT(CheckServerJson(document),
              ElementsAre(HasSubstr("/name: must be namespace/name"), HasSubstr("/version: ")));
}

TEST(ServerJsonTest, SaysAtMostAFewReasons) {
  json document = Good();
  for (int i = 0; i < 100; ++i) document["remotes"].push_back(7);
  EXPECT_EQ(CheckServerJson(document).size(), 5u);
}

TEST(ServerJsonTest, RefusesWhatIsNoJson) {
  EXPECT_EQ(ReadServerJson("{").error().code, base::Code::kInvalidArgument);
  EXPECT_EQ(ReadServerJson("[]").error().message, "/: must be an object");
}

TEST(CutToTest, CutsAtASpaceAndSaysSo) {
  EXPECT_EQ(CutTo("short", 10), "short");
  EXPECT_EQ(CutTo("one two three four", 15), "one two three…");
  EXPECT_EQ(CutTo("üüüüü", 3), "üü…");
}

}  // namespace
}  // namespace registry::import
