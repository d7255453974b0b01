#include "registry/search/exact_names.h"

#include <algorithm>

namespace registry::search {

void ExactNames::Add(std::string_view squeezed, std::uint32_t bearer) {
  longest_ = std::max(longest_, squeezed.size());
  std::vector<std::uint32_t>& bearers = bearers_[Hash(squeezed)];
  const auto at = std::lower_bound(bearers.begin(), bearers.end(), bearer);
  if (at == bearers.end() || *at != bearer) bearers.insert(at, bearer);
}

void ExactNames::Remove(std::string_view squeezed, std::uint32_t bearer) {
  const auto found = bearers_.find(Hash(squeezed));
  if (found == bearers_.end()) return;
  std::vector<std::uint32_t>& bearers = found->second;
  const auto at = std::lower_bound(bearers.begin(), bearers.end(), bearer);
  if (at != bearers.end() && *at == bearer) bearers.erase(at);
  if (bearers.empty()) bearers_.erase(found);
}

std::vector<std::uint32_t> ExactNames::Bearers(std::string_view squeezed) const {
  const auto found = bearers_.find(Hash(squeezed));
  return found == bearers_.end() ? std::vector<std::uint32_t>() : found->second;
}

}  // namespace registry::search
