#include "policy/expression.h"

#include <array>

#include "base/manifest.h"

namespace policy {

namespace {

struct Attribute {
  std::string_view name;
  std::string_view Facts::*fact;
};

constexpr std::array kAttributes = {
    Attribute{"principal.id", &Facts::principal_id},
    Attribute{"principal.kind", &Facts::principal_kind},
    Attribute{"principal.tenant", &Facts::principal_tenant},
    Attribute{"server.name", &Facts::server_name},
    Attribute{"tool.name", &Facts::tool_name},
    Attribute{"method", &Facts::method},
    Attribute{"request.ip", &Facts::request_ip},
    Attribute{"client.name", &Facts::client_name},
    Attribute{"client.version", &Facts::client_version},
};

// "; did you mean 'tool.name'?", or nothing when no name is near.
std::string Suggestion(std::string_view unknown) {
  std::vector<std::string> names;
  for (const Attribute& attribute : kAttributes) names.emplace_back(attribute.name);
  const std::string_view meant = base::DidYouMean(unknown, names);
  return meant.empty() ? "" : "; did you mean '" + std::string(meant) + "'?";
}

bool IsNameByte(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         c == '.';
}

}  // namespace

class Expression::Parser {
 public:
  explicit Parser(std::string_view source) : source_(source) {}

  base::Result<std::vector<Piece>> Run() {
    if (auto parsed = Sum(0); !parsed) return parsed.error();
    SkipSpace();
    if (position_ != source_.size()) return Unexpected("'+' or the end");
    return std::move(pieces_);
  }

 private:
  base::Result<void> Sum(std::size_t depth) {
    if (depth > kMaxDepth) return FailAt(position_, "nested too deeply");
    for (;;) {
      if (auto parsed = Term(depth); !parsed) return parsed.error();
      SkipSpace();
      if (position_ == source_.size() || source_[position_] != '+') return {};
      ++position_;
    }
  }

  base::Result<void> Term(std::size_t depth) {
    SkipSpace();
    if (position_ == source_.size())
      return FailAt(position_, "expected an attribute or a string, found the end");
    const char first = source_[position_];
    if (first == '(') return Parenthesised(depth);
    if (first == '\'' || first == '"') return String(first);
    if (IsNameByte(first)) return Name();
    return Unexpected("an attribute or a string");
  }

  base::Result<void> Parenthesised(std::size_t depth) {
    ++position_;
    if (auto parsed = Sum(depth + 1); !parsed) return parsed.error();
    SkipSpace();
    if (position_ == source_.size() || source_[position_] != ')') return Unexpected("')'");
    ++position_;
    return {};
  }

  base::Result<void> String(char quote) {
    const std::size_t begin = position_++;
    Piece piece;
    while (position_ < source_.size() && source_[position_] != quote) {
      char c = source_[position_++];
      if (c == '\\') {
        if (position_ == source_.size()) break;
        c = source_[position_++];
        if (c == 'n') {
          c = '\n';
        } else if (c == 't') {
          c = '\t';
        } else if (c != '\\' && c != '\'' && c != '"') {
          return FailAt(position_ - 2, "unknown escape");
        }
      }
      piece.literal += c;
    }
    if (position_ == source_.size()) return FailAt(begin, "string without its closing quote");
    ++position_;
    return Add(std::move(piece), begin);
  }

  base::Result<void> Name() {
    const std::size_t begin = position_;
    while (position_ < source_.size() && IsNameByte(source_[position_])) ++position_;
    const std::string_view name = source_.substr(begin, position_ - begin);
    for (const Attribute& attribute : kAttributes) {
      if (attribute.name == name) return Add(Piece{attribute.fact, {}}, begin);
    }
    // Long names would make the distance slow and the message long.
    const std::string shown(name.substr(0, 64));
    return FailAt(begin, "unknown attribute '" + shown + "'" + Suggestion(shown));
  }

  base::Result<void> Add(Piece piece, std::size_t position) {
    if (pieces_.size() == kMaxPieces) {
      return FailAt(position, "more than " + std::to_string(kMaxPieces) + " terms");
    }
    pieces_.push_back(std::move(piece));
    return {};
  }

  void SkipSpace() {
    while (position_ < source_.size() &&
           (source_[position_] == ' ' || source_[position_] == '\t' || source_[position_] == '\n' ||
            source_[position_] == '\r')) {
      ++position_;
    }
  }

  base::Error Unexpected(std::string_view wanted) const {
    std::string found = "the end";
    if (position_ < source_.size()) {
      const auto byte = static_cast<unsigned char>(source_[position_]);
      found = byte >= 0x20 && byte < 0x7f ? std::string("'") + source_[position_] + "'"
                                          : "a byte that is no ASCII";
    }
    return FailAt(position_, "expected " + std::string(wanted) + ", found " + found);
  }

  static base::Error FailAt(std::size_t position, const std::string& what) {
    return base::Fail(base::Code::kInvalidArgument,
                      "position " + std::to_string(position + 1) + ": " + what);
  }

  const std::string_view source_;
  std::size_t position_ = 0;
  std::vector<Piece> pieces_;
};

base::Result<Expression> Expression::Compile(std::string_view source) {
  if (source.size() > kMaxSourceBytes) {
    return base::Fail(base::Code::kInvalidArgument,
                      "longer than " + std::to_string(kMaxSourceBytes) + " bytes");
  }
  Parser parser(source);
  auto pieces = parser.Run();
  if (!pieces) return pieces.error();
  Expression expression;
  expression.pieces_ = std::move(*pieces);
  return expression;
}

void Expression::Evaluate(const Facts& facts, std::string& out) const {
  for (const Piece& piece : pieces_) {
    if (piece.attribute) {
      out += facts.*piece.attribute;
    } else {
      out += piece.literal;
    }
  }
}

void FuzzExpression(std::string_view bytes) {
  auto expression = Expression::Compile(bytes);
  if (!expression) return;
  Facts facts;
  facts.principal_id = "consumer/a";
  facts.tool_name = "t";
  std::string value;
  expression->Evaluate(facts, value);
}

}  // namespace policy
