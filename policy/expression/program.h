// A Program is an expression as it is kept: a flat array of nodes, each after those it is made of,
// the root last. Immutable once parsed; may be shared between threads.
//
// Each node is evaluated at most once, so their number bounds the steps.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "policy/expression/attributes.h"

namespace re2 {
class RE2;
}

namespace policy {

enum class Op : std::uint8_t {
  // Leaves: what they are stands in `text`, `integer` or `real`.
  kNull,
  kBool,
  kInt,
  kDouble,
  kString,
  kAttribute,  // `integer` is its place in Attributes()
  // `operands[a .. a + b)` of the program are the elements.
  kList,
  // a ? b : c
  kChoose,
  // Of a and b.
  kOr,
  kAnd,
  kEqual,
  kNotEqual,
  kLess,
  kLessEqual,
  kGreater,
  kGreaterEqual,
  kIn,
  kAdd,
  kSubtract,
  kMultiply,
  kDivide,
  kModulo,
  kIndex,
  kStartsWith,
  kEndsWith,
  kContains,
  // Of a; kMember and kMatches with `text`.
  kNot,
  kNegate,
  kMember,
  kMatches,  // `integer` is its place in `patterns`
  kLower,
  kSize,
  kToString,
  kHas,
  kTimestamp,  // `integer` is the time in Unix milliseconds, `text` as it was written
  kHours,
  kDayOfWeek,
};

struct Node {
  Op op = Op::kNull;
  std::uint16_t a = 0;
  std::uint16_t b = 0;
  std::uint16_t c = 0;
  // Of kBool, kInt, kTimestamp the value; of others a place (see Op).
  std::int64_t integer = 0;
  double real = 0;
  std::uint16_t text = 0;  // place in `texts`

  friend bool operator==(const Node&, const Node&) = default;
};

struct Program {
  static constexpr std::size_t kMaxSourceBytes = 4096;
  static constexpr std::size_t kMaxNodes = 256;
  static constexpr std::size_t kMaxDepth = 64;

  std::vector<Node> nodes;
  std::vector<std::uint16_t> operands;
  std::vector<std::string> texts;
  std::vector<std::shared_ptr<const re2::RE2>> patterns;
  // Of the root.
  Type type = Type::kAny;
  // Which unknowns it reads.
  std::uint8_t unknowns = kAllKnown;

  std::uint16_t root() const { return static_cast<std::uint16_t>(nodes.size() - 1); }
  // The same expression: patterns are made of texts.
  bool SameAs(const Program& other) const {
    return nodes == other.nodes && operands == other.operands && texts == other.texts &&
           type == other.type && unknowns == other.unknowns;
  }
};

}  // namespace policy
