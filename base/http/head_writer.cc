#include "base/http/head_writer.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "base/http/sixteen_bytes.h"

namespace base::http {
namespace {

// A control character but the tab.
bool IsDirty(char c) { return (static_cast<unsigned char>(c) < ' ' && c != '\t') || c == 0x7f; }

#ifdef __SSE2__
// Sixteen bytes at a time, since heads are made for each message; the last ones overlap those
// before, and what is shorter lies there twice.
bool HasDirty(__m128i bytes) {
  const __m128i low = _mm_cmpeq_epi8(_mm_min_epu8(bytes, _mm_set1_epi8(0x1f)), bytes);
  const __m128i tabs = _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\t'));
  const __m128i deletes = _mm_cmpeq_epi8(bytes, _mm_set1_epi8(0x7f));
  return _mm_movemask_epi8(_mm_or_si128(_mm_andnot_si128(tabs, low), deletes)) != 0;
}

bool IsClean(std::string_view text) {
  const char* const begin = text.data();
  const char* const end = begin + text.size();
  if (text.size() < 4) return std::none_of(begin, end, IsDirty);
  if (text.size() < 16) return !HasDirty(SixteenOf(text));
  for (const char* at = begin; end - at > 16; at += 16) {
    if (HasDirty(SixteenAt(at))) return false;
  }
  return !HasDirty(SixteenAt(end - 16));
}
#else
bool IsClean(std::string_view text) { return std::none_of(text.begin(), text.end(), IsDirty); }
#endif

bool FramesTheMessage(std::string_view name) {
  switch (name.size()) {
    case 4: return EqualsIgnoreCase(name, "date");
    case 10: return EqualsIgnoreCase(name, "connection");
    case 14: return EqualsIgnoreCase(name, "content-length");
    case 17: return EqualsIgnoreCase(name, "transfer-encoding");
  }
  return false;
}

}  // namespace

void HeadWriter::Grow(std::size_t bytes) { memory_.resize(2 * memory_.size() + bytes); }

HeadWriter& HeadWriter::AddNumber(std::uint64_t number) {
  std::array<char, 20> digits;
  const char* const end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
  return Add({digits.data(), static_cast<std::size_t>(end - digits.data())});
}

void HeadWriter::AddField(std::string_view name, std::string_view value) {
  if (name.empty() || !IsClean(name) || !IsClean(value)) return;
  char* out = Take(name.size() + value.size() + 4);
  out = std::copy(name.begin(), name.end(), out);
  *out++ = ':';
  *out++ = ' ';
  out = std::copy(value.begin(), value.end(), out);
  *out++ = '\r';
  *out = '\n';
}

std::string_view ResponseHeads::Render(int status, std::span<const Field> fields,
                                       const ResponseFraming& framing) {
  head_.Clear();
  if (status == 200) {
    head_.Add("HTTP/1.1 200 OK");
  } else {
    head_.Add("HTTP/1.1 ").AddNumber(static_cast<std::uint64_t>(status));
    head_.Add(" ").Add(ReasonPhrase(status));
  }
  head_.Add("\r\nDate: ").Add(Date());
  if (framing.length) head_.Add("\r\nContent-Length: ").AddNumber(*framing.length);
  if (framing.chunked) head_.Add("\r\nTransfer-Encoding: chunked");
  if (!framing.keep_alive) {
    head_.Add("\r\nConnection: close");
  } else if (!framing.http_11) {
    head_.Add("\r\nConnection: keep-alive");
  }
  head_.Add("\r\n");
  for (const Field& field : fields) {
    if (!FramesTheMessage(field.name)) head_.AddField(field.name, field.value);
  }
  return head_.Add("\r\n").text();
}

std::string_view ResponseHeads::Date() {
  const std::time_t now = std::time(nullptr);
  if (now != second_) {
    second_ = now;
    std::tm parts{};
    gmtime_r(&now, &parts);
    std::array<char, 40> text;
    // The C locale's names: the process never sets another.
    date_.assign(text.data(),
                 std::strftime(text.data(), text.size(), "%a, %d %b %Y %H:%M:%S GMT", &parts));
  }
  return date_;
}

}  // namespace base::http
