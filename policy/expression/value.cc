#include "policy/expression/value.h"

#include <charconv>
#include <cmath>

namespace policy {
namespace {

// An int with a double that may lie anywhere.
int Compare(std::int64_t left, double right) {
  constexpr double kTwoTo63 = 9223372036854775808.0;
  if (right >= kTwoTo63) return -1;
  if (right < -kTwoTo63) return 1;
  const auto whole = static_cast<std::int64_t>(right);
  if (left != whole) return left < whole ? -1 : 1;
  const double rest = right - static_cast<double>(whole);
  return rest > 0 ? -1 : rest < 0 ? 1 : 0;
}

}  // namespace

Value Value::Double(double value) {
  if (!std::isfinite(value)) return Error("a number became too large");
  return {.kind = Kind::kDouble, .real = value};
}

Value ReadNumber(std::string_view raw) {
  const char* const end = raw.data() + raw.size();
  if (raw.find_first_of(".eE") == raw.npos) {
    std::int64_t whole = 0;
    const auto [at, error] = std::from_chars(raw.data(), end, whole);
    if (error == std::errc() && at == end) return Value::Int(whole);
  }
  double real = 0;
  const auto [at, error] = std::from_chars(raw.data(), end, real);
  // Too small is refused like too large: it would have to be rounded to what it is not.
  if (error != std::errc() || at != end)
    return Value::Error("a number beyond what can be compared");
  return Value::Double(real);
}

int CompareNumbers(const Value& left, const Value& right) {
  const bool left_int = left.kind == Value::Kind::kInt;
  const bool right_int = right.kind == Value::Kind::kInt;
  if (left_int && right_int)
    return left.integer < right.integer ? -1 : left.integer > right.integer ? 1 : 0;
  if (left_int) return Compare(left.integer, right.real);
  if (right_int) return -Compare(right.integer, left.real);
  return left.real < right.real ? -1 : left.real > right.real ? 1 : 0;
}

}  // namespace policy
