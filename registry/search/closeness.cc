#include "registry/search/closeness.h"

#include <algorithm>
#include <utility>

#include "registry/search/tokenizer.h"

namespace registry::search {
namespace {

constexpr std::size_t kLongestName = 256;

}  // namespace

std::size_t EditDistance(std::string_view a, std::string_view b, std::size_t at_most) {
  std::size_t gap = a.size() > b.size() ? a.size() - b.size() : b.size() - a.size();
  if (gap > at_most) return at_most + 1;
  std::vector<std::size_t> before(b.size() + 1);
  std::vector<std::size_t> above(b.size() + 1);
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) above[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    std::size_t best = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      std::size_t change = above[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      row[j] = std::min({change, above[j] + 1, row[j - 1] + 1});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        row[j] = std::min(row[j], before[j - 2] + 1);
      }
      best = std::min(best, row[j]);
    }
    if (best > at_most) return at_most + 1;
    std::swap(before, above);
    std::swap(above, row);
  }
  return above[b.size()];
}

CloseNamesTo::CloseNamesTo(std::string_view name) : name_(Squeeze(name.substr(0, kLongestName))) {}

void CloseNamesTo::Offer(std::string shown, std::initializer_list<std::string_view> spellings) {
  if (name_.empty()) return;
  std::size_t limit = std::max<std::size_t>(1, name_.size() / 3);
  std::size_t closest = limit + 1;
  for (std::string_view spelling : spellings) {
    std::string squeezed = Squeeze(spelling.substr(0, kLongestName));
    if (squeezed.empty()) continue;
    std::size_t distance = EditDistance(name_, squeezed, limit);
    // One within the other (`sum` in `get-sum`) is as close as a misspelling may be.
    bool within =
        name_.size() >= 3 && squeezed.size() >= 3 &&
        (squeezed.find(name_) != std::string::npos || name_.find(squeezed) != std::string::npos);
    closest = std::min(closest, within ? std::min(distance, limit) : distance);
  }
  if (closest <= limit) found_.push_back({closest, std::move(shown)});
}

std::vector<std::string> CloseNamesTo::Take(std::size_t at_most) {
  std::stable_sort(found_.begin(), found_.end(),
                   [](const Found& a, const Found& b) { return a.distance < b.distance; });
  std::vector<std::string> names;
  for (Found& found : found_) {
    if (names.size() == at_most) break;
    names.push_back(std::move(found.shown));
  }
  return names;
}

}  // namespace registry::search
