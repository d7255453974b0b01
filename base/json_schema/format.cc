#include "base/json_schema/format.h"

#include <array>
#include <utility>

#include "base/json_schema/pattern.h"

namespace base::json_schema {
namespace {

constexpr std::array<std::pair<std::string_view, Format>, 18> kFormats = {{
    {"date-time", Format::kDateTime},
    {"date", Format::kDate},
    {"time", Format::kTime},
    {"duration", Format::kDuration},
    {"email", Format::kEmail},
    {"idn-email", Format::kIdnEmail},
    {"hostname", Format::kHostname},
    {"ipv4", Format::kIpv4},
    {"ipv6", Format::kIpv6},
    {"uri", Format::kUri},
    {"uri-reference", Format::kUriReference},
    {"iri", Format::kIri},
    {"iri-reference", Format::kIriReference},
    {"uri-template", Format::kUriTemplate},
    {"uuid", Format::kUuid},
    {"json-pointer", Format::kJsonPointer},
    {"relative-json-pointer", Format::kRelativeJsonPointer},
    {"regex", Format::kRegex},
}};

bool IsHex(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

bool IsUuid(std::string_view text) {
  if (text.size() != 36) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
    if (dash ? text[i] != '-' : !IsHex(text[i])) return false;
  }
  return true;
}

// RFC 6901.
bool IsJsonPointer(std::string_view text) {
  if (!text.empty() && text.front() != '/') return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '~') continue;
    if (i + 1 == text.size() || (text[i + 1] != '0' && text[i + 1] != '1')) return false;
  }
  return true;
}

bool IsRelativeJsonPointer(std::string_view text) {
  std::size_t digits = 0;
  while (digits < text.size() && text[digits] >= '0' && text[digits] <= '9') ++digits;
  if (digits == 0 || (digits > 1 && text.front() == '0')) return false;
  text.remove_prefix(digits);
  return text == "#" || IsJsonPointer(text);
}

// RFC 5321: Mailbox; RFC 6531 with letters beyond ASCII.
bool IsEmail(std::string_view text, Letters letters) {
  constexpr std::string_view kAtom = "!#$%&'*+-/=?^_`{|}~";
  const std::size_t at = text.rfind('@');
  if (at == text.npos || at == 0 || at > 64) return false;
  const std::string_view local = text.substr(0, at);
  const std::string_view domain = text.substr(at + 1);
  const bool quoted = local.size() >= 2 && local.front() == '"' && local.back() == '"';
  bool dot = true;  // at the beginning as behind a dot, an atom must follow
  for (std::size_t i = quoted ? 1 : 0; i < local.size() - (quoted ? 1 : 0); ++i) {
    const char c = local[i];
    if (static_cast<unsigned char>(c) >= 0x80) {
      if (letters == Letters::kAscii) return false;
      dot = false;
    } else if (quoted) {
      if (c < ' ' || c == 0x7f || c == '"') return false;
      if (c == '\\' && ++i + 1 >= local.size()) return false;
    } else if (c == '.') {
      if (dot) return false;
      dot = true;
    } else {
      const bool alphanumeric =
          (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
      if (!alphanumeric && kAtom.find(c) == kAtom.npos) return false;
      dot = false;
    }
  }
  if (!quoted && dot) return false;
  if (domain.size() > 2 && domain.front() == '[' && domain.back() == ']') {
    const std::string_view literal = domain.substr(1, domain.size() - 2);
    constexpr std::string_view kIpv6 = "IPv6:";
    return literal.starts_with(kIpv6) ? IsIpv6(literal.substr(kIpv6.size())) : IsIpv4(literal);
  }
  return letters == Letters::kUnicode ? IsUnicodeHostname(domain) : IsHostname(domain);
}

}  // namespace

Format FormatOf(std::string_view name) {
  for (const auto& [known, format] : kFormats) {
    if (known == name) return format;
  }
  return Format::kNone;
}

bool HasFormat(std::string_view text, Format format) {
  switch (format) {
    case Format::kNone: return true;
    case Format::kDateTime: return IsDateTime(text);
    case Format::kDate: return IsDate(text);
    case Format::kTime: return IsTime(text);
    case Format::kDuration: return IsDuration(text);
    case Format::kEmail: return IsEmail(text, Letters::kAscii);
    case Format::kIdnEmail: return IsEmail(text, Letters::kUnicode);
    case Format::kHostname: return IsHostname(text);
    case Format::kIpv4: return IsIpv4(text);
    case Format::kIpv6: return IsIpv6(text);
    case Format::kUri: return IsUri(text, Letters::kAscii);
    case Format::kUriReference: return IsUriReference(text, Letters::kAscii);
    case Format::kIri: return IsUri(text, Letters::kUnicode);
    case Format::kIriReference: return IsUriReference(text, Letters::kUnicode);
    case Format::kUriTemplate: return IsUriTemplate(text);
    case Format::kUuid: return IsUuid(text);
    case Format::kJsonPointer: return IsJsonPointer(text);
    case Format::kRelativeJsonPointer: return IsRelativeJsonPointer(text);
    case Format::kRegex: return Pattern::Compile(text).has_value();
  }
  return true;
}

}  // namespace base::json_schema
