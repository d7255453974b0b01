#include "mcp/json_scanner.h"

#include <array>
#include <bit>
#include <cstring>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

namespace mcp {
namespace {

// Bytes that end a plain run in a string: quote, backslash, controls, and everything beyond ASCII.
constexpr std::array<bool, 256> kNotPlain = [] {
  std::array<bool, 256> table{};
  for (int c = 0; c < 256; ++c) table[c] = c < 0x20 || c >= 0x80 || c == '"' || c == '\\';
  return table;
}();

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

bool IsHex(char c) { return IsDigit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }

bool IsContinuation(char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; }

// The first byte in [at, end) that is not plain.
inline const char* SkipPlain(const char* at, const char* end) {
#ifdef __SSE2__
  const __m128i quote = _mm_set1_epi8('"');
  const __m128i backslash = _mm_set1_epi8('\\');
  const __m128i space = _mm_set1_epi8(0x20);
  while (end - at >= 16) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
    // Signed: bytes from 0x80 on are below 0x20 too.
    const __m128i found =
        _mm_or_si128(_mm_cmplt_epi8(bytes, space),
                     _mm_or_si128(_mm_cmpeq_epi8(bytes, quote), _mm_cmpeq_epi8(bytes, backslash)));
    const unsigned mask = static_cast<unsigned>(_mm_movemask_epi8(found));
    if (mask) return at + std::countr_zero(mask);
    at += 16;
  }
#endif
  while (at != end && !kNotPlain[static_cast<unsigned char>(*at)]) ++at;
  return at;
}

}  // namespace

bool JsonScanner::FailExpected(char expected) {
  if (at_ == end_) return Fail("the text ends too early");
  switch (expected) {
    case ':': return Fail("':' expected");
    case '"': return Fail("a key expected");
    case '{': return Fail("an object expected");
    default: return Fail("unexpected character");
  }
}

bool JsonScanner::String(bool& has_escape) {
  has_escape = false;
  if (!Expect('"')) return false;
  for (;;) {
    const char* const at = SkipPlain(at_, end_);
    if (at != end_ && *at == '"') {
      at_ = at + 1;
      return true;
    }
    at_ = at;
    if (at_ == end_) return Fail("a string does not end");
    if (*at_ == '\\') {
      has_escape = true;
      if (!Escape()) return false;
    } else if (static_cast<unsigned char>(*at_) < 0x20) {
      return Fail("a control character in a string");
    } else if (!MultiByte()) {
      return false;
    }
  }
}

bool JsonScanner::Escape() {
  if (end_ - at_ < 2) return Fail("a string does not end");
  switch (at_[1]) {
    case '"':
    case '\\':
    case '/':
    case 'b':
    case 'f':
    case 'n':
    case 'r':
    case 't': at_ += 2; return true;
    case 'u':
      if (end_ - at_ < 6) return Fail("a string does not end");
      if (!IsHex(at_[2]) || !IsHex(at_[3]) || !IsHex(at_[4]) || !IsHex(at_[5])) {
        return Fail("a broken \\u escape");
      }
      at_ += 6;
      return true;
    default: return Fail("an unknown escape in a string");
  }
}

// One character of UTF-8 beyond ASCII: shortest form only, no surrogates, at most U+10FFFF (RFC
// 3629).
bool JsonScanner::MultiByte() {
  const auto lead = static_cast<unsigned char>(*at_);
  const std::ptrdiff_t left = end_ - at_;
  const auto second = static_cast<unsigned char>(left > 1 ? at_[1] : 0);
  int length = 0;
  if (lead >= 0xC2 && lead <= 0xDF) {
    length = 2;
  } else if (lead >= 0xE0 && lead <= 0xEF) {
    if (lead == 0xE0 && second < 0xA0) return Fail("not UTF-8");
    if (lead == 0xED && second >= 0xA0) return Fail("not UTF-8");
    length = 3;
  } else if (lead >= 0xF0 && lead <= 0xF4) {
    if (lead == 0xF0 && second < 0x90) return Fail("not UTF-8");
    if (lead == 0xF4 && second >= 0x90) return Fail("not UTF-8");
    length = 4;
  } else {
    return Fail("not UTF-8");
  }
  if (left < length) return Fail("not UTF-8");
  for (int i = 1; i < length; ++i) {
    if (!IsContinuation(at_[i])) return Fail("not UTF-8");
  }
  at_ += length;
  return true;
}

void JsonScanner::Digits() {
  const char* at = at_;
  while (at != end_ && IsDigit(*at)) ++at;
  at_ = at;
}

bool JsonScanner::Number() {
  if (peek() == '-') ++at_;
  if (peek() == '0') {
    ++at_;
  } else if (IsDigit(peek())) {
    Digits();
  } else {
    return Fail("a broken number");
  }
  if (peek() == '.') {
    ++at_;
    if (!IsDigit(peek())) return Fail("a broken number");
    Digits();
  }
  if (peek() == 'e' || peek() == 'E') {
    ++at_;
    if (peek() == '+' || peek() == '-') ++at_;
    if (!IsDigit(peek())) return Fail("a broken number");
    Digits();
  }
  return true;
}

bool JsonScanner::Literal(std::string_view word) {
  if (static_cast<std::size_t>(end_ - at_) < word.size() ||
      std::memcmp(at_, word.data(), word.size()) != 0) {
    return Fail("a value expected");
  }
  at_ += word.size();
  return true;
}

// Iterative: the kinds of the open containers are bits of one word (1: object).
bool JsonScanner::AnyValue(int depth) {
  std::uint64_t objects = 0;
  int open = 0;
  bool has_escape = false;
  for (;;) {
    // A value begins here.
    SkipSpaces();
    switch (peek()) {
      case '{':
        if (depth + open >= kMaxDepth) return Fail("nested too deeply");
        ++at_;
        SkipSpaces();
        if (peek() == '}') {
          ++at_;
          break;
        }
        objects = objects << 1 | 1;
        ++open;
        if (!String(has_escape)) return false;
        SkipSpaces();
        if (!Expect(':')) return false;
        continue;
      case '[':
        if (depth + open >= kMaxDepth) return Fail("nested too deeply");
        ++at_;
        SkipSpaces();
        if (peek() == ']') {
          ++at_;
          break;
        }
        objects <<= 1;
        ++open;
        continue;
      case '"':
        if (!String(has_escape)) return false;
        break;
      case 't':
        if (!Literal("true")) return false;
        break;
      case 'f':
        if (!Literal("false")) return false;
        break;
      case 'n':
        if (!Literal("null")) return false;
        break;
      default:
        if (at_ == end_) return Fail("the text ends too early");
        if (*at_ != '-' && !IsDigit(*at_)) return Fail("a value expected");
        if (!Number()) return false;
    }
    // A value ended here: close what it completes, or go on to the next one.
    for (;;) {
      if (open == 0) return true;
      SkipSpaces();
      const bool in_object = objects & 1;
      if (peek() == ',') {
        ++at_;
        if (in_object) {
          SkipSpaces();
          if (!String(has_escape)) return false;
          SkipSpaces();
          if (!Expect(':')) return false;
        }
        break;
      }
      if (peek() != (in_object ? '}' : ']')) {
        return Fail(at_ == end_ ? "the text ends too early"
                                : (in_object ? "',' or '}' expected" : "',' or ']' expected"));
      }
      ++at_;
      objects >>= 1;
      --open;
    }
  }
}

}  // namespace mcp
