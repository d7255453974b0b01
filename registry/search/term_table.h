// A TermTable numbers words: an open hash table, since every word of every text at the start is
// looked up once. Numbers of words that were removed are given again.
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

namespace registry::search {

using TermId = std::uint32_t;
inline constexpr TermId kNoTerm = std::numeric_limits<TermId>::max();

class TermTable {
 public:
  TermTable() : places_(1024) {}

  static std::uint32_t Hash(std::string_view word) {
    const std::size_t hash = std::hash<std::string_view>{}(word);
    return static_cast<std::uint32_t>(hash ^ (hash >> 32));
  }

  // kNoTerm: not here.
  TermId Find(std::string_view word) const { return Find(word, Hash(word)); }
  TermId Find(std::string_view word, std::uint32_t hash) const;
  // REQUIRES: it is not here.
  TermId Add(std::string_view word) { return Add(word, Hash(word)); }
  TermId Add(std::string_view word, std::uint32_t hash);
  void Remove(TermId term);
  std::string_view word(TermId term) const { return words_[term]; }

 private:
  struct Place {
    std::uint32_t hash = 0;
    TermId term = kNoTerm;
  };
  std::size_t Next(std::size_t place) const { return (place + 1) & (places_.size() - 1); }
  void Put(Place place);
  void Grow();

  std::vector<Place> places_;  // a power of two, at most half of it taken
  std::vector<std::string> words_;
  std::vector<TermId> free_;
};

}  // namespace registry::search
