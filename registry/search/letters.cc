#include "registry/search/letters.h"

namespace registry::search {
namespace {

// U+00C0 to U+017F without accents; 0 where a letter has no plain form (then it stands for itself,
// lower-case).
constexpr char kPlain[] =
    "aaaaaaaceeeeiiii"  // 00C0: the seventh is ae
    "dnooooo\0ouuuuy\0s"
    "aaaaaaaceeeeiiii"
    "dnooooo\0ouuuuy\0y"
    "aaaaaaccccccccdd"  // 0100
    "ddeeeeeeeeeegggg"
    "gggghhhhiiiiiiii"
    "iiiijjkkklllllll"
    "lllnnnnnnnnnoooo"
    "oooorrrrrrssssss"
    "ssttttttuuuuuuuu"
    "uuuuwwyyyzzzzzzs";
static_assert(sizeof kPlain - 1 == 0x180 - 0xC0);

// Capitals have even numbers in Latin Extended-A, but odd ones in two stretches of it.
bool IsLatinExtendedUpper(char32_t c) {
  bool odd = (c >= 0x139 && c <= 0x148) || (c >= 0x178 && c <= 0x17E);
  return c == 0x178 || (c % 2 == 1) == odd;
}

bool IsIdeograph(char32_t c) {
  return (c >= 0x3040 && c <= 0x30FF) ||  // kana
         (c >= 0x3400 && c <= 0x4DBF) ||  // Han, extension A
         (c >= 0x4E00 && c <= 0x9FFF) ||  // Han
         (c >= 0xAC00 && c <= 0xD7AF) ||  // Hangul
         (c >= 0xF900 && c <= 0xFAFF) ||  // Han, compatibility
         (c >= 0x20000 && c <= 0x3134F);  // Han, further extensions
}

bool IsOtherSeparator(char32_t c) {
  return (c >= 0x80 && c < 0xC0 && c != 0xAA && c != 0xB5 && c != 0xBA) || c == 0xD7 || c == 0xF7 ||
         (c >= 0x2000 && c <= 0x2BFF) ||  // punctuation, symbols, arrows, boxes
         (c >= 0x3000 && c <= 0x303F) ||  // ideographic punctuation
         (c >= 0xFE00 && c <= 0xFE6F) ||  // variation selectors, small forms
         (c >= 0xFF00 && c <= 0xFF0F) || (c >= 0xFF1A && c <= 0xFF20) ||
         (c >= 0x1F000 && c <= 0x1FAFF) || c == 0xFEFF || c == 0xFFFD || c > 0x3134F;
}

}  // namespace

char32_t NextCodePoint(std::string_view& text) {
  constexpr char32_t kBroken = 0xFFFD;
  auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  unsigned char lead = byte(0);
  std::size_t length = lead < 0x80 ? 1 : lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : lead >= 0xC2 ? 2 : 0;
  if (length == 0 || length > text.size() || lead > 0xF4) {
    text.remove_prefix(1);
    return kBroken;
  }
  char32_t value = length == 1 ? lead : lead & (0x7F >> length);
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xC0) != 0x80) {
      text.remove_prefix(i);
      return kBroken;
    }
    value = value << 6 | (byte(i) & 0x3F);
  }
  text.remove_prefix(length);
  return value;
}

Letter Classify(char32_t c) {
  if (c >= 'a' && c <= 'z') return {LetterKind::kLower, c};
  if (c >= 'A' && c <= 'Z') return {LetterKind::kUpper, c + 32};
  if (c >= '0' && c <= '9') return {LetterKind::kDigit, c};
  if (c < 0x80) return {};
  if (IsIdeograph(c)) return {LetterKind::kIdeograph, c};
  if (IsOtherSeparator(c)) return {};
  if (c >= 0xC0 && c < 0x180) {
    bool upper = c < 0xDF || (c >= 0x100 && IsLatinExtendedUpper(c));
    char32_t plain = static_cast<unsigned char>(kPlain[c - 0xC0]);
    return {upper ? LetterKind::kUpper : LetterKind::kLower, plain ? plain : c};
  }
  if (c >= 0x391 && c <= 0x3A9) return {LetterKind::kUpper, c + 32};  // Greek
  if (c >= 0x410 && c <= 0x42F) return {LetterKind::kUpper, c + 32};  // Cyrillic
  if (c >= 0x400 && c <= 0x40F) return {LetterKind::kUpper, c + 80};
  if (c >= 0xFF10 && c <= 0xFF19) return {LetterKind::kDigit, c - 0xFF10 + '0'};  // full width
  if (c >= 0xFF21 && c <= 0xFF3A) return {LetterKind::kUpper, c - 0xFF21 + 'a'};
  if (c >= 0xFF41 && c <= 0xFF5A) return {LetterKind::kLower, c - 0xFF41 + 'a'};
  return {LetterKind::kLower, c};
}

void AppendUtf8(std::string& out, char32_t c) {
  if (c < 0x80) {
    out += static_cast<char>(c);
  } else if (c < 0x800) {
    out += static_cast<char>(0xC0 | c >> 6);
    out += static_cast<char>(0x80 | (c & 0x3F));
  } else if (c < 0x10000) {
    out += static_cast<char>(0xE0 | c >> 12);
    out += static_cast<char>(0x80 | (c >> 6 & 0x3F));
    out += static_cast<char>(0x80 | (c & 0x3F));
  } else {
    out += static_cast<char>(0xF0 | c >> 18);
    out += static_cast<char>(0x80 | (c >> 12 & 0x3F));
    out += static_cast<char>(0x80 | (c >> 6 & 0x3F));
    out += static_cast<char>(0x80 | (c & 0x3F));
  }
}

}  // namespace registry::search
