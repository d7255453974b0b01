// The Follower turns what the feed brings into what the workers serve: it keeps the Snapshot,
// compiles, and publishes.
//
//   feed thread --post--> main loop: Snapshot -> Compile (at most once in 50 ms) -> publish
//
// A first change is in force at once; a burst is one swap 50 ms later. While the parts of a whole
// catalog come, nothing is swapped. Belongs to the main loop; the FeedSink face may be called from
// any thread.
#pragma once

#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/loop.h"
#include "gateway/feed/feed_sink.h"
#include "gateway/feed/reporter.h"
#include "gateway/routing/compiler.h"
#include "gateway/routing/snapshot.h"
#include "gateway/state/rule_state.h"

namespace gateway {

class Follower final : public FeedSink {
 public:
  // Where what it makes goes; all are called on the main loop.
  struct Outlets {
    // A new table for every worker.
    std::function<void(std::shared_ptr<const RouteTable>)> publish;
    std::function<void(FeedKeys)> keys;
    std::function<void(portolan::v1::ProbeOrder)> probe;
    // Servers that were written (with what is in force of them now), and those that went.
    std::function<void(const ServerEntry&)> server_put;
    std::function<void(const std::string&)> server_removed;
    // The same of identity providers.
    std::function<void(const ProviderEntry&)> provider_put;
    std::function<void(const std::string&)> provider_removed;
    // And of credentials.
    std::function<void(const CredentialEntry&)> credential_put;
    std::function<void(const std::string&)> credential_removed;
  };
  // All references outlive the follower; the loop runs no more when it is destroyed.
  Follower(base::Loop& loop, state::RuleState& state, Reporter& reporter, Outlets outlets);
  ~Follower() override;

  // Any thread.
  void OnChanges(portolan::v1::Changes&& changes) override;
  void OnDefinitions(portolan::v1::ServerDefinitions&& definitions) override;
  void OnKeys(FeedKeys&& keys) override;
  void OnProbe(portolan::v1::ProbeOrder&& order) override;
  void OnPurge(const portolan::v1::CachePurge& purge) override;

  // The main loop's.
  const Snapshot& snapshot() const { return snapshot_; }
  const std::shared_ptr<const RouteTable>& table() const { return table_; }

 private:
  static constexpr std::chrono::milliseconds kSwapEvery{50};

  void Take(const portolan::v1::Changes& changes);
  void ScheduleSwap();
  void Swap();

  // Constant after construction
  base::Loop& loop_;
  state::RuleState& state_;
  Reporter& reporter_;
  const Outlets outlets_;

  Snapshot snapshot_;
  std::shared_ptr<const RouteTable> table_ = std::make_shared<RouteTable>();
  boost::asio::steady_timer timer_;
  bool swap_scheduled_ = false;
  std::chrono::steady_clock::time_point last_swap_{};
};

}  // namespace gateway
