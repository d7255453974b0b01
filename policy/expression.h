// An Expression is a small formula over the facts of a call, such as `principal.id + '/' +
// tool.name`.
//
//   expression = term { "+" term }
//   term       = attribute | string | "(" expression ")"
//   string     = '...' or "...", with \\ \' \" \n \t
//
// Total and bounded: it cannot fail, loop or grow once it compiled. Since `+` on strings is
// associative, what remains after compiling is a flat list of pieces. Immutable; may be shared
// between threads.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "policy/facts.h"

namespace policy {

class Expression {
 public:
  static constexpr std::size_t kMaxSourceBytes = 1024;
  static constexpr std::size_t kMaxPieces = 32;
  static constexpr std::size_t kMaxDepth = 16;

  // kInvalidArgument names the position (from 1) and, for an unknown attribute, the nearest known
  // one.
  static base::Result<Expression> Compile(std::string_view source);

  // Appends the value to `out`, which keeps its capacity from call to call.
  void Evaluate(const Facts& facts, std::string& out) const;

 private:
  struct Piece {
    std::string_view Facts::*attribute = nullptr;  // a literal when null
    std::string literal;
  };
  class Parser;

  std::vector<Piece> pieces_;
};

// Compiles and evaluates any bytes whatever; for fuzzing.
void FuzzExpression(std::string_view bytes);

}  // namespace policy
