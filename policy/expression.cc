#include "policy/expression.h"

#include <algorithm>

#include "policy/expression/evaluation.h"
#include "policy/expression/parser.h"
#include "policy/expression/printer.h"
#include "policy/expression/typing.h"

namespace policy {
namespace {

constexpr std::size_t kMaxShown = 80;

// What a part came to, as a person writes it.
std::string Shown(Evaluation& evaluation, const Value& value) {
  switch (value.kind) {
    case Value::Kind::kUnknown: return "unknown";
    case Value::Kind::kString: return "'" + std::string(value.text.substr(0, kMaxShown)) + "'";
    case Value::Kind::kList:
    case Value::Kind::kMap: return std::string(value.text.substr(0, kMaxShown));
    case Value::Kind::kAbsent: return "absent";
    default: {
      const Value text = evaluation.ToText(value);
      return text.is_error() ? "something else" : std::string(text.text);
    }
  }
}

// Follows the parts that decide: the side of `&&` that is not true, the side of `||` that is.
std::uint16_t Deciding(const Program& program, Evaluation& evaluation) {
  std::uint16_t at = program.root();
  for (;;) {
    const Node& node = program.nodes[at];
    if (node.op != Op::kAnd && node.op != Op::kOr) return at;
    const bool deciding = node.op == Op::kOr;
    const Value whole = evaluation.Of(at);
    // All sides together decide.
    if (whole.is(!deciding)) return at;
    const Value left = evaluation.Of(node.a);
    at = whole.is(deciding) ? (left.is(deciding) ? node.a : node.b)
                            : (left.is_error() ? node.a : node.b);
  }
}

// Attributes and their members, below `at`.
void CollectRead(const Program& program, std::uint16_t at, std::vector<std::uint16_t>& read) {
  const Node& node = program.nodes[at];
  switch (node.op) {
    case Op::kNull:
    case Op::kBool:
    case Op::kInt:
    case Op::kDouble:
    case Op::kString:
    case Op::kTimestamp: return;
    case Op::kAttribute:
    case Op::kMember:
    case Op::kIndex: read.push_back(at); return;
    case Op::kList:
      for (std::uint16_t i = 0; i < node.b; ++i)
        CollectRead(program, program.operands[node.a + i], read);
      return;
    case Op::kChoose:
      CollectRead(program, node.a, read);
      CollectRead(program, node.b, read);
      CollectRead(program, node.c, read);
      return;
    case Op::kNot:
    case Op::kNegate:
    case Op::kMatches:
    case Op::kLower:
    case Op::kSize:
    case Op::kToString:
    case Op::kHas:
    case Op::kHours:
    case Op::kDayOfWeek: CollectRead(program, node.a, read); return;
    default: CollectRead(program, node.a, read); CollectRead(program, node.b, read);
  }
}

}  // namespace

base::Result<Expression> Expression::Compile(std::string_view source) {
  auto program = Parse(source);
  if (!program) return program.error();
  const Type type = program->type;
  if (type == Type::kList || type == Type::kMap || type == Type::kHeaders || type == Type::kNull) {
    return base::Fail(base::Code::kInvalidArgument,
                      "line 1, column 1: must give text, not " + std::string(TypeName(type)));
  }
  Expression expression;
  expression.pieces_ = Flatten(*program);
  expression.program_ = std::make_shared<const Program>(std::move(*program));
  return expression;
}

base::Result<Expression> Expression::CompileCondition(std::string_view source) {
  auto program = Parse(source);
  if (!program) return program.error();
  if (!MayBe(program->type, Type::kBool)) {
    return base::Fail(
        base::Code::kInvalidArgument,
        "line 1, column 1: must be true or false, not " + std::string(TypeName(program->type)));
  }
  Expression expression;
  expression.program_ = std::make_shared<const Program>(std::move(*program));
  return expression;
}

// Since `+` on strings is associative, a sum of attributes and literals is a flat list of pieces.
std::vector<Expression::Piece> Expression::Flatten(const Program& program) {
  std::vector<Piece> pieces;
  // Nodes stand after their parts and each is a part of one other: their order is that of the text.
  for (const Node& node : program.nodes) {
    if (node.op == Op::kString) {
      pieces.push_back({nullptr, program.texts[node.text]});
    } else if (node.op == Op::kAttribute) {
      const Attribute& attribute = Attributes()[static_cast<std::size_t>(node.integer)];
      if (attribute.type != Type::kString) return {};
      pieces.push_back({attribute.fact, {}});
    } else if (node.op != Op::kAdd) {
      return {};
    }
  }
  return pieces;
}

void Expression::Evaluate(const Facts& facts, std::string& out) const {
  if (!pieces_.empty()) {
    for (const Piece& piece : pieces_) {
      if (piece.attribute) {
        out += facts.*piece.attribute;
      } else {
        out += piece.literal;
      }
    }
    return;
  }
  if (!program_) return;
  Evaluation evaluation(*program_, facts);
  const Value text = evaluation.ToText(evaluation.Run());
  if (text.kind == Value::Kind::kString) out += text.text;
}

Expression::Truth Expression::Test(const Facts& facts, std::uint8_t unknowns) const {
  if (!program_) return Truth::kError;
  Evaluation evaluation(*program_, facts, unknowns);
  const Value value = evaluation.Run();
  switch (value.may()) {
    case Value::kMayBeTrue: return Truth::kTrue;
    case Value::kMayBeFalse: return Truth::kFalse;
    case Value::kMayFail: return Truth::kError;
    case Value::kMayBeTrue | Value::kMayFail: return Truth::kNotFalse;
    case Value::kMayBeFalse | Value::kMayFail: return Truth::kNotTrue;
    default: return Truth::kUnknown;
  }
}

std::uint8_t Expression::unknowns() const {
  return program_ ? program_->unknowns : std::uint8_t{kAllKnown};
}

std::string Expression::Print() const {
  return program_ ? policy::Print(*program_, program_->root()) : "''";
}

std::string Expression::Because(const Facts& facts) const {
  if (!program_) return {};
  Evaluation evaluation(*program_, facts);
  const std::uint16_t part = Deciding(*program_, evaluation);
  const Value value = evaluation.Of(part);
  std::string text = policy::Print(*program_, part) + " ";
  text += value.is_error() ? "fails" : value.is(true) ? "is true" : "is false";
  std::vector<std::uint16_t> read;
  CollectRead(*program_, part, read);
  std::vector<std::string> shown;
  for (const std::uint16_t at : read) {
    const Value of = evaluation.Of(at);
    if (of.kind == Value::Kind::kHeaders) continue;
    std::string pair = policy::Print(*program_, at) + " = " + Shown(evaluation, of);
    if (std::find(shown.begin(), shown.end(), pair) == shown.end())
      shown.push_back(std::move(pair));
  }
  for (std::size_t i = 0; i < shown.size(); ++i) text += (i == 0 ? " with " : ", ") + shown[i];
  return text;
}

}  // namespace policy
