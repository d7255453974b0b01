// Letters of UTF-8 text as the index sees them: lower-case, Latin ones without their accents.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace registry::search {

enum class LetterKind { kSeparator, kLower, kUpper, kDigit, kIdeograph };

struct Letter {
  LetterKind kind = LetterKind::kSeparator;
  // Folded: lower-case, unaccented.
  char32_t folded = 0;
};

// Takes the next code point off the front of `text`, which is not empty. Broken UTF-8 is a
// separator.
char32_t NextCodePoint(std::string_view& text);

Letter Classify(char32_t code_point);

void AppendUtf8(std::string& out, char32_t code_point);

}  // namespace registry::search
