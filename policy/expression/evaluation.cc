#include "policy/expression/evaluation.h"

#include <re2/re2.h>

#include <charconv>
#include <cmath>
#include <limits>

#include "base/http/message.h"
#include "mcp/message.h"
#include "mcp/raw_json.h"

namespace policy {
namespace {

using Kind = Value::Kind;

constexpr std::string_view kTooLong = "more to read than an expression may";

// Credentials: no rule may compare, count by or log them.
bool IsSecret(std::string_view header) {
  for (const std::string_view secret : {"Authorization", "Proxy-Authorization", "Cookie"}) {
    if (base::http::EqualsIgnoreCase(header, secret)) return true;
  }
  return false;
}

std::string Lower(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return lower;
}

std::int64_t Characters(std::string_view text) {
  std::int64_t count = 0;
  for (const char c : text) count += (static_cast<unsigned char>(c) & 0xc0) != 0x80;
  return count;
}

Value IntArithmetic(Op op, std::int64_t left, std::int64_t right) {
  constexpr Value kTooLarge = {.kind = Kind::kError, .text = "an int became too large"};
  std::int64_t result = 0;
  bool overflow = false;
  switch (op) {
    case Op::kAdd: overflow = __builtin_add_overflow(left, right, &result); break;
    case Op::kSubtract: overflow = __builtin_sub_overflow(left, right, &result); break;
    case Op::kMultiply: overflow = __builtin_mul_overflow(left, right, &result); break;
    default:
      if (right == 0) return Value::Error("divided by zero");
      // The one quotient that has no int; its remainder is 0.
      if (right == -1)
        return op == Op::kModulo                                  ? Value::Int(0)
               : left == std::numeric_limits<std::int64_t>::min() ? kTooLarge
                                                                  : Value::Int(-left);
      return Value::Int(op == Op::kDivide ? left / right : left % right);
  }
  return overflow ? kTooLarge : Value::Int(result);
}

double RealOf(const Value& value) {
  return value.kind == Kind::kInt ? static_cast<double>(value.integer) : value.real;
}

Value RealArithmetic(Op op, double left, double right) {
  switch (op) {
    case Op::kAdd: return Value::Double(left + right);
    case Op::kSubtract: return Value::Double(left - right);
    case Op::kMultiply: return Value::Double(left * right);
    default: return right == 0 ? Value::Error("divided by zero") : Value::Double(left / right);
  }
}

// What comes of an operand without a value: its error, or an unknown of which nothing is known.
Value NoneOf(const Value& operand) { return operand.is_error() ? operand : Value::UnknownYet(); }

// Of two: an error is sure, an unknown is not.
Value NoneOf(const Value& left, const Value& right) {
  return NoneOf(left.is_error() || !right.is_none() ? left : right);
}

// A condition that may come to what the bits say; `failed` is where it fails.
Value FromMay(std::int64_t may, const Value& failed) {
  switch (may) {
    case Value::kMayBeTrue: return Value::Bool(true);
    case Value::kMayBeFalse: return Value::Bool(false);
    case Value::kMayFail: return failed.is_error() ? failed : Value::Error("not a bool");
    default: return Value::UnknownYet(may);
  }
}

}  // namespace

Value Evaluation::Of(std::uint16_t index) {
  const Node& node = program_.nodes[index];
  switch (node.op) {
    case Op::kNull: return Value::Null();
    case Op::kBool: return Value::Bool(node.integer != 0);
    case Op::kInt: return Value::Int(node.integer);
    case Op::kDouble: return Value::Double(node.real);
    case Op::kString: return Value::String(program_.texts[node.text]);
    case Op::kTimestamp: return Value::Time(node.integer);
    case Op::kList: return {.kind = Kind::kLiteral, .integer = index};
    case Op::kAttribute: return OfAttribute(node);
    case Op::kChoose: return OfChoice(node);
    case Op::kAnd:
    case Op::kOr: return OfLogic(node);
    case Op::kNot: {
      const Value value = Of(node.a);
      if (value.is_error()) return value;
      return FromMay((value.may() & Value::kMayBeTrue ? Value::kMayBeFalse : 0) |
                         (value.may() & Value::kMayBeFalse ? Value::kMayBeTrue : 0) |
                         (value.may() & Value::kMayFail),
                     value);
    }
    case Op::kHas: {
      const Value value = Of(node.a);
      if (value.kind == Kind::kAbsent) return Value::Bool(false);
      return value.is_none() ? NoneOf(value) : Value::Bool(true);
    }
    case Op::kEqual:
    case Op::kNotEqual:
    case Op::kLess:
    case Op::kLessEqual:
    case Op::kGreater:
    case Op::kGreaterEqual: return OfComparison(node);
    case Op::kIn: {
      const Value wanted = Of(node.a);
      const Value container = Of(node.b);
      if (wanted.is_none() || container.is_none()) return NoneOf(wanted, container);
      return In(wanted, container);
    }
    case Op::kAdd:
    case Op::kSubtract:
    case Op::kMultiply:
    case Op::kDivide:
    case Op::kModulo:
    case Op::kNegate: return OfArithmetic(node);
    case Op::kMember: {
      const Value map = Of(node.a);
      return map.is_none() ? NoneOf(map) : Member(map, program_.texts[node.text]);
    }
    case Op::kIndex: return OfIndex(node);
    case Op::kStartsWith:
    case Op::kEndsWith:
    case Op::kContains:
    case Op::kMatches:
    case Op::kLower: return OfText(node);
    case Op::kSize: return OfSize(node);
    case Op::kToString: {
      const Value value = Of(node.a);
      return value.is_none() ? NoneOf(value) : ToText(value);
    }
    case Op::kHours:
    case Op::kDayOfWeek: return OfTime(node);
  }
  return Value::Error("not an operation");
}

Value Evaluation::OfAttribute(const Node& node) {
  const Attribute& attribute = Attributes()[static_cast<std::size_t>(node.integer)];
  if (attribute.unknown & unknowns_) return Value::UnknownYet();
  switch (attribute.type) {
    case Type::kTime: return Value::Time(facts_.now_unix_ms);
    case Type::kHeaders: return {.kind = Kind::kHeaders};
    default: break;
  }
  const std::string_view fact = facts_.*attribute.fact;
  if (attribute.type == Type::kString) return Value::String(fact);
  if (!fact.empty()) return Read(fact);
  return attribute.type == Type::kMap ? Value{.kind = Kind::kMap, .text = "{}"}
                                      : Value{.kind = Kind::kList, .text = "[]"};
}

// Either side decides, whichever it is; so neither an error nor an unknown hides a decision.
Value Evaluation::OfLogic(const Node& node) {
  const bool deciding = node.op == Op::kOr;
  const Value left = Of(node.a);
  if (left.is(deciding)) return left;
  const Value right = Of(node.b);
  if (right.is(deciding)) return right;
  const std::int64_t decides = deciding ? Value::kMayBeTrue : Value::kMayBeFalse;
  const std::int64_t passes = deciding ? Value::kMayBeFalse : Value::kMayBeTrue;
  // Neither decides for sure; all else is what the two may come to.
  std::int64_t may = (left.may() | right.may()) & decides;
  may |= left.may() & right.may() & passes;
  const bool left_stays = left.may() != decides, right_stays = right.may() != decides;
  if (left_stays && right_stays) may |= (left.may() | right.may()) & Value::kMayFail;
  return FromMay(may, left.is_error() ? left : right);
}

Value Evaluation::OfChoice(const Node& node) {
  const Value condition = Of(node.a);
  if (condition.is_none()) return NoneOf(condition);
  if (condition.kind != Kind::kBool) return Value::Error("not a bool");
  return Of(condition.boolean ? node.b : node.c);
}

Value Evaluation::OfComparison(const Node& node) {
  const Value left = Of(node.a);
  const Value right = Of(node.b);
  if (left.is_none() || right.is_none()) return NoneOf(left, right);
  if (node.op == Op::kEqual) return Equal(left, right, 0);
  if (node.op == Op::kNotEqual) {
    const Value equal = Equal(left, right, 0);
    return equal.kind == Kind::kBool ? Value::Bool(!equal.boolean) : equal;
  }
  int order = 0;
  if (left.is_number() && right.is_number()) {
    order = CompareNumbers(left, right);
  } else if (left.kind == Kind::kString && right.kind == Kind::kString) {
    order = left.text.compare(right.text);
  } else if (left.kind == Kind::kTime && right.kind == Kind::kTime) {
    order = left.integer < right.integer ? -1 : left.integer > right.integer ? 1 : 0;
  } else {
    return Value::Error("compared are numbers, strings or times, of one kind");
  }
  switch (node.op) {
    case Op::kLess: return Value::Bool(order < 0);
    case Op::kLessEqual: return Value::Bool(order <= 0);
    case Op::kGreater: return Value::Bool(order > 0);
    default: return Value::Bool(order >= 0);
  }
}

Value Evaluation::OfArithmetic(const Node& node) {
  const Value left = Of(node.a);
  if (node.op == Op::kNegate) {
    if (left.is_none()) return NoneOf(left);
    if (left.kind == Kind::kInt) return IntArithmetic(Op::kSubtract, 0, left.integer);
    return left.kind == Kind::kDouble ? Value::Double(-left.real) : Value::Error("not a number");
  }
  const Value right = Of(node.b);
  if (left.is_none() || right.is_none()) return NoneOf(left, right);
  if (node.op == Op::kAdd && left.kind == Kind::kString && right.kind == Kind::kString)
    return Keep(std::string(left.text).append(right.text));
  if (!left.is_number() || !right.is_number()) return Value::Error("not a number");
  if (left.kind == Kind::kInt && right.kind == Kind::kInt)
    return IntArithmetic(node.op, left.integer, right.integer);
  if (node.op == Op::kModulo) return Value::Error("'%' divides ints");
  return RealArithmetic(node.op, RealOf(left), RealOf(right));
}

Value Evaluation::OfText(const Node& node) {
  const Value text = Of(node.a);
  const bool alone = node.op == Op::kLower || node.op == Op::kMatches;
  const Value other = alone ? Value::String({}) : Of(node.b);
  if (text.is_none() || other.is_none()) return NoneOf(text, other);
  if (text.kind != Kind::kString || other.kind != Kind::kString)
    return Value::Error("not a string");
  if (!Walk(text.text.size())) return Value::Error(kTooLong);
  switch (node.op) {
    case Op::kStartsWith: return Value::Bool(text.text.starts_with(other.text));
    case Op::kEndsWith: return Value::Bool(text.text.ends_with(other.text));
    case Op::kContains: return Value::Bool(text.text.find(other.text) != text.text.npos);
    case Op::kMatches: {
      const re2::RE2& pattern = *program_.patterns[static_cast<std::size_t>(node.integer)];
      return Value::Bool(
          re2::RE2::PartialMatch(re2::StringPiece(text.text.data(), text.text.size()), pattern));
    }
    default: return Keep(Lower(text.text));
  }
}

Value Evaluation::OfTime(const Node& node) {
  const Value time = Of(node.a);
  if (time.is_none()) return NoneOf(time);
  if (time.kind != Kind::kTime) return Value::Error("not a time");
  constexpr std::int64_t kHourMs = 3'600'000;
  const std::int64_t hours =
      (time.integer - ((time.integer % kHourMs) + kHourMs) % kHourMs) / kHourMs;
  if (node.op == Op::kHours) return Value::Int((hours % 24 + 24) % 24);
  const std::int64_t hour = (hours % 24 + 24) % 24;
  const std::int64_t days = (hours - hour) / 24;
  // 1970-01-01 was a Thursday; 0 is Sunday.
  return Value::Int(((days + 4) % 7 + 7) % 7);
}

Value Evaluation::OfSize(const Node& node) {
  const Value value = Of(node.a);
  if (value.is_none()) return NoneOf(value);
  if (!Walk(value.text.size())) return Value::Error(kTooLong);
  std::int64_t size = 0;
  switch (value.kind) {
    case Kind::kString: return Value::Int(Characters(value.text));
    case Kind::kLiteral:
      return Value::Int(program_.nodes[static_cast<std::size_t>(value.integer)].b);
    case Kind::kList: {
      mcp::Elements elements(value.text);
      while (elements.Next()) ++size;
      return Value::Int(size);
    }
    case Kind::kMap: {
      mcp::Members members(value.text);
      while (members.Next()) ++size;
      return Value::Int(size);
    }
    default: return Value::Error("it has no size");
  }
}

Value Evaluation::OfIndex(const Node& node) {
  const Value of = Of(node.a);
  const Value index = Of(node.b);
  if (of.is_none() || index.is_none()) return NoneOf(of, index);
  const bool list = of.kind == Kind::kList || of.kind == Kind::kLiteral;
  if (list && index.kind == Kind::kInt) return Element(of, index.integer);
  if (index.kind != Kind::kString) return Value::Error("not an index");
  if (of.kind == Kind::kHeaders) return Header(index.text);
  return Member(of, index.text);
}

Value Evaluation::Equal(const Value& left, const Value& right, int depth) {
  const bool lists = (left.kind == Kind::kList || left.kind == Kind::kLiteral) &&
                     (right.kind == Kind::kList || right.kind == Kind::kLiteral);
  if (lists) return EqualLists(left, right, depth);
  if (left.kind == Kind::kMap || right.kind == Kind::kMap) {
    if (left.kind != right.kind) return Value::Bool(false);
    return Value::Error("maps are not compared");
  }
  if (left.is_number() && right.is_number()) return Value::Bool(CompareNumbers(left, right) == 0);
  if (left.kind != right.kind) return Value::Bool(false);
  switch (left.kind) {
    case Kind::kNull: return Value::Bool(true);
    case Kind::kBool: return Value::Bool(left.boolean == right.boolean);
    case Kind::kString: return Value::Bool(left.text == right.text);
    case Kind::kTime: return Value::Bool(left.integer == right.integer);
    default: return Value::Error("headers are not compared");
  }
}

Value Evaluation::EqualLists(const Value& left, const Value& right, int depth) {
  // Of literals in literals; JSON has a bound of its own.
  if (depth > 64) return Value::Error("nested too deeply to compare");
  Value undecided = Value::Bool(true);
  for (std::int64_t i = 0;; ++i) {
    const Value a = Element(left, i);
    const Value b = Element(right, i);
    const bool ends_a = a.kind == Kind::kAbsent && a.text.empty();
    const bool ends_b = b.kind == Kind::kAbsent && b.text.empty();
    if (ends_a || ends_b) return ends_a && ends_b ? undecided : Value::Bool(false);
    const Value equal = a.is_none() || b.is_none() ? NoneOf(a, b) : Equal(a, b, depth + 1);
    if (equal.is(false)) return equal;
    if (equal.is_unknown() || (equal.is_error() && !undecided.is_unknown())) undecided = equal;
    // What cannot be read is not read on and on.
    if (walked_ > kMaxWalked) return Value::Error(kTooLong);
  }
}

Value Evaluation::In(const Value& wanted, const Value& container) {
  switch (container.kind) {
    case Kind::kList:
    case Kind::kLiteral: return InList(wanted, container);
    case Kind::kMap:
    case Kind::kHeaders: {
      if (wanted.kind != Kind::kString) return Value::Error("names are strings");
      const Value found =
          container.kind == Kind::kMap ? Member(container, wanted.text) : Header(wanted.text);
      if (found.kind == Kind::kAbsent) return Value::Bool(false);
      return found.is_error() ? found : Value::Bool(true);
    }
    default: return Value::Error("'in' looks into a list or a map");
  }
}

Value Evaluation::InList(const Value& wanted, const Value& list) {
  Value undecided = Value::Bool(false);
  auto found = [&](const Value& element) {
    const Value equal = element.is_none() ? NoneOf(element) : Equal(wanted, element, 0);
    if (equal.is_unknown() || (equal.is_error() && !undecided.is_unknown())) undecided = equal;
    return equal.is(true);
  };
  if (list.kind == Kind::kLiteral) {
    const Node& node = program_.nodes[static_cast<std::size_t>(list.integer)];
    for (std::uint16_t i = 0; i < node.b; ++i) {
      if (found(Of(program_.operands[node.a + i]))) return Value::Bool(true);
    }
    return undecided;
  }
  if (!Walk(list.text.size())) return Value::Error(kTooLong);
  mcp::Elements elements(list.text);
  while (elements.Next()) {
    if (found(Read(elements.value()))) return Value::Bool(true);
  }
  return undecided;
}

Value Evaluation::Member(const Value& map, std::string_view name) {
  if (map.kind != Kind::kMap) return Value::Error("it has no members");
  if (!Walk(map.text.size())) return Value::Error(kTooLong);
  std::string_view found;
  mcp::Members members(map.text);
  while (members.Next()) {
    if (!members.Is(name)) continue;
    // Whoever reads the last one would see another value than we.
    if (!found.empty()) return Value::Error("a name that stands twice in one object");
    found = members.value();
  }
  return found.empty() ? Value::Absent("it is not there") : Read(found);
}

Value Evaluation::Header(std::string_view name) const {
  constexpr Value kAbsent = {.kind = Kind::kAbsent, .text = "there is no such header"};
  if (!facts_.headers || IsSecret(name)) return kAbsent;
  const auto value = facts_.headers->Find(name);
  return value ? Value::String(*value) : kAbsent;
}

Value Evaluation::Element(const Value& list, std::int64_t index) {
  // Empty text: behind the end.
  constexpr Value kNone = {.kind = Kind::kAbsent};
  if (index < 0) return kNone;
  if (list.kind == Kind::kLiteral) {
    const Node& node = program_.nodes[static_cast<std::size_t>(list.integer)];
    return index < node.b ? Of(program_.operands[node.a + static_cast<std::size_t>(index)]) : kNone;
  }
  if (!Walk(list.text.size())) return Value::Error(kTooLong);
  mcp::Elements elements(list.text);
  for (std::int64_t i = 0; elements.Next(); ++i) {
    if (i == index) return Read(elements.value());
  }
  return kNone;
}

Value Evaluation::Read(std::string_view raw) {
  switch (raw.empty() ? '\0' : raw.front()) {
    case '{': return {.kind = Kind::kMap, .text = raw};
    case '[': return {.kind = Kind::kList, .text = raw};
    case 't': return Value::Bool(true);
    case 'f': return Value::Bool(false);
    case 'n': return Value::Null();
    case '"': {
      if (const auto plain = mcp::PlainString(raw)) return Value::String(*plain);
      return Keep(mcp::DecodeString(raw));
    }
    case '\0': return Value::Error("it cannot be read");
    default: return ReadNumber(raw);
  }
}

Value Evaluation::Keep(std::string text) {
  made_ += text.size();
  if (made_ > kMaxMade) return Value::Error("more text than an expression may make");
  return Value::String(texts_.emplace_back(std::move(text)));
}

Value Evaluation::ToText(const Value& value) {
  switch (value.kind) {
    case Kind::kString: return value;
    case Kind::kBool: return Value::String(value.boolean ? "true" : "false");
    case Kind::kNull: return Value::String("null");
    case Kind::kInt:
    case Kind::kTime: return Keep(std::to_string(value.integer));
    case Kind::kDouble: {
      char digits[32];
      const auto [end, error] = std::to_chars(digits, digits + sizeof digits, value.real);
      return Keep(std::string(digits, end));
    }
    default: return Value::Error("it cannot become a string");
  }
}

}  // namespace policy
