#include "policy/expression/typing.h"

namespace policy {
namespace {

// Of two sides that may be numbers.
std::optional<Type> Number(Type left, Type right) {
  const bool fits =
      (IsNumber(left) || left == Type::kAny) && (IsNumber(right) || right == Type::kAny);
  if (!fits) return std::nullopt;
  if (left == Type::kDouble || right == Type::kDouble) return Type::kDouble;
  return left == Type::kInt && right == Type::kInt ? Type::kInt : Type::kAny;
}

bool BothMayBe(Type left, Type right, Type wanted) {
  return MayBe(left, wanted) && MayBe(right, wanted);
}

bool Ordered(Type left, Type right) {
  return Number(left, right) || BothMayBe(left, right, Type::kString) ||
         BothMayBe(left, right, Type::kTime);
}

bool Comparable(Type left, Type right) {
  if (left == Type::kMap || right == Type::kMap) return false;
  if (left == Type::kHeaders || right == Type::kHeaders) return false;
  return left == right || left == Type::kAny || right == Type::kAny ||
         (IsNumber(left) && IsNumber(right));
}

}  // namespace

bool HasSize(Type type) {
  return type == Type::kAny || type == Type::kString || type == Type::kList || type == Type::kMap;
}

std::optional<Type> ResultOf(Op op, Type left, Type right) {
  auto when = [](bool fits, Type type) { return fits ? std::optional(type) : std::nullopt; };
  switch (op) {
    case Op::kOr:
    case Op::kAnd: return when(BothMayBe(left, right, Type::kBool), Type::kBool);
    case Op::kEqual:
    case Op::kNotEqual: return when(Comparable(left, right), Type::kBool);
    case Op::kLess:
    case Op::kLessEqual:
    case Op::kGreater:
    case Op::kGreaterEqual: return when(Ordered(left, right), Type::kBool);
    case Op::kIn: {
      if (right == Type::kList || right == Type::kAny)
        return when(left != Type::kMap && left != Type::kHeaders, Type::kBool);
      return when((right == Type::kMap || right == Type::kHeaders) && MayBe(left, Type::kString),
                  Type::kBool);
    }
    case Op::kAdd:
      if (left == Type::kString || right == Type::kString)
        return when(BothMayBe(left, right, Type::kString), Type::kString);
      return Number(left, right);
    case Op::kModulo: return when(BothMayBe(left, right, Type::kInt), Type::kInt);
    default: return Number(left, right);
  }
}

std::string WantedBy(Op op) {
  switch (op) {
    case Op::kOr:
    case Op::kAnd: return "joins bools";
    case Op::kEqual:
    case Op::kNotEqual: return "compares values of one type, but no maps";
    case Op::kLess:
    case Op::kLessEqual:
    case Op::kGreater:
    case Op::kGreaterEqual: return "compares numbers, strings or times";
    case Op::kIn: return "looks for a value in a list, or for a name in a map";
    case Op::kAdd: return "adds numbers or joins strings";
    case Op::kModulo: return "divides ints";
    default: return "reckons with numbers";
  }
}

}  // namespace policy
