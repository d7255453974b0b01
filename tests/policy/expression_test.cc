#include "policy/expression.h"

#include <gtest/gtest.h>

#include "base/http/message.h"

namespace policy {
namespace {

Facts SomeFacts() {
  static const base::http::Fields headers = [] {
    base::http::Fields fields;
    fields.Add("X-Debug", "1");
    fields.Add("Authorization", "Bearer secret");
    return fields;
  }();
  Facts facts;
  facts.principal_id = "consumer/alice";
  facts.principal_kind = "agent";
  facts.principal_claims = R"({"groups":["refunds","sales"],"level":3,"team":"a\"b"})";
  facts.server_name = "local/pay";
  facts.server_tags = R"(["money","eu"])";
  facts.method = "tools/call";
  facts.tool_name = "create_refund";
  facts.request_ip = "10.0.0.1";
  facts.args =
      R"({"amount":500,"price":4.5,"big":9007199254740993,"huge":1e400,"name":"Ünï","none":null,)"
      R"("lines":[{"sku":"a"},{"sku":"b"}],"ids":[1,2.0,"x"],"sub":{"x":1,"x":2},"yes":true})";
  facts.headers = &headers;
  facts.now_unix_ms = 1'795'442'400'000;  // 2026-11-23T14:00:00Z, a Monday
  return facts;
}

// The text of an expression, or what is wrong with it.
std::string Evaluate(std::string_view source) {
  auto expression = Expression::Compile(source);
  if (!expression) return "error: " + expression.error().message;
  std::string value;
  expression->Evaluate(SomeFacts(), value);
  return value;
}

// What a condition comes to: true, false, error or unknown.
std::string Judge(std::string_view source, std::uint8_t unknowns = kAllKnown) {
  auto expression = Expression::CompileCondition(source);
  if (!expression) return "refused: " + expression.error().message;
  switch (expression->Test(SomeFacts(), unknowns)) {
    case Expression::Truth::kFalse: return "false";
    case Expression::Truth::kTrue: return "true";
    case Expression::Truth::kError: return "error";
    case Expression::Truth::kNotTrue: return "not true";
    case Expression::Truth::kNotFalse: return "not false";
    case Expression::Truth::kUnknown: return "unknown";
  }
  return "?";
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

TEST(ExpressionTest, AKeyMayBeMadeOfWhatTheCallerSays) {
  EXPECT_EQ(Evaluate("'amount ' + string(args.amount)"), "amount 500");
  EXPECT_EQ(Evaluate("principal.claims.team.lower()"), "a\"b");
  EXPECT_EQ(Evaluate("args.amount > 100 ? 'large' : 'small'"), "large");
  EXPECT_EQ(Evaluate("1 + 2"), "3");
}

TEST(ExpressionTest, AKeyThatFailsIsAbsent) {
  EXPECT_EQ(Evaluate("'x' + args.nothing"), "");
  EXPECT_EQ(Evaluate("'x' + args.amount"), "");
}

TEST(ExpressionTest, TheRuleOfTheDocumentation) {
  EXPECT_EQ(Judge("'refunds' in principal.claims.groups && args.amount <= 500"), "true");
  EXPECT_EQ(Judge("'refunds' in principal.claims.groups && args.amount < 500"), "false");
  EXPECT_EQ(Judge("principal.kind == 'agent'"), "true");
}

TEST(ExpressionTest, NumbersAreComparedExactly) {
  EXPECT_EQ(Judge("args.big > 9007199254740992"), "true");
  EXPECT_EQ(Judge("args.big > 9007199254740992.0"), "true");
  EXPECT_EQ(Judge("args.big == 9007199254740992.0"), "false");
  EXPECT_EQ(Judge("args.price == 4.5 && args.amount == 500.0"), "true");
  EXPECT_EQ(Judge("args.price < 5 && args.price > 4"), "true");
}

TEST(ExpressionTest, ReckonsWithoutOverflow) {
  EXPECT_EQ(Judge("args.amount * 2 + 1 == 1001 && 7 / 2 == 3 && 7 % 4 == 3 && -args.amount < 0"),
            "true");
  EXPECT_EQ(Judge("7.0 / 2 == 3.5"), "true");
  EXPECT_EQ(Judge("9223372036854775807 + args.amount > 0"), "error");
  EXPECT_EQ(Judge("args.amount / 0 > 0"), "error");
  EXPECT_EQ(Judge("args.amount % 0 > 0"), "error");
  EXPECT_EQ(Judge("-9223372036854775808 / -1 > 0"), "error");
  EXPECT_EQ(Judge("-9223372036854775808 % -1 == 0"), "true");
}

TEST(ExpressionTest, AnErrorIsAValueThatOnlyADecisionHides) {
  EXPECT_EQ(Judge("args.nothing > 1"), "error");
  EXPECT_EQ(Judge("args.nothing > 1 || true"), "true");
  EXPECT_EQ(Judge("args.nothing > 1 && false"), "false");
  EXPECT_EQ(Judge("args.nothing > 1 && true"), "error");
  EXPECT_EQ(Judge("!(args.nothing > 1)"), "error");
  EXPECT_EQ(Judge("args.huge > 1"), "error");
  EXPECT_EQ(Judge("args.amount"), "error");
}

TEST(ExpressionTest, ANameThatStandsTwiceIsNoValue) {
  EXPECT_EQ(Judge("args.sub.x == 1"), "error");
  EXPECT_EQ(Judge("args.sub.x == 2"), "error");
  EXPECT_EQ(Judge("has(args.sub.x)"), "error");
}

TEST(ExpressionTest, HasAsksWhetherAMemberIsThere) {
  EXPECT_EQ(Judge("has(args.amount) && !has(args.nothing) && !has(args.nothing.at.all)"), "true");
  EXPECT_EQ(Judge("has(args.lines[1].sku) && !has(args.lines[2])"), "true");
  EXPECT_EQ(Judge("'amount' in args && !('nothing' in args)"), "true");
  EXPECT_EQ(Judge("args.none == null && args.amount != null"), "true");
}

TEST(ExpressionTest, ListsAreSearchedAndIndexed) {
  EXPECT_EQ(Judge("args.lines[1].sku == 'b' && size(args.lines) == 2"), "true");
  EXPECT_EQ(Judge("2 in args.ids && 'x' in args.ids && !('1' in args.ids)"), "true");
  EXPECT_EQ(Judge("tool.name in ['create_refund', 'x'] && 'money' in server.tags"), "true");
  EXPECT_EQ(Judge("args.ids == [1, 2, 'x'] && args.ids != [1]"), "true");
  EXPECT_EQ(Judge("args.lines[-1].sku == 'b'"), "error");
}

TEST(ExpressionTest, StringsHaveFunctions) {
  EXPECT_EQ(Judge("tool.name.startsWith('create_') && tool.name.endsWith('refund')"), "true");
  EXPECT_EQ(Judge("tool.name.contains('_re') && tool.name.matches('^create_[a-z]+$')"), "true");
  EXPECT_EQ(Judge("'ABC'.lower() == 'abc' && args.name.size() == 3"), "true");
  EXPECT_EQ(Judge("args.amount.startsWith('5')"), "error");
}

TEST(ExpressionTest, HeadersAreFoundInEitherCaseAndCredentialsNever) {
  EXPECT_EQ(Judge("request.headers['x-debug'] == '1' && 'X-DEBUG' in request.headers"), "true");
  EXPECT_EQ(Judge("request.headers['x-none'] == '1'"), "error");
  EXPECT_EQ(Judge("has(request.headers['authorization'])"), "false");
}

TEST(ExpressionTest, TimesAreComparedAndHaveHoursAndDays) {
  EXPECT_EQ(Judge("now > timestamp('2026-11-23T13:59:59Z') && now < "
                  "timestamp('2026-11-23T16:00:01+01:00')"),
            "true");
  EXPECT_EQ(Judge("now.getHours() == 14 && now.getDayOfWeek() == 1"), "true");
}

TEST(ExpressionTest, WhatIsNotKnownIsUnknownUnlessTheRestDecides) {
  EXPECT_EQ(Judge("args.amount <= 500", kUnknownArguments), "unknown");
  EXPECT_EQ(Judge("principal.kind == 'user' && args.amount <= 500", kUnknownArguments), "false");
  EXPECT_EQ(Judge("args.amount <= 500 && principal.kind == 'user'", kUnknownArguments), "false");
  EXPECT_EQ(Judge("args.amount <= 500 || principal.kind == 'agent'", kUnknownArguments), "true");
  EXPECT_EQ(Judge("args.amount <= 500 && principal.claims.none > 1", kUnknownArguments),
            "not true");
  EXPECT_EQ(Judge("!(principal.claims.none > 1 && args.yes)", kUnknownArguments), "not false");
  EXPECT_EQ(Judge("(principal.claims.none > 1 && args.yes) == false", kUnknownArguments),
            "unknown");
  EXPECT_EQ(Judge("!has(args.x)", kUnknownArguments), "unknown");
  EXPECT_EQ(Judge("principal.id in ['x', args.who]", kUnknownArguments), "unknown");
  EXPECT_EQ(Judge("principal.id in ['consumer/alice', args.who]", kUnknownArguments), "true");
  EXPECT_EQ(Judge("now.getHours() > 1", kUnknownTime), "unknown");
  EXPECT_EQ(Judge("has(request.headers['x'])", kUnknownHeaders), "unknown");
}

TEST(ExpressionTest, AnUnknownAttributeIsNamedWithItsPositionAndItsNeighbour) {
  EXPECT_EQ(Evaluate("'a' + tool.nam"),
            "error: line 1, column 7: unknown attribute 'tool.nam'; did you mean 'tool.name'?");
  EXPECT_EQ(Judge("true &&\n  princpal.id == 'x'"),
            "refused: line 2, column 3: unknown attribute 'princpal.id'; did you mean "
            "'principal.id'?");
  EXPECT_EQ(Evaluate("zzzzzzzzzzzzzzzz"),
            "error: line 1, column 1: unknown attribute 'zzzzzzzzzzzzzzzz'");
  EXPECT_EQ(Judge("tool.name.beginsWith('x')"),
            "refused: line 1, column 11: unknown function 'beginsWith'");
  EXPECT_EQ(Judge("tool.name.startswith('x')"),
            "refused: line 1, column 11: unknown function 'startswith'; did you mean "
            "'startsWith'?");
}

TEST(ExpressionTest, TypesThatDoNotFitAreRefusedWhenTheyAreWritten) {
  EXPECT_EQ(Judge("tool.name < 5"),
            "refused: line 1, column 11: '<' compares numbers, strings or times, not string and "
            "int");
  EXPECT_EQ(Judge("tool.name == 5"),
            "refused: line 1, column 11: '==' compares values of one type, but no maps, not "
            "string and int");
  EXPECT_EQ(Judge("'a' && true"),
            "refused: line 1, column 5: '&&' joins bools, not string and bool");
  EXPECT_EQ(Judge("tool.name"), "refused: line 1, column 1: must be true or false, not string");
  EXPECT_EQ(Judge("method.x == 1"), "refused: line 1, column 8: string has no members");
  EXPECT_EQ(Judge("tool.name.matches(method)"),
            "refused: line 1, column 19: expected a pattern as a literal string, found 'method'");
  EXPECT_EQ(Judge("tool.name.matches('(')"),
            "refused: line 1, column 19: a broken pattern (RE2 syntax)");
  EXPECT_EQ(Judge("has(tool.name)"),
            "refused: line 1, column 5: has() takes a member: has(args.amount)");
  EXPECT_EQ(Evaluate("args"), "error: line 1, column 1: must give text, not map");
}

TEST(ExpressionTest, BrokenSyntaxSaysWhatWasExpected) {
  EXPECT_EQ(Evaluate(""), "error: line 1, column 1: expected a value, found the end");
  EXPECT_EQ(Evaluate("method +"), "error: line 1, column 9: expected a value, found the end");
  EXPECT_EQ(Evaluate("method method"),
            "error: line 1, column 8: expected an operator or the end, found 'method'");
  EXPECT_EQ(Evaluate("(method"), "error: line 1, column 8: expected ')', found the end");
  EXPECT_EQ(Evaluate("'open"), "error: line 1, column 1: string without its closing quote");
  EXPECT_EQ(Evaluate(R"('\x41')"),
            R"(error: line 1, column 2: unknown escape; there are \\ \' \" \n \t \r)");
  EXPECT_EQ(Judge("true & false"), "refused: line 1, column 6: unexpected '&'; did you mean '&&'?");
  EXPECT_EQ(Judge("1 < 2 < 3"),
            "refused: line 1, column 7: expected an operator or the end, found '<'");
}

TEST(ExpressionTest, IsBoundedInLengthDepthAndOperations) {
  EXPECT_EQ(Evaluate(std::string(4097, ' ')), "error: longer than 4096 bytes");
  EXPECT_EQ(Evaluate(std::string(100, '(')), "error: line 1, column 33: nested too deeply");
  std::string many = "'a'";
  for (int i = 0; i < 128; ++i) many += "+'a'";
  EXPECT_EQ(Evaluate(many), "error: line 1, column 1: more than 256 operations");
}

TEST(ExpressionTest, AnEvaluationReadsAndMakesABoundedAmount) {
  std::string large = R"({"a":")" + std::string(3 * 1024 * 1024, 'x') + R"(","b":1})";
  Facts facts;
  facts.args = large;
  std::string source = "args.b == 1";
  for (int i = 0; i < 9; ++i) source += " && args.b == 1";
  EXPECT_EQ(Expression::CompileCondition("args.b == 1")->Test(facts), Expression::Truth::kTrue);
  EXPECT_EQ(Expression::CompileCondition(source)->Test(facts), Expression::Truth::kError);
  std::string out;
  Expression::Compile("args.a + args.a")->Evaluate(facts, out);
  EXPECT_EQ(out, "");
}

TEST(ExpressionTest, IsPrintedInOneSpelling) {
  EXPECT_EQ(Expression::CompileCondition(
                "((\"a\" in principal.claims.groups)&&(args.amount<=(500+ -1)*2)) || !(true)")
                ->Print(),
            "'a' in principal.claims.groups && args.amount <= (500 + -1) * 2 || !true");
  EXPECT_EQ(Expression::CompileCondition("(true?false:true)?args.a[0].b==1:-(5)<2.0")->Print(),
            "(true ? false : true) ? args.a[0].b == 1 : -(5) < 2.0");
}

TEST(ExpressionTest, SaysWhichPartDecidesAndWhatItRead) {
  auto because = [](std::string_view source) {
    return Expression::CompileCondition(source)->Because(SomeFacts());
  };
  EXPECT_EQ(because("'refunds' in principal.claims.groups && args.amount <= 100"),
            "args.amount <= 100 is false with args.amount = 500");
  EXPECT_EQ(because("args.nothing <= 100"), "args.nothing <= 100 fails with args.nothing = absent");
  EXPECT_EQ(because("principal.kind == 'agent' || args.amount > 9"),
            "principal.kind == 'agent' is true with principal.kind = 'agent'");
}

}  // namespace
}  // namespace policy
