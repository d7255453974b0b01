#include "base/http/message.h"

#include <algorithm>

#include "base/http/sixteen_bytes.h"

namespace base::http {
namespace {

char Lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; }

#ifdef __SSE2__
// Whether sixteen characters are equal but for the case of letters.
bool EqualSixteen(__m128i a, __m128i b) {
  const __m128i case_bit = _mm_set1_epi8(0x20);
  const __m128i differ = _mm_xor_si128(a, b);
  // Signed: shifted so that the letters are the highest.
  const __m128i shifted = _mm_add_epi8(_mm_or_si128(a, case_bit), _mm_set1_epi8(0x7f - 'z'));
  const __m128i letters = _mm_cmpgt_epi8(shifted, _mm_set1_epi8(0x7f - 26));
  const __m128i rest = _mm_andnot_si128(_mm_and_si128(letters, case_bit), differ);
  return _mm_movemask_epi8(_mm_cmpeq_epi8(rest, _mm_setzero_si128())) == 0xffff;
}
#endif

// By length and first letter: enough to tell most fields from the one looked for. Neither is empty.
bool MayBe(std::string_view field, std::string_view name) {
  return field.size() == name.size() && ((field.front() ^ name.front()) & ~0x20) == 0;
}

}  // namespace

bool EqualsIgnoreCase(std::string_view a, std::string_view b) {
  const std::size_t size = a.size();
  if (size != b.size()) return false;
#ifdef __SSE2__
  if (size >= 4 && size < 16) return EqualSixteen(SixteenOf(a), SixteenOf(b));
  if (size >= 16) {
    for (std::size_t i = 0; i + 16 < size; i += 16) {
      if (!EqualSixteen(SixteenAt(a.data() + i), SixteenAt(b.data() + i))) return false;
    }
    // The last ones overlap those before.
    return EqualSixteen(SixteenAt(a.data() + size - 16), SixteenAt(b.data() + size - 16));
  }
#endif
  for (std::size_t i = 0; i < size; ++i) {
    if (Lower(a[i]) != Lower(b[i])) return false;
  }
  return true;
}

std::optional<std::string_view> Fields::Find(std::string_view name) const {
  for (const Field& field : fields_) {
    if (MayBe(field.name, name) && EqualsIgnoreCase(field.name, name)) return field.value;
  }
  return std::nullopt;
}

std::size_t Fields::Count(std::string_view name) const {
  return static_cast<std::size_t>(
      std::count_if(fields_.begin(), fields_.end(), [&](const Field& field) {
        return MayBe(field.name, name) && EqualsIgnoreCase(field.name, name);
      }));
}

// clang-format off
std::string_view ReasonPhrase(int status) {
  switch (status) {
    case 100: return "Continue";
    case 200: return "OK";
    case 201: return "Created";
    case 202: return "Accepted";
    case 204: return "No Content";
    case 206: return "Partial Content";
    case 301: return "Moved Permanently";
    case 302: return "Found";
    case 303: return "See Other";
    case 304: return "Not Modified";
    case 307: return "Temporary Redirect";
    case 308: return "Permanent Redirect";
    case 400: return "Bad Request";
    case 401: return "Unauthorized";
    case 403: return "Forbidden";
    case 404: return "Not Found";
    case 405: return "Method Not Allowed";
    case 406: return "Not Acceptable";
    case 408: return "Request Timeout";
    case 409: return "Conflict";
    case 410: return "Gone";
    case 411: return "Length Required";
    case 412: return "Precondition Failed";
    case 413: return "Content Too Large";
    case 414: return "URI Too Long";
    case 415: return "Unsupported Media Type";
    case 417: return "Expectation Failed";
    case 421: return "Misdirected Request";
    case 422: return "Unprocessable Content";
    case 429: return "Too Many Requests";
    case 431: return "Request Header Fields Too Large";
    case 499: return "Client Closed Request";
    case 500: return "Internal Server Error";
    case 501: return "Not Implemented";
    case 502: return "Bad Gateway";
    case 503: return "Service Unavailable";
    case 504: return "Gateway Timeout";
    case 505: return "HTTP Version Not Supported";
  }
  return "Unknown";
}
// clang-format on

}  // namespace base::http
