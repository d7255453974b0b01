// A WatcherSight is what one watcher gets to see of the catalog's changes. A server that is taken from its sight is told as
// gone, with its versions; one that comes into it brings its versions; of what it never saw it is told nothing.
//
// Whoever sees everything costs nothing. Of others it remembers which servers they know: a hash of each name. One thread.
#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_set>

#include "base/result.h"
#include "registry/catalog/catalog.h"
#include "registry/service/caller.h"

namespace registry {

// Calls the function with each server that this one sees now.
using SeenServers =
    std::function<void(const base::auth::Principal&, const std::function<void(std::string_view)>&)>;

class WatcherSight {
 public:
  struct Watcher {
    const Caller& caller;
    // It knows what it sees now, but for what has changed since it was away.
    bool resumes = false;
    // It watches ServerVersions too.
    bool versions = false;
  };
  // Catalog and caller outlive the sight.
  WatcherSight(const Catalog& catalog, const Watcher& watcher, const SeenServers& seen);

  // Adds to `out` what the watcher is to be told of that change. kOutOfRange: while it was away something changed that it
  // may have seen; it must list again.
  base::Result<void> Take(v1::Change change, std::deque<v1::Change>& out);
  // What came so far was from before; it follows now.
  void Follows() { follows_ = true; }

 private:
  base::Result<void> TakeServer(v1::Change change, std::deque<v1::Change>& out);
  base::Result<void> TakeVersion(v1::Change change, std::deque<v1::Change>& out);
  base::Result<void> TellVersions(const std::string& server, bool gone,
                                  std::deque<v1::Change>& out) const;
  // Of a product, those that the watcher does not see.
  void HideServers(v1::Change& change) const;
  bool Sees(const std::string& server) const;
  static std::size_t Hash(std::string_view name) { return std::hash<std::string_view>()(name); }

  const Catalog& catalog_;
  const Watcher watcher_;
  const bool sees_everything_;
  bool follows_ = false;
  std::unordered_set<std::size_t> known_;  // servers and versions, by name
};

}  // namespace registry
