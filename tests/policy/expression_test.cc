#include "policy/expression.h"

#include <gtest/gtest.h>

namespace policy {
namespace {

std::string Evaluate(std::string_view source) {
  auto expression = Expression::Compile(source);
  if (!expression) return "error: " + expression.error().message;
  Facts facts;
  facts.principal_id = "consumer/alice";
  facts.tool_name = "create_refund";
  facts.request_ip = "10.0.0.1";
  std::string value;
  expression->Evaluate(facts, value);
  return value;
}

TEST(ExpressionTest, JoinsAttributesAndStrings) {
  EXPECT_EQ(Evaluate("principal.id + '/' + tool.name"), "consumer/alice/create_refund");
  EXPECT_EQ(Evaluate("  ( principal.id+(\"-\") )  "), "consumer/alice-");
}

TEST(ExpressionTest, AFactThatIsNotKnownIsEmpty) {
  EXPECT_EQ(Evaluate("'<' + client.name + '>'"), "<>");
}

TEST(ExpressionTest, StringsMayHoldQuotesByEscapes) {
  EXPECT_EQ(Evaluate(R"('it\'s' + "\"" + '\\')"), R"(it's"\)");
}

TEST(ExpressionTest, AnUnknownAttributeIsNamedWithItsPositionAndItsNeighbour) {
  EXPECT_EQ(Evaluate("'a' + tool.nam"),
            "error: position 7: unknown attribute 'tool.nam'; did you mean 'tool.name'?");
  EXPECT_EQ(Evaluate("zzzzzzzzzzzzzzzz"),
            "error: position 1: unknown attribute 'zzzzzzzzzzzzzzzz'");
}

TEST(ExpressionTest, BrokenSyntaxSaysWhatWasExpected) {
  EXPECT_EQ(Evaluate(""), "error: position 1: expected an attribute or a string, found the end");
  EXPECT_EQ(Evaluate("method +"),
            "error: position 9: expected an attribute or a string, found the end");
  EXPECT_EQ(Evaluate("method method"), "error: position 8: expected '+' or the end, found 'm'");
  EXPECT_EQ(Evaluate("(method"), "error: position 8: expected ')', found the end");
  EXPECT_EQ(Evaluate("'open"), "error: position 1: string without its closing quote");
  EXPECT_EQ(Evaluate(R"('\x41')"), "error: position 2: unknown escape");
  EXPECT_EQ(Evaluate("1 + 2"), "error: position 1: unknown attribute '1'");
}

TEST(ExpressionTest, IsBoundedInLengthDepthAndTerms) {
  EXPECT_EQ(Evaluate(std::string(1025, ' ')), "error: longer than 1024 bytes");
  EXPECT_EQ(Evaluate(std::string(100, '(')), "error: position 18: nested too deeply");
  std::string many = "'a'";
  for (int i = 0; i < 32; ++i) many += "+'a'";
  EXPECT_EQ(Evaluate(many), "error: position 129: more than 32 terms");
}

}  // namespace
}  // namespace policy
