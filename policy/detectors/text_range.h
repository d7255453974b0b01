// A part of a text, by bytes.
#pragma once

#include <cstddef>
#include <vector>

namespace policy {

struct TextRange {
  std::size_t begin = 0;
  std::size_t end = 0;
};
// In the order of their beginnings.
using TextRanges = std::vector<TextRange>;

}  // namespace policy
