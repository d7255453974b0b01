#include "base/json_schema.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace {

using base::JsonSchema;
using base::JsonSchemaOptions;
using nlohmann::json;
using ::testing::HasSubstr;
using ::testing::StartsWith;

JsonSchema Compiled(const char* schema) {
  auto compiled = JsonSchema::Compile(json::parse(schema));
  EXPECT_TRUE(compiled.has_value());
  return *compiled;
}

std::string RefusalOf(const char* schema, const JsonSchemaOptions& options = {}) {
  const auto compiled = JsonSchema::Compile(json::parse(schema), options);
  return compiled.has_value() ? "" : compiled.error().message;
}

std::string FirstOf(const char* schema, const char* value) {
  const auto violations = Compiled(schema).Validate(json::parse(value));
  return violations.empty() ? "" : violations.front().ToString();
}

TEST(JsonSchemaTest, AMissingMemberIsNamedWhereItShouldBe) {
  EXPECT_EQ(FirstOf(R"({"properties": {"pay": {"required": ["amount"]}}})", R"({"pay": {}})"),
            "/pay/amount: is missing");
}

TEST(JsonSchemaTest, AWrongTypeSaysWhatItIs) {
  EXPECT_EQ(FirstOf(R"({"properties": {"a/b": {"type": "number"}}})", R"({"a/b": "1"})"),
            "/a~1b: must be a number, and is a string");
}

TEST(JsonSchemaTest, AnUnknownMemberIsToldWhichThereAre) {
  EXPECT_EQ(FirstOf(R"({"properties": {"color": true}, "additionalProperties": false})",
                    R"({"colour": 1})"),
            "/colour: is not allowed here; there is color");
}

TEST(JsonSchemaTest, TheAlternativeThatWasMeantSaysWhatIsWrongWithIt) {
  const auto violations =
      Compiled(R"({"oneOf": [{"properties": {"kind": {"const": "a"}}, "required": ["x"]},
                             {"properties": {"kind": {"const": "b"}}, "required": ["y"]}]})")
          .Validate(json::parse(R"({"kind": "b"})"));
  ASSERT_EQ(violations.size(), 2u);
  EXPECT_EQ(violations[1].ToString(), "/y: is missing");
}

TEST(JsonSchemaTest, AllThatIsWrongIsToldUpToABound) {
  json value = json::object();
  for (int i = 0; i < 100; ++i) value["m" + std::to_string(i)] = 1;
  EXPECT_EQ(Compiled(R"({"additionalProperties": {"type": "string"}})").Validate(value).size(),
            20u);
}

TEST(JsonSchemaTest, DecimalsAreDividedAsWritten) {
  EXPECT_EQ(FirstOf(R"({"multipleOf": 0.01})", "4.35"), "");
  EXPECT_EQ(FirstOf(R"({"multipleOf": 0.01})", "4.351"), ": must be a multiple of 0.01");
}

TEST(JsonSchemaTest, LargeIntegersAreComparedExactly) {
  EXPECT_EQ(FirstOf(R"({"maximum": 9007199254740992})", "9007199254740993"),
            ": must be at most 9007199254740992");
}

TEST(JsonSchemaTest, AKeywordOfTheWrongTypeIsRefusedWithItsPointer) {
  EXPECT_THAT(RefusalOf(R"({"properties": {"a": {"type": "text"}}})"),
              StartsWith("/properties/a/type: must be null"));
  EXPECT_THAT(RefusalOf(R"({"items": {"minLength": -1}})"), StartsWith("/items/minLength: "));
}

TEST(JsonSchemaTest, APatternThatLooksAheadIsRefusedWithItsPointer) {
  EXPECT_THAT(RefusalOf(R"x({"properties": {"a": {"pattern": "^(?=x)"}}})x"),
              StartsWith("/properties/a/pattern: looking ahead"));
}

TEST(JsonSchemaTest, NothingIsFetched) {
  EXPECT_THAT(RefusalOf(R"({"$ref": "https://example.com/s.json"})"),
              HasSubstr("is not in this document"));
}

TEST(JsonSchemaTest, AReferenceThatLeadsNowhereIsRefused) {
  EXPECT_THAT(RefusalOf(R"({"items": {"$ref": "#/$defs/x"}})"), StartsWith("/items/$ref: "));
}

TEST(JsonSchemaTest, ASchemaThatRefersToItselfForeverFitsNothing) {
  const auto violations = Compiled(R"({"$ref": "#"})").Validate(1);
  ASSERT_EQ(violations.size(), 1u);
  EXPECT_THAT(violations[0].message, HasSubstr("bounds"));
}

TEST(JsonSchemaTest, ABoundUnderNotIsNoYes) {
  EXPECT_FALSE(Compiled(R"({"not": {"$ref": "#"}})").Fits(1));
}

TEST(JsonSchemaTest, ManyAlternativesWithinEachOtherEnd) {
  // Each level tries both of its alternatives, to a depth where that is 2^40 tries.
  json schema = {{"type", "string"}};
  for (int i = 0; i < 40; ++i) {
    json next;
    next["$defs"]["inner"] = std::move(schema);
    next["anyOf"] = {{{"$ref", "#/$defs/inner"}}, {{"$ref", "#/$defs/inner"}}};
    next["$id"] = "https://example.com/" + std::to_string(i);
    schema = std::move(next);
  }
  const auto compiled = JsonSchema::Compile(schema);
  ASSERT_TRUE(compiled.has_value()) << compiled.error().message;
  EXPECT_THAT(compiled->Validate(1).front().message, HasSubstr("bounds"));
}

TEST(JsonSchemaTest, ALargeSchemaIsRefused) {
  json schema = json::object();
  for (int i = 0; i < 100; ++i) schema["properties"]["p" + std::to_string(i)] = true;
  EXPECT_FALSE(JsonSchema::Compile(schema, {.max_values = 50}).has_value());
}

TEST(JsonSchemaTest, ADeepSchemaIsRefused) {
  json schema = true;
  for (int i = 0; i < 200; ++i) schema = json{{"not", std::move(schema)}};
  EXPECT_FALSE(JsonSchema::Compile(schema).has_value());
}

TEST(JsonSchemaTest, FormatsAreAnnotationsUnlessAsserted) {
  const json schema = {{"format", "ipv4"}};
  EXPECT_TRUE(JsonSchema::Compile(schema)->Fits("x"));
  EXPECT_FALSE(JsonSchema::Compile(schema, {.assert_formats = true})->Fits("x"));
}

TEST(JsonSchemaTest, OlderDraftsAreReadAsSuch) {
  const JsonSchema schema = Compiled(
      R"({"$schema": "http://json-schema.org/draft-07/schema#", "items": [{"type": "string"}],
          "additionalItems": false})");
  EXPECT_TRUE(schema.Fits(json::parse(R"(["a"])")));
  EXPECT_FALSE(schema.Fits(json::parse(R"(["a", 1])")));
}

}  // namespace
