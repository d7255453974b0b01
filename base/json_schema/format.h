// The values of the keyword `format`.
#pragma once

#include <cstdint>
#include <string_view>

namespace base::json_schema {

enum class Format : std::uint8_t {
  kNone,  // also every name that is not known, and idn-hostname
  kDateTime,
  kDate,
  kTime,
  kDuration,
  kEmail,
  kIdnEmail,
  kHostname,
  kIpv4,
  kIpv6,
  kUri,
  kUriReference,
  kIri,
  kIriReference,
  kUriTemplate,
  kUuid,
  kJsonPointer,
  kRelativeJsonPointer,
  kRegex,
};

Format FormatOf(std::string_view name);
// True for kNone.
bool HasFormat(std::string_view text, Format format);

// ---- Times (RFC 3339; leap seconds only where they can be)

bool IsDate(std::string_view text);
bool IsTime(std::string_view text);
bool IsDateTime(std::string_view text);
bool IsDuration(std::string_view text);

// ---- Addresses (RFC 3986, 3987, 6570, 1123)

enum class Letters { kAscii, kUnicode };
bool IsUri(std::string_view text, Letters letters);
bool IsUriReference(std::string_view text, Letters letters);
bool IsUriTemplate(std::string_view text);
// Labels that begin with `xn--` are not decoded.
bool IsHostname(std::string_view text);
// Any letters beyond ASCII.
bool IsUnicodeHostname(std::string_view text);
bool IsIpv4(std::string_view text);
bool IsIpv6(std::string_view text);

}  // namespace base::json_schema
