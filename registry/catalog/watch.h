// How others follow the catalog, in two ways.
//
// An Observer is told everything, in order, while the writer still waits: what keeps its own
// picture in memory (the search index) is true before the write is acknowledged.
//
// A Bell only says that something happened. A stream (Watch, Follow, WatchStatus, WatchCalls)
// remembers the number it has come to, and reads what came after it when the bell rings and its
// peer can take more. So a slow peer costs no memory, and a burst reaches it as one step.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <span>

#include "portolan/v1/catalog_service.pb.h"
#include "portolan/v1/fleet_service.pb.h"

namespace registry {

namespace v1 = portolan::v1;

class Observer {
 public:
  virtual ~Observer() = default;
  // Committed writes, each resource whole, deletions by kind, name and revision. Calls come one at
  // a time, in the order of revisions, from any thread. Must not call the catalog's writing
  // methods.
  virtual void OnChanges(std::span<const v1::Change> changes) = 0;
  // What a server offers, when it became known or changed. When a server is deleted its definitions
  // are gone without a further call.
  virtual void OnDefinitions(const v1::ServerDefinitions& definitions) = 0;
};

class Bell {
 public:
  // One listener; stops listening when destroyed. After the destructor has returned the function is
  // not called.
  class Listener {
   public:
    Listener(Bell& bell, std::function<void()> heard);
    ~Listener();
    Listener(const Listener&) = delete;
    Listener& operator=(const Listener&) = delete;

   private:
    Bell& bell_;
    std::uint64_t id_;
  };

  // From any thread; runs each listener's function, which must only take note (post, set a flag).
  void Ring();

 private:
  std::mutex mutex_;
  std::uint64_t next_id_ = 1;
  std::map<std::uint64_t, std::function<void()>> listeners_;
};

}  // namespace registry
