#include "policy/expression/printer.h"

#include <charconv>
#include <cmath>
#include <string_view>

namespace policy {
namespace {

// How tightly an operation holds its parts.
enum Binding { kChoice, kOr, kAnd, kRelation, kSum, kProduct, kUnary, kPostfix };

struct Spelling {
  std::string_view mark;
  Binding binding;
};

// Of operators with two sides; an empty mark for all else.
Spelling SpellingOf(Op op) {
  switch (op) {
    case Op::kOr: return {" || ", kOr};
    case Op::kAnd: return {" && ", kAnd};
    case Op::kEqual: return {" == ", kRelation};
    case Op::kNotEqual: return {" != ", kRelation};
    case Op::kLess: return {" < ", kRelation};
    case Op::kLessEqual: return {" <= ", kRelation};
    case Op::kGreater: return {" > ", kRelation};
    case Op::kGreaterEqual: return {" >= ", kRelation};
    case Op::kIn: return {" in ", kRelation};
    case Op::kAdd: return {" + ", kSum};
    case Op::kSubtract: return {" - ", kSum};
    case Op::kMultiply: return {" * ", kProduct};
    case Op::kDivide: return {" / ", kProduct};
    case Op::kModulo: return {" % ", kProduct};
    case Op::kChoose: return {"", kChoice};
    case Op::kNot:
    case Op::kNegate: return {"", kUnary};
    default: return {"", kPostfix};
  }
}

std::string_view MethodName(Op op) {
  switch (op) {
    case Op::kStartsWith: return "startsWith";
    case Op::kEndsWith: return "endsWith";
    case Op::kContains: return "contains";
    case Op::kMatches: return "matches";
    case Op::kLower: return "lower";
    case Op::kHours: return "getHours";
    case Op::kDayOfWeek: return "getDayOfWeek";
    case Op::kSize: return "size";
    case Op::kToString: return "string";
    case Op::kHas: return "has";
    default: return "";
  }
}

std::string Quoted(std::string_view text) {
  std::string quoted = "'";
  for (const char c : text) {
    switch (c) {
      case '\'': quoted += "\\'"; break;
      case '\\': quoted += "\\\\"; break;
      case '\n': quoted += "\\n"; break;
      case '\t': quoted += "\\t"; break;
      case '\r': quoted += "\\r"; break;
      default: quoted += c;
    }
  }
  return quoted + "'";
}

std::string Real(double value) {
  char digits[32];
  const auto [end, error] = std::to_chars(digits, digits + sizeof digits, value);
  std::string text(digits, end);
  if (text.find_first_of(".e") == text.npos) text += ".0";
  return text;
}

class Printer {
 public:
  explicit Printer(const Program& program) : program_(program) {}

  // `index`, in brackets unless it holds together at least as tightly as `around` asks.
  std::string Of(std::uint16_t index, Binding around) const {
    const Node& node = program_.nodes[index];
    const bool negative = (node.op == Op::kInt && node.integer < 0) ||
                          (node.op == Op::kDouble && std::signbit(node.real));
    const Binding own = negative ? kUnary : SpellingOf(node.op).binding;
    const std::string text = Bare(node);
    return own < around ? "(" + text + ")" : text;
  }

 private:
  std::string Bare(const Node& node) const {
    const Spelling spelling = SpellingOf(node.op);
    if (!spelling.mark.empty()) {
      // Chains lean to the left; comparisons are no chains.
      const auto next = static_cast<Binding>(spelling.binding + 1);
      const Binding left = spelling.binding == kRelation ? next : spelling.binding;
      return Of(node.a, left) + std::string(spelling.mark) + Of(node.b, next);
    }
    switch (node.op) {
      case Op::kNull: return "null";
      case Op::kBool: return node.integer ? "true" : "false";
      case Op::kInt: return std::to_string(node.integer);
      case Op::kDouble: return Real(node.real);
      case Op::kString: return Quoted(Text(node));
      case Op::kAttribute:
        return std::string(Attributes()[static_cast<std::size_t>(node.integer)].name);
      case Op::kList: return List(node);
      case Op::kChoose:
        return Of(node.a, kOr) + " ? " + Of(node.b, kChoice) + " : " + Of(node.c, kChoice);
      case Op::kNot: return "!" + Of(node.a, kUnary);
      case Op::kNegate: return Negated(node);
      case Op::kMember: return Of(node.a, kPostfix) + "." + Text(node);
      case Op::kIndex: return Of(node.a, kPostfix) + "[" + Of(node.b, kChoice) + "]";
      case Op::kTimestamp: return "timestamp(" + Quoted(Text(node)) + ")";
      case Op::kSize:
      case Op::kToString:
      case Op::kHas: return std::string(MethodName(node.op)) + "(" + Of(node.a, kChoice) + ")";
      default: return Called(node);
    }
  }

  // A number behind the sign would be read as one with it.
  std::string Negated(const Node& node) const {
    const Node& inner = program_.nodes[node.a];
    const bool number = inner.op == Op::kInt || inner.op == Op::kDouble;
    return number ? "-(" + Bare(inner) + ")" : "-" + Of(node.a, kUnary);
  }

  std::string Called(const Node& node) const {
    std::string text = Of(node.a, kPostfix) + "." + std::string(MethodName(node.op)) + "(";
    if (node.op == Op::kMatches) return text + Quoted(Text(node)) + ")";
    const bool takes_one =
        node.op == Op::kStartsWith || node.op == Op::kEndsWith || node.op == Op::kContains;
    return text + (takes_one ? Of(node.b, kChoice) : "") + ")";
  }

  std::string List(const Node& node) const {
    std::string text = "[";
    for (std::uint16_t i = 0; i < node.b; ++i)
      text += (i ? ", " : "") + Of(program_.operands[node.a + i], kChoice);
    return text + "]";
  }

  const std::string& Text(const Node& node) const { return program_.texts[node.text]; }

  const Program& program_;
};

}  // namespace

std::string Print(const Program& program, std::uint16_t node) {
  return Printer(program).Of(node, kChoice);
}

}  // namespace policy
