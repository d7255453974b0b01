// Detectors over JSON: what hides behind escapes is found, and not a byte around it is changed.
#include "policy/json_inspector.h"

#include <gmock/gmock.h>
#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>

namespace policy {
namespace {

using Part = Inspection::Part;

class JsonInspectorTest : public testing::Test {
 protected:
  // `detect` is a list of entries in text form.
  void Detect(const std::string& detect) {
    EffectivePolicy policy;
    EffectiveRule rule;
    rule.set = "base";
    EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(
        "id: 'guard' inspect { " + detect + " }", &rule.rule));
    policy.rules.push_back(rule);
    inspection_.emplace(policy);
    Facts facts;
    facts.method = "tools/call";
    terms_ = inspection_->For(Part::ARGUMENTS, facts);
  }
  std::string Redact(const std::string& text) {
    JsonInspector inspector(text, terms_);
    inspector.Look(text);
    found_ = inspector.found().empty() ? 0 : inspector.found().front().count;
    blocked_ = inspector.blocked_by() ? inspector.blocked_by()->detector.name() : "";
    return inspector.Redacted().value_or("unchanged");
  }

  std::optional<Inspection> inspection_;
  Inspection::Terms terms_;
  int found_ = 0;
  std::string blocked_;
};

TEST_F(JsonInspectorTest, BytesOutsideOfWhatIsRedactedStayAsTheyWere) {
  Detect("detect { kind: PATTERN pattern: 'S[0-9]+' action: REDACT }");
  EXPECT_EQ(Redact(R"( { "a" : "x S12 y" , "n":1.50, "S3":["\u0041S4\n"] } )"),
            R"( { "a" : "x [redacted] y" , "n":1.50, "[redacted]":["\u0041[redacted]\n"] } )");
  EXPECT_EQ(found_, 3);
  EXPECT_EQ(Redact(R"({"a":"plain"})"), "unchanged");
}

TEST_F(JsonInspectorTest, WhatIsHiddenBehindEscapesIsTakenOut) {
  Detect("detect { kind: HIDDEN_UNICODE action: REDACT }");
  EXPECT_EQ(Redact(R"({"a":"ig\u200bnore \"me\" \udb40\udc41z"})"), R"({"a":"ignore \"me\" z"})");
  EXPECT_EQ(found_, 2);
  EXPECT_EQ(Redact("{\"a\":\"ig\xE2\x80\x8Bnore\"}"), R"({"a":"ignore"})");
}

TEST_F(JsonInspectorTest, AMatchMayBeginAndEndWithEscapes) {
  Detect("detect { kind: PATTERN pattern: '\"[a-z]+\"' action: REDACT }");
  EXPECT_EQ(Redact(R"(["a \"bc\" d","\u0022e\u0022"])"), R"(["a [redacted] d","[redacted]"])");
}

TEST_F(JsonInspectorTest, WhatOverlapsIsRedactedOnce) {
  Detect(
      "detect { kind: PATTERN pattern: 'abc' action: REDACT } "
      "detect { kind: PATTERN pattern: 'bcd' action: REDACT }");
  EXPECT_EQ(Redact(R"(["xabcdx"])"), R"(["x[redacted]x"])");
}

TEST_F(JsonInspectorTest, TheStrictestActionWins) {
  Detect(
      "detect { kind: PATTERN pattern: 'abc' action: FLAG name: 'noted' } "
      "detect { kind: PATTERN pattern: 'bcd' action: BLOCK name: 'blocked' }");
  Redact(R"(["abc"])");
  EXPECT_EQ(blocked_, "");
  EXPECT_EQ(found_, 1);
  Redact(R"(["abcd"])");
  EXPECT_EQ(blocked_, "blocked");
}

TEST_F(JsonInspectorTest, OfMembersThoseOfMachinesAreLeftAlone) {
  Detect("detect { kind: PATTERN pattern: 'S[0-9]+' action: REDACT }");
  const std::string text =
      R"({"name":"t","nextCursor":"S1","_meta":{"progressToken":"S2","io.modelcontextprotocol/x":"S3","own":"S4"},"a":"S5"})";
  JsonInspector inspector(text, terms_);
  inspector.LookAtMembers(text);
  EXPECT_FALSE(inspector.blocked_by());
  EXPECT_EQ(
      inspector.Redacted(),
      R"({"name":"t","nextCursor":"S1","_meta":{"progressToken":"S2","io.modelcontextprotocol/x":"S3","own":"[redacted]"},"a":"[redacted]"})");
}

TEST_F(JsonInspectorTest, WhatNamesTheCallIsBlockedInsteadOfChanged) {
  Detect("detect { kind: PATTERN pattern: 'S[0-9]+' action: REDACT }");
  const std::string text = R"({"name":"S1","arguments":{}})";
  JsonInspector inspector(text, terms_);
  inspector.LookAtMembers(text);
  EXPECT_TRUE(inspector.blocked_by());
  EXPECT_FALSE(inspector.Redacted());
}

}  // namespace
}  // namespace policy
