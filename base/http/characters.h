// The classes of characters that the grammar of HTTP is made of (RFC 9110, section 5).
#pragma once

#include <array>
#include <string_view>

namespace base::http {

namespace characters_internal {

inline constexpr std::array<bool, 256> kIsToken = [] {
  std::array<bool, 256> table{};
  for (unsigned char c = '0'; c <= '9'; ++c) table[c] = true;
  for (unsigned char c = 'a'; c <= 'z'; ++c) table[c] = table[c - 'a' + 'A'] = true;
  for (const char c : std::string_view("!#$%&'*+-.^_`|~"))
    table[static_cast<unsigned char>(c)] = true;
  return table;
}();

}  // namespace characters_internal

// Of a method or a field's name (section 5.6.2).
constexpr bool IsToken(char c) {
  return characters_internal::kIsToken[static_cast<unsigned char>(c)];
}
constexpr bool IsSpace(char c) { return c == ' ' || c == '\t'; }
constexpr bool IsDigit(char c) { return c >= '0' && c <= '9'; }
// What may stand in no value.
constexpr bool IsControl(char c) {
  return (static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7f;
}

}  // namespace base::http
