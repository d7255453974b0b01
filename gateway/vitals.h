// The Vitals of a gateway: whether calls are served, how far it is behind the registry, and what it
// counts. What /readyz, /healthz and /metrics of its admin pages show, and the service manager hears.
//
// One thread, the main loop's.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "gateway/feed/resource_feed.h"
#include "gateway/routing/follower.h"
#include "gateway/worker.h"

namespace gateway {

class Vitals {
 public:
  // All outlive it.
  Vitals(const Follower& follower, const ResourceFeed& feed,
         const std::vector<std::unique_ptr<Worker>>& workers)
      : follower_(follower), feed_(feed), workers_(workers) {}

  void Drain() { draining_ = true; }
  // Nothing is served, because the registry was not heard for too long.
  void SetStale(bool stale) { stale_ = stale; }
  bool draining() const { return draining_; }
  bool stale() const { return stale_; }
  // Exchanges being served.
  std::size_t active() const;

  // Empty when calls are served; else why not.
  std::string NotReady() const;
  // Members of an object.
  std::string HealthJson() const;
  // Prometheus text.
  std::string Metrics() const;

 private:
  const Follower& follower_;
  const ResourceFeed& feed_;
  const std::vector<std::unique_ptr<Worker>>& workers_;
  bool draining_ = false;
  bool stale_ = false;
};

}  // namespace gateway
