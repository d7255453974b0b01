#include "registry/search/exact_names.h"

#include <algorithm>
#include <utility>

namespace registry::search {

void ExactNames::Add(std::string_view squeezed, std::uint32_t bearer) {
  longest_ = std::max(longest_, squeezed.size());
  const std::size_t hash = Hash(squeezed);
  const auto [only, is_new] = only_.try_emplace(hash, bearer);
  if (is_new || only->second == bearer) return;
  std::vector<std::uint32_t>& bearers = many_[hash];
  if (only->second != kMany) bearers.push_back(std::exchange(only->second, kMany));
  const auto at = std::lower_bound(bearers.begin(), bearers.end(), bearer);
  if (at == bearers.end() || *at != bearer) bearers.insert(at, bearer);
}

void ExactNames::Remove(std::string_view squeezed, std::uint32_t bearer) {
  const std::size_t hash = Hash(squeezed);
  const auto only = only_.find(hash);
  if (only == only_.end()) return;
  if (only->second != kMany) {
    if (only->second == bearer) only_.erase(only);
    return;
  }
  const auto many = many_.find(hash);
  std::vector<std::uint32_t>& bearers = many->second;
  const auto at = std::lower_bound(bearers.begin(), bearers.end(), bearer);
  if (at != bearers.end() && *at == bearer) bearers.erase(at);
  if (!bearers.empty()) return;
  many_.erase(many);
  only_.erase(only);
}

std::vector<std::uint32_t> ExactNames::Bearers(std::string_view squeezed) const {
  const auto only = only_.find(Hash(squeezed));
  if (only == only_.end()) return {};
  if (only->second != kMany) return {only->second};
  return many_.at(only->first);
}

}  // namespace registry::search
