// Characters that a model reads and a person does not see.
//
//   zero-width     U+200B, U+2060..U+2064, U+FEFF, U+00AD, U+180E, Hangul fillers; U+200C and U+200D
//                  unless they join letters of a script that needs them, or emoji
//   bidirectional  U+202A..U+202E, U+2066..U+2069, U+200E, U+200F, U+061C
//   tags           U+E0000..U+E007F, unless they spell a flag behind U+1F3F4
//   selectors      U+FE00..U+FE0F and U+E0100..U+E01EF behind a character that has no variants, or
//                  one after the other (bytes can be smuggled in them)
//   controls       C0 but tab and line breaks, C1, U+2028, U+2029, U+FFF9..U+FFFB
//
// Text is UTF-8, as JSON has it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "policy/detectors/text_range.h"

namespace policy {

// False where nothing can be hidden: letters, digits and marks of ASCII, tabs and line breaks. About
// as fast as memory.
bool MayHide(std::string_view text);
// What is hidden in `text`, each code point once, in order; at most 8.
std::vector<std::uint32_t> HiddenIn(std::string_view text);
// Appends where it is, each run of such characters once.
void FindHidden(std::string_view text, TextRanges& found);
// The same text without them.
std::string WithoutHidden(std::string_view text);

}  // namespace policy
