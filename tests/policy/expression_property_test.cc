// What holds for every expression: it is printed so that it parses to itself, and whoever knows less
// never says what whoever knows more denies.
#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "policy/expression.h"
#include "policy/expression/parser.h"
#include "policy/expression/printer.h"

namespace policy {
namespace {

// Makes conditions that compile, mostly.
class Maker {
 public:
  explicit Maker(unsigned seed) : random_(seed) {}

  std::string Condition(int depth) {
    if (depth == 0) return Leaf();
    switch (Below(9)) {
      case 0: return Condition(depth - 1) + " && " + Condition(depth - 1);
      case 1: return Condition(depth - 1) + " || " + Condition(depth - 1);
      case 2: return "!(" + Condition(depth - 1) + ")";
      case 3:
        return "(" + Condition(depth - 1) + " ? " + Condition(depth - 1) + " : " +
               Condition(depth - 1) + ")";
      case 4:
        return Number(depth - 1) + Pick({" < ", " <= ", " == ", " != ", " > "}) + Number(depth - 1);
      case 5: return Number(depth - 1) + " in [" + Number(0) + ", " + Number(0) + "]";
      case 6: return "has(args." + Pick({"a", "b", "c.d", "zz"}) + ")";
      case 7: return "(" + Condition(depth - 1) + ") == (" + Condition(depth - 1) + ")";
      default: return Leaf();
    }
  }
  std::string Arguments() {
    std::string text = "{";
    for (const char* name : {"a", "b", "c", "s"}) {
      if (Below(3) == 0) continue;
      if (text.size() > 1) text += ",";
      text += std::string("\"") + name + "\":" +
              Pick({"0", "1", "-3", "2.5", "true", "null", "\"x\"", "{\"d\":1}", "[1,2]",
                    "9223372036854775807"});
    }
    return text + "}";
  }

 private:
  std::string Leaf() {
    return Pick({"true", "false", "args.a == 1", "args.b", "principal.kind == 'agent'",
                 "'x' in args.c", "args.s == 'x'", "principal.claims.zz > 1", "args.c.d == 1",
                 "principal.kind in ['user', args.s]", "args.s.startsWith('x')", "1 in args.c"});
  }
  std::string Number(int depth) {
    if (depth <= 0) return Pick({"1", "-2", "2.5", "args.a", "args.b", "size(principal.kind)"});
    return "(" + Number(depth - 1) + Pick({" + ", " - ", " * ", " / ", " % "}) + Number(depth - 1) +
           ")";
  }
  std::string Pick(std::initializer_list<const char*> from) {
    return *(from.begin() + Below(from.size()));
  }
  std::size_t Below(std::size_t limit) { return random_() % limit; }

  std::mt19937 random_;
};

Facts AgentWith(std::string_view args) {
  Facts facts;
  facts.principal_kind = "agent";
  facts.args = args;
  return facts;
}

// Whether who knows more may say `full`.
bool Allows(Expression::Truth partial, Expression::Truth full) {
  using Truth = Expression::Truth;
  switch (partial) {
    case Truth::kUnknown: return true;
    case Truth::kNotTrue: return full == Truth::kFalse || full == Truth::kError;
    case Truth::kNotFalse: return full == Truth::kTrue || full == Truth::kError;
    default: return full == partial;
  }
}

TEST(ExpressionPropertyTest, WhatIsSaidWithoutTheArgumentsIsSaidWithAny) {
  Maker maker(7);
  int decided = 0, compiled = 0;
  for (int i = 0; i < 3'000; ++i) {
    const std::string source = maker.Condition(4);
    const auto expression = Expression::CompileCondition(source);
    if (!expression) continue;
    ++compiled;
    const auto partial = expression->Test(AgentWith({}), kUnknownArguments);
    if (partial == Expression::Truth::kUnknown) continue;
    ++decided;
    for (int j = 0; j < 5; ++j) {
      const std::string args = maker.Arguments();
      ASSERT_TRUE(Allows(partial, expression->Test(AgentWith(args)))) << source << "\n" << args;
    }
  }
  // The maker makes what the property is about.
  EXPECT_GT(compiled, 1'500);
  EXPECT_GT(decided, 100);
}

TEST(ExpressionPropertyTest, WhatIsPrintedParsesToTheSameProgram) {
  Maker maker(11);
  for (int i = 0; i < 3'000; ++i) {
    const auto program = Parse(maker.Condition(4));
    if (!program) continue;
    const std::string printed = Print(*program, program->root());
    const auto again = Parse(printed);
    ASSERT_TRUE(again) << printed << "\n" << again.error().message;
    ASSERT_TRUE(program->SameAs(*again)) << printed;
  }
}

}  // namespace
}  // namespace policy
