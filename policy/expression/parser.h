// The parser makes a Program of an expression's source, and says no to whatever could not work:
// unknown attributes and functions, types that do not fit, patterns that do not compile.
//
//   expression = or [ "?" expression ":" expression ]
//   or         = and { "||" and }
//   and        = relation { "&&" relation }
//   relation   = sum [ ( "==" | "!=" | "<" | "<=" | ">" | ">=" | "in" ) sum ]
//   sum        = product { ( "+" | "-" ) product }
//   product    = unary { ( "*" | "/" | "%" ) unary }
//   unary      = ( "!" | "-" ) unary | postfix
//   postfix    = primary { "." name [ "(" [ arguments ] ")" ] | "[" expression "]" }
//   primary    = "(" expression ")" | literal | attribute | function "(" arguments ")" | "[" [ arguments ] "]"
//   literal    = "true" | "false" | "null" | number | '...' | "..."
#pragma once

#include <string_view>

#include "base/result.h"
#include "policy/expression/program.h"

namespace policy {

// kInvalidArgument begins with the position: `line 1, column 7: unknown attribute 'tool.nam'; did you
// mean 'tool.name'?`. Bounded in bytes, nodes and depth.
base::Result<Program> Parse(std::string_view source);

}  // namespace policy
