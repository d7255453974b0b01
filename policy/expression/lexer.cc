#include "policy/expression/lexer.h"

#include <algorithm>

namespace policy {
namespace {

bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool BeginsName(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool IsSpace(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

}  // namespace

base::Error Lexer::FailAt(std::size_t position, const std::string& what) const {
  const std::string_view before = source_.substr(0, position);
  const auto line = std::count(before.begin(), before.end(), '\n') + 1;
  const auto newline = before.rfind('\n');
  const std::size_t column = newline == before.npos ? position + 1 : position - newline;
  return base::Fail(base::Code::kInvalidArgument, "line " + std::to_string(line) + ", column " +
                                                      std::to_string(column) + ": " + what);
}

base::Result<Token> Lexer::Next() {
  while (at_ < source_.size() && IsSpace(source_[at_])) ++at_;
  Token token;
  token.position = at_;
  if (at_ == source_.size()) return token;
  const char first = source_[at_];
  if (first == '\'' || first == '"') return String();
  if (IsDigit(first)) return Number();
  if (BeginsName(first)) {
    const std::size_t begin = at_;
    while (at_ < source_.size() && (BeginsName(source_[at_]) || IsDigit(source_[at_]))) ++at_;
    token.kind = Token::Kind::kName;
    token.mark = source_.substr(begin, at_ - begin);
    return token;
  }
  constexpr std::string_view kPairs[] = {"&&", "||", "==", "!=", "<=", ">="};
  constexpr std::string_view kSingles = "()[],.?:!<>+-*/%";
  token.kind = Token::Kind::kMark;
  for (const std::string_view pair : kPairs) {
    if (source_.substr(at_, 2) != pair) continue;
    token.mark = source_.substr(at_, 2);
    at_ += 2;
    return token;
  }
  if (kSingles.find(first) == kSingles.npos) {
    const bool shown = first > 0x20 && first < 0x7f;
    std::string what = shown ? std::string("unexpected '") + first + "'"
                             : std::string("a byte that is no ASCII, outside of a string");
    if (first == '&' || first == '|' || first == '=')
      what += std::string("; did you mean '") + first + first + "'?";
    return FailAt(at_, what);
  }
  token.mark = source_.substr(at_, 1);
  ++at_;
  return token;
}

base::Result<Token> Lexer::String() {
  Token token;
  token.kind = Token::Kind::kString;
  token.position = at_;
  const char quote = source_[at_++];
  while (at_ < source_.size() && source_[at_] != quote) {
    char c = source_[at_++];
    if (c == '\\') {
      if (at_ == source_.size()) break;
      c = source_[at_++];
      switch (c) {
        case 'n': c = '\n'; break;
        case 't': c = '\t'; break;
        case 'r': c = '\r'; break;
        case '\\':
        case '\'':
        case '"': break;
        default: return FailAt(at_ - 2, R"(unknown escape; there are \\ \' \" \n \t \r)");
      }
    }
    token.text += c;
  }
  if (at_ == source_.size()) return FailAt(token.position, "string without its closing quote");
  ++at_;
  return token;
}

base::Result<Token> Lexer::Number() {
  Token token;
  token.kind = Token::Kind::kInt;
  token.position = at_;
  auto digits = [this] {
    const std::size_t begin = at_;
    while (at_ < source_.size() && IsDigit(source_[at_])) ++at_;
    return at_ > begin;
  };
  digits();
  if (at_ + 1 < source_.size() && source_[at_] == '.' && IsDigit(source_[at_ + 1])) {
    token.kind = Token::Kind::kDouble;
    ++at_;
    digits();
  }
  if (at_ < source_.size() && (source_[at_] == 'e' || source_[at_] == 'E')) {
    token.kind = Token::Kind::kDouble;
    ++at_;
    if (at_ < source_.size() && (source_[at_] == '+' || source_[at_] == '-')) ++at_;
    if (!digits()) return FailAt(token.position, "a broken number");
  }
  if (at_ < source_.size() && BeginsName(source_[at_]))
    return FailAt(token.position, "a broken number");
  token.mark = source_.substr(token.position, at_ - token.position);
  return token;
}

}  // namespace policy
