#include "gateway/backends/resource_subscriptions.h"

#include <algorithm>

namespace gateway {

ResourceSubscriptions::Added ResourceSubscriptions::Add(std::string_view uri,
                                                        std::string_view owner) {
  if (count_ >= max_) return Added::kTooMany;
  const auto [entry, first] = owners_.try_emplace(std::string(uri));
  if (entry->second.emplace(owner).second) ++count_;
  return first ? Added::kFirst : Added::kAnother;
}

bool ResourceSubscriptions::Remove(std::string_view uri, std::string_view owner) {
  const auto entry = owners_.find(uri);
  if (entry == owners_.end()) return false;
  const auto found = entry->second.find(owner);
  if (found == entry->second.end()) return false;
  entry->second.erase(found);
  --count_;
  if (!entry->second.empty()) return false;
  owners_.erase(entry);
  return true;
}

std::vector<std::string> ResourceSubscriptions::RemoveOwner(std::string_view owner) {
  std::vector<std::string> orphans;
  for (const std::string& uri : uris()) {
    if (Remove(uri, owner)) orphans.push_back(uri);
  }
  return orphans;
}

bool ResourceSubscriptions::Wants(std::string_view owner, std::string_view uri) const {
  return std::any_of(owners_.begin(), owners_.end(), [&](const auto& entry) {
    return IsResourceOrPart(entry.first, uri) && entry.second.contains(owner);
  });
}

std::vector<std::string> ResourceSubscriptions::uris() const {
  std::vector<std::string> out;
  for (const auto& [uri, _] : owners_) out.push_back(uri);
  return out;
}

bool IsResourceOrPart(std::string_view subscribed, std::string_view changed) {
  if (!changed.starts_with(subscribed)) return false;
  return changed.size() == subscribed.size() || subscribed.ends_with('/') ||
         changed[subscribed.size()] == '/';
}

}  // namespace gateway
