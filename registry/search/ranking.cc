#include "registry/search/ranking.h"

#include <cmath>

namespace registry::search {

std::string_view FieldName(SearchField field) {
  switch (field) {
    case SearchField::kName: return "name";
    case SearchField::kServer: return "server";
    case SearchField::kServerDescription: return "server_description";
    case SearchField::kDescription: return "description";
    case SearchField::kParameters: return "parameters";
  }
  return "";
}

float InverseFrequency(std::size_t documents, std::size_t with_word) {
  auto n = static_cast<float>(documents);
  auto df = static_cast<float>(with_word);
  return std::log(1.0F + (n - df + 0.5F) / (df + 0.5F));
}

float Saturate(const Ranking& ranking, float weighted, float relative_length) {
  float norm = ranking.saturation *
               (1.0F - ranking.length_penalty + ranking.length_penalty * relative_length);
  return weighted * (ranking.saturation + 1.0F) / (weighted + norm);
}

}  // namespace registry::search
