#include "base/json_schema/value.h"

#include <charconv>
#include <cmath>
#include <cstdint>
#include <functional>
#include <nlohmann/json.hpp>
#include <optional>

#include "base/json_schema/node.h"

namespace base::json_schema {
namespace {

using nlohmann::json;

// Wide enough for ten times any coefficient of a double or 64-bit integer.
__extension__ using Wide = unsigned __int128;

constexpr std::size_t kShownBytes = 80;

bool IsWhole(double number) { return std::isfinite(number) && std::trunc(number) == number; }

// coefficient * 10^exponent, without its sign.
struct Decimal {
  std::uint64_t coefficient = 0;
  int exponent = 0;
};

// Of the shortest text that reads back as this number: what the writer wrote, for up to 17 digits.
std::optional<Decimal> ToDecimal(const json& number) {
  if (number.is_number_unsigned()) return Decimal{number.get<std::uint64_t>(), 0};
  if (number.is_number_integer()) {
    const auto value = number.get<std::int64_t>();
    const auto bits = static_cast<std::uint64_t>(value);
    return Decimal{value < 0 ? ~bits + 1 : bits, 0};
  }
  const double value = std::fabs(number.get<double>());
  if (!std::isfinite(value)) return std::nullopt;
  char text[40];
  const auto written =
      std::to_chars(text, text + sizeof text, value, std::chars_format::scientific);
  Decimal decimal;
  int behind_point = 0;
  bool point = false;
  const char* c = text;
  for (; c != written.ptr && *c != 'e'; ++c) {
    if (*c == '.') {
      point = true;
      continue;
    }
    decimal.coefficient = decimal.coefficient * 10 + static_cast<std::uint64_t>(*c - '0');
    behind_point += point ? 1 : 0;
  }
  int exponent = 0;
  if (c != written.ptr) {
    if (*++c == '+') ++c;
    std::from_chars(c, written.ptr, exponent);
  }
  decimal.exponent = exponent - behind_point;
  return decimal;
}

std::uint64_t PowerOfTenModulo(int power, std::uint64_t modulus) {
  Wide result = 1 % modulus;
  Wide base = 10 % modulus;
  for (; power > 0; power /= 2) {
    if (power % 2 == 1) result = result * base % modulus;
    base = base * base % modulus;
  }
  return static_cast<std::uint64_t>(result);
}

std::size_t Mix(std::size_t seed, std::size_t value) {
  return seed ^ (value + 0x9e3779b97f4a7c15ULL + (seed << 6) + (seed >> 2));
}

}  // namespace

unsigned TypesOf(const json& value) {
  switch (value.type()) {
    case json::value_t::null: return kNull;
    case json::value_t::boolean: return kBoolean;
    case json::value_t::number_integer:
    case json::value_t::number_unsigned: return kInteger | kNumber;
    case json::value_t::number_float:
      return IsWhole(value.get<double>()) ? kInteger | kNumber : kNumber;
    case json::value_t::string: return kString;
    case json::value_t::array: return kArray;
    case json::value_t::object: return kObject;
    default: return 0;
  }
}

std::string_view Described(const json& value) {
  switch (value.type()) {
    case json::value_t::null: return "null";
    case json::value_t::boolean: return "a boolean";
    case json::value_t::string: return "a string";
    case json::value_t::array: return "an array";
    case json::value_t::object: return "an object";
    default: return (TypesOf(value) & kInteger) ? "an integer" : "a number";
  }
}

std::partial_ordering Compare(const json& a, const json& b) {
  if (a.is_number_integer() && b.is_number_integer()) {
    // An unsigned number is also an integer here, and may be beyond the signed ones.
    if (a.is_number_unsigned() && b.is_number_unsigned())
      return a.get<std::uint64_t>() <=> b.get<std::uint64_t>();
    if (a.is_number_unsigned() && b.get<std::int64_t>() < 0) return std::partial_ordering::greater;
    if (b.is_number_unsigned() && a.get<std::int64_t>() < 0) return std::partial_ordering::less;
    if (a.is_number_unsigned() || b.is_number_unsigned())
      return a.get<std::uint64_t>() <=> b.get<std::uint64_t>();
    return a.get<std::int64_t>() <=> b.get<std::int64_t>();
  }
  // Holds every 64-bit integer and every double exactly.
  static_assert(std::numeric_limits<long double>::digits >= 64);
  return a.get<long double>() <=> b.get<long double>();
}

bool IsMultipleOf(const json& value, const json& divisor) {
  const auto a = ToDecimal(value);
  const auto b = ToDecimal(divisor);
  if (!a || !b || b->coefficient == 0) return false;
  if (a->coefficient == 0) return true;
  const int shift = a->exponent - b->exponent;
  if (shift >= 0) {
    const Wide left = a->coefficient % b->coefficient;
    return left * PowerOfTenModulo(shift, b->coefficient) % b->coefficient == 0;
  }
  // The divisor is longer by so many digits than the value has.
  if (-shift > 19) return false;
  Wide scaled = b->coefficient;
  for (int i = 0; i < -shift; ++i) {
    scaled *= 10;
    if (scaled > a->coefficient) return false;
  }
  return a->coefficient % static_cast<std::uint64_t>(scaled) == 0;
}

bool Equal(const json& a, const json& b) {
  if (a.is_number() && b.is_number()) return Compare(a, b) == 0;
  if (a.type() != b.type()) return false;
  if (a.is_array()) {
    if (a.size() != b.size()) return false;
    for (std::size_t i = 0; i < a.size(); ++i) {
      if (!Equal(a[i], b[i])) return false;
    }
    return true;
  }
  if (a.is_object()) {
    if (a.size() != b.size()) return false;
    for (auto left = a.begin(), right = b.begin(); left != a.end(); ++left, ++right) {
      if (left.key() != right.key() || !Equal(*left, *right)) return false;
    }
    return true;
  }
  return a == b;
}

std::size_t Hash(const json& value) {
  if (value.is_number()) return std::hash<long double>()(value.get<long double>());
  if (value.is_string()) return std::hash<std::string_view>()(value.get_ref<const std::string&>());
  std::size_t hash = static_cast<std::size_t>(value.type());
  if (value.is_boolean()) return Mix(hash, value.get<bool>() ? 1 : 2);
  if (value.is_array()) {
    for (const json& element : value) hash = Mix(hash, Hash(element));
  } else if (value.is_object()) {
    for (auto member = value.begin(); member != value.end(); ++member) {
      hash = Mix(hash, std::hash<std::string_view>()(member.key()));
      hash = Mix(hash, Hash(*member));
    }
  }
  return hash;
}

std::size_t CodePoints(std::string_view utf8) {
  std::size_t count = 0;
  for (const char c : utf8) count += (static_cast<unsigned char>(c) & 0xC0) != 0x80;
  return count;
}

std::string Shown(const json& value) {
  // What holds others may be of any size, so it is described and not written out.
  if (value.is_structured() && !value.empty()) return std::string(Described(value));
  if (value.is_string() && value.get_ref<const std::string&>().size() > kShownBytes) {
    return json(value.get_ref<const std::string&>().substr(0, kShownBytes))
               .dump(-1, ' ', false, json::error_handler_t::ignore) +
           "...";
  }
  return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

}  // namespace base::json_schema
