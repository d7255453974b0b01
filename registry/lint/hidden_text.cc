#include "registry/lint/hidden_text.h"

#include <algorithm>
#include <array>
#include <cstdio>

namespace registry::lint {
namespace {

constexpr std::size_t kMaxNamed = 8;

bool IsPlainAscii(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 0x20 && c < 0x7F) || c == '\n' || c == '\t' || c == '\r';
  });
}

// One code point after the other. REQUIRES: UTF-8, as base::ParseJson leaves it; else it ends early.
class CodePoints {
 public:
  explicit CodePoints(std::string_view text) : text_(text) {}

  bool Next() {
    at_ += length_;
    if (at_ >= text_.size()) return false;
    const auto first = static_cast<std::uint8_t>(text_[at_]);
    length_ = first < 0x80 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
    if (at_ + length_ > text_.size()) return false;
    value_ = length_ == 1 ? first : first & (0xFFU >> (length_ + 1));
    for (std::size_t i = 1; i < length_; ++i)
      value_ = value_ << 6 | (static_cast<std::uint8_t>(text_[at_ + i]) & 0x3FU);
    return true;
  }
  std::uint32_t value() const { return value_; }
  std::string_view bytes() const { return text_.substr(at_, length_); }

 private:
  const std::string_view text_;
  std::size_t at_ = 0;
  std::size_t length_ = 0;
  std::uint32_t value_ = 0;
};

bool IsIn(std::uint32_t c, std::uint32_t first, std::uint32_t last) {
  return c >= first && c <= last;
}

bool IsSelector(std::uint32_t c) { return IsIn(c, 0xFE00, 0xFE0F) || IsIn(c, 0xE0100, 0xE01EF); }
bool IsJoiner(std::uint32_t c) { return c == 0x200C || c == 0x200D; }
bool IsTag(std::uint32_t c) { return IsIn(c, 0xE0000, 0xE007F); }

bool IsEmoji(std::uint32_t c) {
  return IsIn(c, 0x1F000, 0x1FAFF) || IsIn(c, 0x2190, 0x2BFF) || c == 0x00A9 || c == 0x00AE ||
         c == 0x203C || c == 0x2049 || c == 0x2122 || c == 0x2139 || c == 0x3030 || c == 0x303D ||
         c == 0x3297 || c == 0x3299;
}
bool IsIdeograph(std::uint32_t c) {
  return IsIn(c, 0x3400, 0x9FFF) || IsIn(c, 0xF900, 0xFAFF) || IsIn(c, 0x20000, 0x3FFFF);
}
// Scripts whose letters are joined, or kept apart, by invisible characters: Arabic to Malayalam and
// Sinhala to Khmer, Mongolian.
bool NeedsJoiners(std::uint32_t c) {
  return IsIn(c, 0x0600, 0x0DFF) || IsIn(c, 0x0F00, 0x109F) || IsIn(c, 0x1780, 0x18AF) ||
         IsIn(c, 0xA800, 0xABFF) || IsIn(c, 0xFB50, 0xFDFF) || IsIn(c, 0x11000, 0x11FFF);
}
bool HasVariants(std::uint32_t c) {
  return IsEmoji(c) || IsIdeograph(c) || IsIn(c, '0', '9') || c == '#' || c == '*' ||
         IsIn(c, 0x1800, 0x18AF) || IsIn(c, 0x1000, 0x109F) || IsIn(c, 0x2200, 0x22FF);
}

bool IsAlwaysHidden(std::uint32_t c) {
  return c == 0x200B || IsIn(c, 0x2060, 0x206F) || c == 0xFEFF || c == 0x00AD || c == 0x180E ||
         c == 0x115F || c == 0x1160 || c == 0x3164 || c == 0xFFA0 || c == 0x061C || c == 0x200E ||
         c == 0x200F || IsIn(c, 0x2028, 0x202E) || IsIn(c, 0xFFF9, 0xFFFB) ||
         (c < 0x20 && c != '\n' && c != '\t' && c != '\r') || IsIn(c, 0x7F, 0x9F);
}

// Decides one code point after the other, by what stood before it.
class Detector {
 public:
  bool IsHidden(std::uint32_t c) {
    const bool hidden = Decide(c);
    flag_ = c == 0x1F3F4 || (flag_ && IsTag(c) && c != 0xE007F);
    if (!IsSelector(c) || hidden) before_selector_ = c;
    before_ = c;
    return hidden;
  }

 private:
  bool Decide(std::uint32_t c) const {
    if (IsAlwaysHidden(c)) return true;
    if (IsTag(c)) return !flag_;
    if (IsSelector(c)) return IsSelector(before_) || !HasVariants(before_);
    if (IsJoiner(c)) return !NeedsJoiners(before_) && !IsEmoji(before_selector_);
    return false;
  }

  std::uint32_t before_ = 0;
  std::uint32_t before_selector_ = 0;
  bool flag_ = false;
};

std::string Name(std::uint32_t c) {
  std::array<char, 16> text;
  const int size = std::snprintf(text.data(), text.size(), "U+%04X", c);
  return {text.data(), static_cast<std::size_t>(size)};
}

}  // namespace

std::vector<std::uint32_t> HiddenIn(std::string_view text) {
  std::vector<std::uint32_t> hidden;
  if (IsPlainAscii(text)) return hidden;
  Detector detector;
  for (CodePoints points(text); points.Next();) {
    const std::uint32_t c = points.value();
    if (!detector.IsHidden(c) || hidden.size() == kMaxNamed) continue;
    if (std::find(hidden.begin(), hidden.end(), c) == hidden.end()) hidden.push_back(c);
  }
  return hidden;
}

std::string WithoutHidden(std::string_view text) {
  if (IsPlainAscii(text)) return std::string(text);
  std::string shown;
  Detector detector;
  for (CodePoints points(text); points.Next();) {
    if (!detector.IsHidden(points.value())) shown += points.bytes();
  }
  return shown;
}

void CheckHidden(std::string_view text, const Place& place, Findings& findings) {
  const std::vector<std::uint32_t> hidden = HiddenIn(text);
  if (hidden.empty()) return;
  std::string names;
  for (const std::uint32_t c : hidden) names += (names.empty() ? "" : ", ") + Name(c);
  findings.Add("hidden-unicode", Severity::kError, place,
               place.Words() + " holds characters that nobody sees: " + names,
               "ask the publisher what they are for, and have them removed");
}

}  // namespace registry::lint
