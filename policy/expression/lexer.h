// A Lexer cuts an expression's source into tokens.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace policy {

struct Token {
  enum class Kind { kEnd, kName, kInt, kDouble, kString, kMark };
  Kind kind = Kind::kEnd;
  // Of a name or a mark (`<=`) the characters; a view into the source.
  std::string_view mark;
  // Of a string, without escapes.
  std::string text;
  // Of a number without its sign: the digits, as they stand.
  std::size_t position = 0;
};

class Lexer {
 public:
  explicit Lexer(std::string_view source) : source_(source) {}

  // kInvalidArgument, with the position, when the text is no token.
  base::Result<Token> Next();

  // `line 1, column 7: what`, counted from 1 in bytes.
  base::Error FailAt(std::size_t position, const std::string& what) const;

 private:
  base::Result<Token> String();
  base::Result<Token> Number();

  const std::string_view source_;
  std::size_t at_ = 0;
};

}  // namespace policy
