#include "registry/import/version_order.h"

#include <algorithm>
#include <array>
#include <optional>

namespace registry {
namespace {

struct Semantic {
  std::array<std::string_view, 3> numbers;
  std::string_view prerelease;
};

bool IsNumber(std::string_view text) {
  return !text.empty() &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

// Up to the separator, which is taken too.
std::string_view TakePart(std::string_view& text, char separator) {
  std::size_t end = std::min(text.find(separator), text.size());
  std::string_view part = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return part;
}

// 1.2.3-rc.1+build; also 1.2 and v1.
std::optional<Semantic> Parse(std::string_view text) {
  if (text.starts_with('v')) text.remove_prefix(1);
  text = text.substr(0, text.find('+'));
  Semantic version;
  std::string_view core = TakePart(text, '-');
  version.prerelease = text;
  for (std::string_view& number : version.numbers) {
    number = core.empty() ? "0" : TakePart(core, '.');
    if (!IsNumber(number)) return std::nullopt;
  }
  if (!core.empty()) return std::nullopt;
  return version;
}

int Sign(int value) { return value < 0 ? -1 : value > 0 ? 1 : 0; }

// Of any length, so that no number overflows.
int CompareNumbers(std::string_view a, std::string_view b) {
  a.remove_prefix(std::min(a.find_first_not_of('0'), a.size()));
  b.remove_prefix(std::min(b.find_first_not_of('0'), b.size()));
  if (a.size() != b.size()) return a.size() < b.size() ? -1 : 1;
  return Sign(a.compare(b));
}

int ComparePrerelease(std::string_view a, std::string_view b) {
  if (a.empty() || b.empty()) return a.empty() && b.empty() ? 0 : a.empty() ? 1 : -1;
  while (!a.empty() && !b.empty()) {
    std::string_view x = TakePart(a, '.');
    std::string_view y = TakePart(b, '.');
    bool numbers = IsNumber(x) && IsNumber(y);
    int order = numbers       ? CompareNumbers(x, y)
                : IsNumber(x) ? -1
                : IsNumber(y) ? 1
                              : Sign(x.compare(y));
    if (order != 0) return order;
  }
  return a.empty() && b.empty() ? 0 : a.empty() ? -1 : 1;
}

}  // namespace

int CompareVersions(std::string_view a, std::string_view b) {
  std::optional<Semantic> x = Parse(a);
  std::optional<Semantic> y = Parse(b);
  if (!x || !y) return !x && !y ? Sign(a.compare(b)) : x ? 1 : -1;
  for (std::size_t i = 0; i < x->numbers.size(); ++i) {
    if (int order = CompareNumbers(x->numbers[i], y->numbers[i]); order != 0) return order;
  }
  return ComparePrerelease(x->prerelease, y->prerelease);
}

}  // namespace registry
