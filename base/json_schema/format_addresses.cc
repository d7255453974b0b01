// URIs, host names and IP addresses. The grammars are written out as in their RFCs and run on RE2.
#include <re2/re2.h>

#include <string>

#include "base/json_schema/format.h"

namespace base::json_schema {
namespace {

constexpr std::size_t kMaxHostBytes = 253;
constexpr std::size_t kMaxLabelBytes = 63;

// RFC 3987: ucschar, and iprivate, which only a query may hold.
constexpr const char* kUcsChar =
    "\\x{a0}-\\x{d7ff}\\x{f900}-\\x{fdcf}\\x{fdf0}-\\x{ffef}\\x{10000}-\\x{1fffd}\\x{20000}-\\x{"
    "2fffd}"
    "\\x{30000}-\\x{3fffd}\\x{40000}-\\x{4fffd}\\x{50000}-\\x{5fffd}\\x{60000}-\\x{6fffd}"
    "\\x{70000}-\\x{7fffd}\\x{80000}-\\x{8fffd}\\x{90000}-\\x{9fffd}\\x{a0000}-\\x{afffd}"
    "\\x{b0000}-\\x{bfffd}\\x{c0000}-\\x{cfffd}\\x{d0000}-\\x{dfffd}\\x{e1000}-\\x{efffd}";
constexpr const char* kPrivate = "\\x{e000}-\\x{f8ff}\\x{f0000}-\\x{ffffd}\\x{100000}-\\x{10fffd}";

// The grammar with or without letters beyond ASCII. The group `ip6` holds what stands in brackets.
struct Grammar {
  explicit Grammar(Letters letters) {
    const std::string more = letters == Letters::kUnicode ? kUcsChar : "";
    const std::string private_use = letters == Letters::kUnicode ? kPrivate : "";
    const std::string percent = "%[0-9A-Fa-f]{2}";
    const std::string plain = "A-Za-z0-9\\-._~!$&'()*+,;=" + more;  // unreserved, sub-delims
    const std::string pchar = "(?:[" + plain + ":@]|" + percent + ")";
    const std::string user = "(?:(?:[" + plain + ":]|" + percent + ")*@)?";
    const std::string host =
        "(?:\\[(?:[vV][0-9A-Fa-f]+\\.[A-Za-z0-9\\-._~!$&'()*+,;=:]+|([0-9A-Fa-f:.]+))\\]|"
        "(?:[" +
        plain + "]|" + percent + ")*)";
    const std::string authority = "//" + user + host + "(?::[0-9]*)?";
    const std::string rest = "(?:/" + pchar + "*)*";
    const std::string no_colon = "(?:[" + plain + "@]|" + percent + ")+";
    const std::string tail = "(?:\\?(?:[" + plain + ":@/?" + private_use + "]|" + percent +
                             ")*)?(?:#(?:[" + plain + ":@/?]|" + percent + ")*)?";
    // RFC 3986, 3.3: a path with an authority before it begins with a slash or is empty, one
    // without does not begin with two, and a relative one has no colon in its first segment.
    const std::string absolute = "/(?:" + pchar + "+" + rest + ")?";
    const std::string scheme = "[A-Za-z][A-Za-z0-9+\\-.]*:";
    uri =
        scheme + "(?:" + authority + rest + "|" + absolute + "|" + pchar + "+" + rest + "|)" + tail;
    relative = "(?:" + authority + rest + "|" + absolute + "|" + no_colon + rest + "|)" + tail;
  }
  std::string uri;
  std::string relative;
};

struct Compiled {
  explicit Compiled(const Grammar& grammar) : uri(grammar.uri), relative(grammar.relative) {}
  re2::RE2 uri;
  re2::RE2 relative;
};

const Compiled& GrammarOf(Letters letters) {
  static const Compiled ascii{Grammar(Letters::kAscii)};
  static const Compiled unicode{Grammar(Letters::kUnicode)};
  return letters == Letters::kAscii ? ascii : unicode;
}

bool Full(std::string_view text, const re2::RE2& grammar) {
  re2::StringPiece address;
  if (!re2::RE2::FullMatch(re2::StringPiece(text.data(), text.size()), grammar, &address))
    return false;
  return address.empty() || IsIpv6({address.data(), address.size()});
}

template <class IsLabel>
bool Labels(std::string_view text, IsLabel is_label) {
  if (text.empty() || text.size() > kMaxHostBytes) return false;
  while (true) {
    const std::size_t dot = text.find('.');
    const std::string_view label = text.substr(0, dot);
    if (label.empty() || label.size() > kMaxLabelBytes || !is_label(label)) return false;
    if (dot == text.npos) return true;
    text.remove_prefix(dot + 1);
  }
}

bool IsLetterOrDigit(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

// RFC 1123, 2.1.
bool IsAsciiLabel(std::string_view label) {
  for (const char c : label) {
    if (!IsLetterOrDigit(c) && c != '-') return false;
  }
  return label.front() != '-' && label.back() != '-';
}

}  // namespace

bool IsUri(std::string_view text, Letters letters) { return Full(text, GrammarOf(letters).uri); }

bool IsUriReference(std::string_view text, Letters letters) {
  return IsUri(text, letters) || Full(text, GrammarOf(letters).relative);
}

bool IsUriTemplate(std::string_view text) {
  // RFC 6570, 2.
  static const re2::RE2 grammar([] {
    const std::string percent = "%[0-9A-Fa-f]{2}";
    const std::string literal =
        "[!#$&'(-;=?-\\[\\]_a-z~" + std::string(kUcsChar) + kPrivate + "]|" + percent;
    const std::string variable = "(?:[A-Za-z0-9_]|" + percent + ")";
    const std::string spec = variable + "(?:\\.?" + variable + ")*(?::[1-9][0-9]{0,3}|\\*)?";
    return "(?:" + literal + "|\\{[+#./;?&=,!@|]?" + spec + "(?:," + spec + ")*\\})*";
  }());
  return re2::RE2::FullMatch(re2::StringPiece(text.data(), text.size()), grammar);
}

bool IsHostname(std::string_view text) { return Labels(text, IsAsciiLabel); }

bool IsUnicodeHostname(std::string_view text) {
  return Labels(text, [](std::string_view label) {
    for (const char c : label) {
      if (!IsLetterOrDigit(c) && c != '-' && static_cast<unsigned char>(c) < 0x80) return false;
    }
    return label.front() != '-' && label.back() != '-';
  });
}

bool IsIpv4(std::string_view text) {
  int parts = 0;
  while (true) {
    const std::size_t dot = text.find('.');
    const std::string_view part = text.substr(0, dot);
    int value = 0;
    for (const char c : part) {
      if (c < '0' || c > '9') return false;
      value = value * 10 + (c - '0');
      if (value > 255) return false;
    }
    if (part.empty() || (part.size() > 1 && part.front() == '0')) return false;
    ++parts;
    if (dot == text.npos) return parts == 4;
    text.remove_prefix(dot + 1);
  }
}

bool IsIpv6(std::string_view text) {
  // Groups of 16 bits before and behind the one place where zeros may be left out.
  int groups = 0;
  bool gap = false;
  if (text.starts_with("::")) {
    gap = true;
    text.remove_prefix(2);
    if (text.empty()) return true;
  }
  while (true) {
    const std::size_t colon = text.find(':');
    const std::string_view group = text.substr(0, colon);
    if (colon == text.npos && group.find('.') != group.npos) {
      if (!IsIpv4(group)) return false;
      groups += 2;
      break;
    }
    if (group.empty() || group.size() > 4) return false;
    for (const char c : group) {
      if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F')))
        return false;
    }
    ++groups;
    if (colon == text.npos) break;
    text.remove_prefix(colon + 1);
    if (text.starts_with(':')) {
      if (gap) return false;
      gap = true;
      text.remove_prefix(1);
      if (text.empty()) break;
    } else if (text.empty()) {
      return false;
    }
  }
  return gap ? groups < 8 : groups == 8;
}

}  // namespace base::json_schema
