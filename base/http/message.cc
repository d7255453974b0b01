#include "base/http/message.h"

#include <algorithm>
#include <cstring>

namespace base::http {
namespace {

char Lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; }

std::uint64_t Eight(const char* at) {
  std::uint64_t word;
  std::memcpy(&word, at, 8);
  return word;
}

// Four to seven characters, some of them twice.
std::uint64_t Few(const char* at, std::size_t size) {
  std::uint32_t first, last;
  std::memcpy(&first, at, 4);
  std::memcpy(&last, at + size - 4, 4);
  return first | static_cast<std::uint64_t>(last) << 32;
}

// Whether eight characters are equal but for the case of letters.
bool EqualWords(std::uint64_t a, std::uint64_t b) {
  constexpr std::uint64_t kOnes = 0x0101010101010101;
  const std::uint64_t differ = a ^ b;
  if (differ == 0) return true;
  if ((differ & ~(kOnes * 0x20)) != 0) return false;
  // Where only the bit of the case differs there must be a letter: the high bit of each byte says.
  const std::uint64_t lower = a | kOnes * 0x20;
  const std::uint64_t seven = lower & kOnes * 0x7f;
  const std::uint64_t letters = (seven + kOnes * (0x80 - 'a')) & ~(seven + kOnes * (0x7f - 'z'));
  return ((differ << 2) & ~(letters & ~lower)) == 0;
}

// By length and first letter: enough to tell most fields from the one looked for. Neither is empty.
bool MayBe(std::string_view field, std::string_view name) {
  return field.size() == name.size() && ((field.front() ^ name.front()) & ~0x20) == 0;
}

}  // namespace

bool EqualsIgnoreCase(std::string_view a, std::string_view b) {
  const std::size_t size = a.size();
  if (size != b.size()) return false;
  if (size < 4) {
    for (std::size_t i = 0; i < size; ++i) {
      if (a[i] != b[i] && Lower(a[i]) != Lower(b[i])) return false;
    }
    return true;
  }
  if (size < 8) return EqualWords(Few(a.data(), size), Few(b.data(), size));
  for (std::size_t i = 0; i + 8 < size; i += 8) {
    if (!EqualWords(Eight(a.data() + i), Eight(b.data() + i))) return false;
  }
  // The last word overlaps the one before it.
  return EqualWords(Eight(a.data() + size - 8), Eight(b.data() + size - 8));
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
