#include "policy/detectors/hidden_text.h"

#include <algorithm>

namespace policy {
namespace {

constexpr std::size_t kMaxNamed = 8;

// One code point after the other. A byte that begins none is one by itself.
class CodePoints {
 public:
  explicit CodePoints(std::string_view text) : text_(text) {}

  bool Next() {
    at_ += length_;
    if (at_ >= text_.size()) return false;
    const auto first = static_cast<std::uint8_t>(text_[at_]);
    length_ = first < 0xC0 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
    if (at_ + length_ > text_.size()) length_ = 1;
    value_ = length_ == 1 ? first : first & (0xFFU >> (length_ + 1));
    for (std::size_t i = 1; i < length_; ++i)
      value_ = value_ << 6 | (static_cast<std::uint8_t>(text_[at_ + i]) & 0x3FU);
    return true;
  }
  std::uint32_t value() const { return value_; }
  TextRange range() const { return {at_, at_ + length_}; }
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
class Decider {
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

}  // namespace

// Without a branch for each byte, so that compilers take many at a time.
bool MayHide(std::string_view text) {
  constexpr std::size_t kBlock = 64;
  const auto is_other = [](char c) -> unsigned {
    const auto byte = static_cast<unsigned char>(c);
    return static_cast<unsigned>(
        (byte >= 0x7F) | ((byte < 0x20) & (byte != '\n') & (byte != '\t') & (byte != '\r')));
  };
  for (; text.size() >= kBlock; text.remove_prefix(kBlock)) {
    unsigned other = 0;
    for (std::size_t i = 0; i < kBlock; ++i) other |= is_other(text[i]);
    if (other) return true;
  }
  return std::any_of(text.begin(), text.end(), [&](char c) { return is_other(c) != 0; });
}

std::vector<std::uint32_t> HiddenIn(std::string_view text) {
  std::vector<std::uint32_t> hidden;
  if (!MayHide(text)) return hidden;
  Decider decider;
  for (CodePoints points(text); points.Next();) {
    const std::uint32_t c = points.value();
    if (!decider.IsHidden(c) || hidden.size() == kMaxNamed) continue;
    if (std::find(hidden.begin(), hidden.end(), c) == hidden.end()) hidden.push_back(c);
  }
  return hidden;
}

std::string WithoutHidden(std::string_view text) {
  if (!MayHide(text)) return std::string(text);
  std::string shown;
  Decider decider;
  for (CodePoints points(text); points.Next();) {
    if (!decider.IsHidden(points.value())) shown += points.bytes();
  }
  return shown;
}

void FindHidden(std::string_view text, TextRanges& found) {
  if (!MayHide(text)) return;
  Decider decider;
  bool running = false;
  for (CodePoints points(text); points.Next();) {
    const bool hidden = decider.IsHidden(points.value());
    if (hidden && running) {
      found.back().end = points.range().end;
    } else if (hidden) {
      found.push_back(points.range());
    }
    running = hidden;
  }
}

}  // namespace policy
