// CountedWords are the words of one document, each once, with how often it occurs in each field.
//
// Counting is most of what a change of a server costs the index, and needs nothing of the index: any
// thread may do it beforehand.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "registry/search/ranking.h"

namespace registry::search {

// How often a word occurs, by field. It stops at the highest number.
using FieldCounts = std::array<std::uint16_t, kSearchFields>;

class CountedWords {
 public:
  struct Word {
    std::uint32_t begin = 0;  // among the letters
    std::uint32_t size = 0;
    std::uint32_t hash = 0;  // as a TermTable's
    FieldCounts counts{};
  };

  // Each word of a text.
  void CountText(std::string_view text, SearchField field);
  void Count(std::string_view word, SearchField field);
  // All that is counted there.
  void Count(const CountedWords& others);

  std::span<const Word> words() const { return words_; }
  std::string_view text(const Word& word) const {
    return std::string_view(letters_).substr(word.begin, word.size);
  }
  // How many words each field has, repeated ones too.
  const std::array<std::uint32_t, kSearchFields>& sizes() const { return sizes_; }

 private:
  Word& At(std::string_view word, std::uint32_t hash);
  void Grow();

  std::string letters_;
  std::vector<Word> words_;
  std::array<std::uint32_t, kSearchFields> sizes_{};
  std::vector<std::uint32_t> places_;  // a power of two, by hash: a word's number + 1, or 0
};

}  // namespace registry::search
