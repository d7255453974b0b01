// ResourceSubscriptions are who wants to hear of which resources, where a server knows only one
// subscriber: it is told of the first owner of a URI and of the end of the last.
//
// One loop. No I/O.
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace gateway {

class ResourceSubscriptions {
 public:
  explicit ResourceSubscriptions(std::size_t max = 10'000) : max_(max) {}

  enum class Added { kFirst, kAnother, kTooMany };
  Added Add(std::string_view uri, std::string_view owner);
  // True when nobody wants `uri` any more.
  bool Remove(std::string_view uri, std::string_view owner);
  // The URIs that nobody wants any more.
  std::vector<std::string> RemoveOwner(std::string_view owner);

  void Clear() {
    owners_.clear();
    count_ = 0;
  }

  // `uri` is one that `owner` wants, or lies below one.
  bool Wants(std::string_view owner, std::string_view uri) const;
  bool Has(std::string_view uri) const { return owners_.find(uri) != owners_.end(); }
  std::vector<std::string> uris() const;

 private:
  // Constant after construction
  const std::size_t max_;

  std::map<std::string, std::set<std::string, std::less<>>, std::less<>> owners_;  // by URI
  std::size_t count_ = 0;
};

// MCP 2025-11-25, Resources, Subscriptions: what changed may be a part of what was subscribed to.
bool IsResourceOrPart(std::string_view subscribed, std::string_view changed);

}  // namespace gateway
