// A Value is what a part of an expression came to: a scalar, a piece of raw JSON, or why there is
// none. A small view: it lives as long as the evaluation that made it.
#pragma once

#include <cstdint>
#include <string_view>

namespace policy {

struct Value {
  enum class Kind : std::uint8_t {
    kError,    // `text` says why: a constant
    kAbsent,   // an error too: what was asked for is not there
    kUnknown,  // depends on what is not known yet; `integer` is what it may come to, bits below
    kNull,
    kBool,
    kInt,
    kDouble,  // finite
    kString,
    kTime,     // `integer`, Unix milliseconds
    kList,     // `text` is a raw JSON array
    kMap,      // `text` is a raw JSON object
    kLiteral,  // a list of the expression's own; `integer` is its node
    kHeaders,
  };
  Kind kind = Kind::kError;
  bool boolean = false;
  std::int64_t integer = 0;
  double real = 0;
  std::string_view text;

  static Value Error(std::string_view why) { return {.kind = Kind::kError, .text = why}; }
  static Value Absent(std::string_view why) { return {.kind = Kind::kAbsent, .text = why}; }
  // What an unknown condition may come to; nearly always any.
  static constexpr std::int64_t kMayBeTrue = 1, kMayBeFalse = 2, kMayFail = 4, kMayBeAny = 7;
  static Value UnknownYet(std::int64_t may = kMayBeAny) {
    return {.kind = Kind::kUnknown, .integer = may};
  }
  static Value Null() { return {.kind = Kind::kNull}; }
  static Value Bool(bool value) { return {.kind = Kind::kBool, .boolean = value}; }
  static Value Int(std::int64_t value) { return {.kind = Kind::kInt, .integer = value}; }
  // An error when it is not finite.
  static Value Double(double value);
  static Value String(std::string_view text) { return {.kind = Kind::kString, .text = text}; }
  static Value Time(std::int64_t unix_ms) { return {.kind = Kind::kTime, .integer = unix_ms}; }

  bool is_error() const { return kind == Kind::kError || kind == Kind::kAbsent; }
  bool is_unknown() const { return kind == Kind::kUnknown; }
  // No value, for one reason or the other.
  bool is_none() const { return is_error() || is_unknown(); }
  bool is_number() const { return kind == Kind::kInt || kind == Kind::kDouble; }
  // As a condition: what is no bool fails.
  std::int64_t may() const {
    if (is_unknown()) return integer;
    if (kind != Kind::kBool) return kMayFail;
    return boolean ? kMayBeTrue : kMayBeFalse;
  }
  bool is(bool wanted) const { return kind == Kind::kBool && boolean == wanted; }
};

// An int or a double, by its spelling. An error when a double cannot hold it. REQUIRES: a JSON
// number.
Value ReadNumber(std::string_view raw);

// Less than 0, 0 or more: exactly, also where an int has no double. REQUIRES: is_number().
int CompareNumbers(const Value& left, const Value& right);

}  // namespace policy
