#include "base/http/head_writer.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>

#include "base/http/characters.h"
#include "base/http/sixteen_bytes.h"

namespace base::http {
namespace {

#ifdef __SSE2__
// A control character but the tab is in it.
bool HasDirty(__m128i bytes) {
  const __m128i low = _mm_cmpeq_epi8(_mm_min_epu8(bytes, _mm_set1_epi8(0x1f)), bytes);
  const __m128i tabs = _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\t'));
  const __m128i deletes = _mm_cmpeq_epi8(bytes, _mm_set1_epi8(0x7f));
  return _mm_movemask_epi8(_mm_or_si128(_mm_andnot_si128(tabs, low), deletes)) != 0;
}
#endif

// Copies `text` to `out`; false when a control character but the tab is in it. Sixteen bytes at a
// time, since heads are made for each message; the last ones overlap those before.
bool CopyClean(std::string_view text, char* out) {
  const std::size_t size = text.size();
#ifdef __SSE2__
  if (size >= 16) {
    const auto copy = [&](std::size_t at) {
      const __m128i bytes = SixteenAt(text.data() + at);
      _mm_storeu_si128(reinterpret_cast<__m128i*>(out + at), bytes);
      return !HasDirty(bytes);
    };
    for (std::size_t at = 0; at + 16 < size; at += 16) {
      if (!copy(at)) return false;
    }
    return copy(size - 16);
  }
  if (size >= 4) {
    // Its bytes lie there twice: two halves, which overlap.
    const __m128i bytes = SixteenOf(text);
    if (size >= 8) {
      _mm_storel_epi64(reinterpret_cast<__m128i*>(out), bytes);
      _mm_storel_epi64(reinterpret_cast<__m128i*>(out + size - 8),
                       _mm_unpackhi_epi64(bytes, bytes));
    } else {
      const int first = _mm_cvtsi128_si32(bytes);
      const int last = _mm_cvtsi128_si32(_mm_srli_si128(bytes, 4));
      std::memcpy(out, &first, sizeof(first));
      std::memcpy(out + size - sizeof(last), &last, sizeof(last));
    }
    return !HasDirty(bytes);
  }
#endif
  std::copy(text.begin(), text.end(), out);
  return std::none_of(text.begin(), text.end(), IsControl);
}

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
  const std::size_t before = size_;
  char* out = Take(name.size() + value.size() + 4);
  if (name.empty() || !CopyClean(name, out) || !CopyClean(value, out + name.size() + 2)) {
    size_ = before;
    return;
  }
  out += name.size();
  *out++ = ':';
  *out++ = ' ';
  out += value.size();
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
