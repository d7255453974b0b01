// The official test suite of JSON Schema, draft 2020-12: every case, its name the test's.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>

#include "base/json_schema.h"

namespace {

using nlohmann::json;

json ReadFile(const std::filesystem::path& path) { return json::parse(std::ifstream(path)); }

const std::filesystem::path kData = JSON_SCHEMA_SUITE;

// What the suite expects to find at http://localhost:1234.
const std::map<std::string, json>& Remotes() {
  static const std::map<std::string, json> remotes = [] {
    std::map<std::string, json> read;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(kData / "remotes")) {
      if (!entry.is_regular_file()) continue;
      const std::string path = std::filesystem::relative(entry.path(), kData / "remotes");
      read.emplace("http://localhost:1234/" + path, ReadFile(entry.path()));
    }
    return read;
  }();
  return remotes;
}

struct Case {
  std::string file;
  std::string group;
  std::string description;
  json schema;
  json data;
  bool valid = false;
  bool formats = false;

  std::string name() const { return file + ": " + group + ": " + description; }
};

// What we do not do, with the reason. What is no longer wrong must be taken off the list.
struct Exception {
  std::string_view beginning;
  // Where the suite says otherwise.
  bool we_say;
  std::string_view reason;
};
constexpr Exception kExceptions[] = {
    {"optional/format/idn-hostname:", true,
     "IDNA (RFC 5891) needs Unicode's tables; never asserted"},
    {"optional/format/hostname: validation of A-label (punycode) host names:", true,
     "as idn-hostname: labels in Punycode are not decoded"},
    {"optional/format/ecmascript-regex: ECMA 262 lookbehind", false, "RE2 does not look behind"},
    {"optional/format/ecmascript-regex: ECMA 262 named groups and backreferences are valid: an "
     "ECMA 262 named b",
     false, "RE2 has no references back"},
};

const Exception* ExceptionFor(const std::string& name, bool valid) {
  const auto found = std::find_if(
      std::begin(kExceptions), std::end(kExceptions),
      [&](const Exception& one) { return one.we_say != valid && name.starts_with(one.beginning); });
  return found == std::end(kExceptions) ? nullptr : found;
}

std::vector<Case> AllCases() {
  std::vector<Case> cases;
  const std::filesystem::path tests = kData / "tests" / "draft2020-12";
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(tests)) {
    if (entry.is_regular_file()) files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  for (const auto& file : files) {
    const std::string name = std::filesystem::relative(file, tests).replace_extension();
    for (const json& group : ReadFile(file)) {
      for (const json& one : group.at("tests")) {
        cases.push_back({name, group.at("description"), one.at("description"), group.at("schema"),
                         one.at("data"), one.at("valid"), name.starts_with("optional/format/")});
      }
    }
  }
  return cases;
}

class SuiteTest : public testing::TestWithParam<Case> {};

TEST_P(SuiteTest, IsValidAsTheSuiteSays) {
  const Case& one = GetParam();
  SCOPED_TRACE(one.name());
  const auto schema = base::JsonSchema::Compile(
      one.schema, {.documents = &Remotes(), .assert_formats = one.formats});
  const bool valid = schema.has_value() && schema->Validate(one.data).empty();
  const bool right = schema.has_value() && valid == one.valid;
  EXPECT_EQ(schema.has_value() && schema->Fits(one.data), valid);
  if (const Exception* exception = ExceptionFor(one.name(), one.valid)) {
    EXPECT_FALSE(right) << "on the list of exceptions: " << exception->reason;
    return;
  }
  ASSERT_TRUE(schema.has_value()) << schema.error().message;
  EXPECT_TRUE(right) << one.schema << "\n" << one.data << "\nexpected " << one.valid;
}

INSTANTIATE_TEST_SUITE_P(Official, SuiteTest, testing::ValuesIn(AllCases()));

void PrintTo(const Case& one, std::ostream* out) { *out << one.name(); }

}  // namespace
