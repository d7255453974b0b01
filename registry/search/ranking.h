// How words become a score: BM25 over weighted fields.
//
// A word counts in each field by that field's weight; the sum is saturated once (a word in name and
// description is one piece of evidence, not two) and weighed by how rare the word is. Each word is
// looked up as it is and as its stem.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace registry::search {

enum class SearchField : std::uint8_t {
  kName,
  kServer,
  kServerDescription,
  kDescription,
  kParameters
};
inline constexpr std::size_t kSearchFields = 5;

// `name`, `server`, `server_description`, `description`, `parameters`
std::string_view FieldName(SearchField field);

struct Ranking {
  std::array<float, kSearchFields> weights = {3.0F, 2.0F, 1.0F, 1.0F, 0.3F};
  // How fast a repeated word stops to count, and how much long texts are held back.
  float saturation = 1.0F;
  float length_penalty = 0.8F;
  // Of a word's stem, beside the word itself.
  float stem_share = 0.4F;
  // In catalogues of at least `large` tools, words in more than this share of the documents are
  // passed over.
  std::size_t large = 50'000;
  float too_common = 0.15F;
};

// Rarity of a word that `with_word` of `documents` hold; above 0.
float InverseFrequency(std::size_t documents, std::size_t with_word);

// Of `weighted`, the word's occurrences times the weights of their fields, in a document whose
// length is `relative_length` times the average. Below 1 + saturation.
float Saturate(const Ranking& ranking, float weighted, float relative_length);

}  // namespace registry::search
