#include "cli/definition_diff.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>
#include <set>
#include <utility>

namespace cli {
namespace {

using nlohmann::json;

// What stands the same before and after a change of a long text is cut down to this.
constexpr std::size_t kContext = 60;

bool IsInvisible(std::uint32_t c) {
  constexpr std::pair<std::uint32_t, std::uint32_t> kRanges[] = {
      {0x7F, 0x9F},     {0xAD, 0xAD},     {0x61C, 0x61C},   {0x115F, 0x1160},  {0x180B, 0x180E},
      {0x200B, 0x200F}, {0x2028, 0x202E}, {0x2060, 0x206F}, {0x3164, 0x3164},  {0xFE00, 0xFE0F},
      {0xFEFF, 0xFEFF}, {0xFFA0, 0xFFA0}, {0xFFF0, 0xFFFB}, {0xE0000, 0xE0FFF}};
  return std::any_of(std::begin(kRanges), std::end(kRanges),
                     [c](const auto& range) { return c >= range.first && c <= range.second; });
}

// The bytes of the UTF-8 character that begins with `first`.
std::size_t LengthOf(unsigned char first) {
  return first < 0x80 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
}

bool IsInside(char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; }

std::string At(const std::string& path, const std::string& key) {
  return path.empty() ? key : path + "." + key;
}

class Differ {
 public:
  void Compare(const std::string& path, const json& before, const json& after) {
    if (before == after) return;
    if (before.is_object() && after.is_object()) return CompareObjects(path, before, after);
    if (before.is_array() && after.is_array()) return CompareArrays(path, before, after);
    if (before.is_string() && after.is_string()) return CompareTexts(path, before, after);
    Add(DiffLine::Side::kOld, path, before);
    Add(DiffLine::Side::kNew, path, after);
  }
  std::vector<DiffLine> Take() { return std::move(lines_); }

 private:
  void Add(DiffLine::Side side, const std::string& path, const json& value) {
    lines_.push_back({side, path + ": " + Visible(value)});
  }

  void CompareObjects(const std::string& path, const json& before, const json& after) {
    std::set<std::string> keys;
    for (const auto& [key, value] : before.items()) keys.insert(key);
    for (const auto& [key, value] : after.items()) keys.insert(key);
    for (const std::string& key : keys) {
      if (path.empty() && (key == "_meta" || key == "icons")) continue;
      const bool was = before.contains(key);
      const bool is = after.contains(key);
      if (was && is) {
        Compare(At(path, key), before[key], after[key]);
      } else if (was) {
        Add(DiffLine::Side::kOld, At(path, key), before[key]);
      } else {
        Add(DiffLine::Side::kNew, At(path, key), after[key]);
      }
    }
  }

  void CompareArrays(const std::string& path, const json& before, const json& after) {
    json a = before, b = after;
    std::sort(a.begin(), a.end());
    std::sort(b.begin(), b.end());
    if (a == b && path.ends_with(".required")) return;
    if (before.size() != after.size()) {
      Add(DiffLine::Side::kOld, path, before);
      Add(DiffLine::Side::kNew, path, after);
      return;
    }
    for (std::size_t i = 0; i < before.size(); ++i)
      Compare(path + "[" + std::to_string(i) + "]", before[i], after[i]);
  }

  void CompareTexts(const std::string& path, const std::string& before, const std::string& after) {
    const std::size_t most = std::min(before.size(), after.size());
    std::size_t head = 0;
    while (head < most && before[head] == after[head]) ++head;
    while (head > 0 && head < most && (IsInside(before[head]) || IsInside(after[head]))) --head;
    std::size_t tail = 0;
    while (tail < most - head && before[before.size() - 1 - tail] == after[after.size() - 1 - tail])
      ++tail;
    const std::size_t begin = head > kContext ? Whole(before, head - kContext) : 0;
    const std::size_t keep = tail > kContext ? kContext : tail;
    for (const auto& [side, text] :
         {std::pair(DiffLine::Side::kOld, &before), std::pair(DiffLine::Side::kNew, &after)}) {
      const std::size_t end = Whole(*text, text->size() - tail + keep);
      std::string shown = Visible(text->substr(begin, end - begin));
      if (end < text->size()) shown += "…";
      if (begin > 0) shown = "…" + shown;
      lines_.push_back({side, path + ": " + shown});
    }
  }
  // The next place that is not inside a character.
  static std::size_t Whole(const std::string& text, std::size_t at) {
    while (at < text.size() && IsInside(text[at])) ++at;
    return at;
  }

  std::vector<DiffLine> lines_;
};

}  // namespace

std::vector<DiffLine> DiffDefinitions(const json& before, const json& after) {
  Differ differ;
  const json none = json::object();
  differ.Compare("", before.is_object() ? before : none, after.is_object() ? after : none);
  return differ.Take();
}

std::string Visible(const json& value) {
  const std::string text = value.dump(-1, ' ', false, json::error_handler_t::replace);
  std::string shown;
  for (std::size_t i = 0; i < text.size();) {
    const auto first = static_cast<unsigned char>(text[i]);
    const std::size_t length = LengthOf(first);
    std::uint32_t c = length == 1 ? first : first & (0xFFU >> (length + 1));
    for (std::size_t k = 1; k < length && i + k < text.size(); ++k)
      c = c << 6 | (static_cast<unsigned char>(text[i + k]) & 0x3FU);
    if (IsInvisible(c)) {
      std::array<char, 16> name;
      const int size = std::snprintf(name.data(), name.size(), "\\u{%04X}", c);
      shown.append(name.data(), static_cast<std::size_t>(size));
    } else {
      shown.append(text, i, length);
    }
    i += length;
  }
  return shown;
}

}  // namespace cli
