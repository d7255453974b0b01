// The UpstreamTable holds the Upstream of each server for the whole process, by BackendKey.
// Thread-safe.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "gateway/backends/pool_state.h"
#include "gateway/backends/upstream.h"

namespace gateway {

class UpstreamTable {
 public:
  explicit UpstreamTable(const base::Clock& clock) : clock_(clock) {}

  // The one of that key; it lives as long as somebody holds it.
  std::shared_ptr<Upstream> Find(const std::string& key);

  // The same of a pool.
  std::shared_ptr<PoolState> FindPool(const std::string& key);

  // A caller's session (Call::session) has ended: what servers keep for it is ended too, soon.
  void EndSession(std::string_view session);
  // It was freed for idleness, and may come back.
  void ReleaseSession(std::string_view session);

 private:
  std::vector<std::shared_ptr<Upstream>> All();

  const base::Clock& clock_;
  std::mutex mutex_;
  std::map<std::string, std::weak_ptr<Upstream>> upstreams_;
  std::map<std::string, std::weak_ptr<PoolState>> pools_;
};

}  // namespace gateway
