#include "registry/search/term_table.h"

#include <utility>

namespace registry::search {

TermId TermTable::Find(std::string_view word, std::uint32_t hash) const {
  for (std::size_t at = hash & (places_.size() - 1); places_[at].term != kNoTerm; at = Next(at)) {
    if (places_[at].hash == hash && words_[places_[at].term] == word) return places_[at].term;
  }
  return kNoTerm;
}

TermId TermTable::Add(std::string_view word, std::uint32_t hash) {
  auto term = static_cast<TermId>(words_.size());
  if (free_.empty()) {
    words_.emplace_back(word);
  } else {
    term = free_.back();
    free_.pop_back();
    words_[term] = word;
  }
  if (2 * words_.size() > places_.size()) Grow();
  Put({hash, term});
  return term;
}

void TermTable::Remove(TermId term) {
  std::size_t hole = Hash(words_[term]) & (places_.size() - 1);
  while (places_[hole].term != term) hole = Next(hole);
  // What stands behind it may have been put off by it: it moves up.
  for (std::size_t at = Next(hole); places_[at].term != kNoTerm; at = Next(at)) {
    const std::size_t wanted = places_[at].hash & (places_.size() - 1);
    const bool reaches = hole <= at ? wanted <= hole || wanted > at : wanted <= hole && wanted > at;
    if (!reaches) continue;
    places_[hole] = places_[at];
    hole = at;
  }
  places_[hole] = {};
  words_[term] = {};
  free_.push_back(term);
}

void TermTable::Put(Place place) {
  std::size_t at = place.hash & (places_.size() - 1);
  while (places_[at].term != kNoTerm) at = Next(at);
  places_[at] = place;
}

void TermTable::Grow() {
  const std::vector<Place> before = std::exchange(places_, std::vector<Place>(2 * places_.size()));
  for (const Place& place : before) {
    if (place.term != kNoTerm) Put(place);
  }
}

}  // namespace registry::search
