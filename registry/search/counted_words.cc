#include "registry/search/counted_words.h"

#include <algorithm>

#include "registry/search/term_table.h"
#include "registry/search/tokenizer.h"

namespace registry::search {
namespace {

constexpr std::size_t kFirstPlaces = 64;

void Raise(std::uint16_t& count, unsigned by) {
  count = static_cast<std::uint16_t>(std::min<unsigned>(count + by, UINT16_MAX));
}

}  // namespace

void CountedWords::CountText(std::string_view text, SearchField field) {
  ForEachWord(text, [this, field](std::string_view word) { Count(word, field); });
}

void CountedWords::Count(std::string_view word, SearchField field) {
  const auto at = static_cast<std::size_t>(field);
  Raise(At(word, TermTable::Hash(word)).counts[at], 1);
  ++sizes_[at];
}

void CountedWords::Count(const CountedWords& others) {
  for (const Word& other : others.words_) {
    FieldCounts& counts = At(others.text(other), other.hash).counts;
    for (std::size_t field = 0; field < kSearchFields; ++field)
      Raise(counts[field], other.counts[field]);
  }
  for (std::size_t field = 0; field < kSearchFields; ++field) sizes_[field] += others.sizes_[field];
}

CountedWords::Word& CountedWords::At(std::string_view word, std::uint32_t hash) {
  if (2 * words_.size() >= places_.size()) Grow();
  const std::size_t mask = places_.size() - 1;
  std::size_t place = hash & mask;
  for (; places_[place] != 0; place = (place + 1) & mask) {
    Word& known = words_[places_[place] - 1];
    if (known.hash == hash && text(known) == word) return known;
  }
  Word& added = words_.emplace_back();
  added.begin = static_cast<std::uint32_t>(letters_.size());
  added.size = static_cast<std::uint32_t>(word.size());
  added.hash = hash;
  letters_.append(word);
  places_[place] = static_cast<std::uint32_t>(words_.size());
  return added;
}

void CountedWords::Grow() {
  places_.assign(std::max(kFirstPlaces, 2 * places_.size()), 0);
  const std::size_t mask = places_.size() - 1;
  for (std::uint32_t i = 0; i < words_.size(); ++i) {
    std::size_t place = words_[i].hash & mask;
    while (places_[place] != 0) place = (place + 1) & mask;
    places_[place] = i + 1;
  }
}

}  // namespace registry::search
