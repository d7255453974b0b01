#include "gateway/backends/upstream_table.h"

namespace gateway {

std::shared_ptr<Upstream> UpstreamTable::Find(const std::string& key) {
  const std::lock_guard lock(mutex_);
  if (std::shared_ptr<Upstream> found = upstreams_[key].lock()) return found;
  std::erase_if(upstreams_, [](const auto& entry) { return entry.second.expired(); });
  auto made = std::make_shared<Upstream>(clock_);
  upstreams_[key] = made;
  return made;
}

std::shared_ptr<PoolState> UpstreamTable::FindPool(const std::string& key) {
  const std::lock_guard lock(mutex_);
  if (std::shared_ptr<PoolState> found = pools_[key].lock()) return found;
  std::erase_if(pools_, [](const auto& entry) { return entry.second.expired(); });
  auto made = std::make_shared<PoolState>(clock_);
  pools_[key] = made;
  return made;
}

std::vector<std::shared_ptr<Upstream>> UpstreamTable::All() {
  std::vector<std::shared_ptr<Upstream>> upstreams;
  const std::lock_guard lock(mutex_);
  for (const auto& [_, upstream] : upstreams_) {
    if (auto found = upstream.lock()) upstreams.push_back(std::move(found));
  }
  return upstreams;
}

void UpstreamTable::EndSession(std::string_view session) {
  const std::string key = Upstream::KeyOf(session);
  for (const auto& upstream : All()) upstream->End(key);
}

void UpstreamTable::ReleaseSession(std::string_view session) {
  const std::string key = Upstream::KeyOf(session);
  for (const auto& upstream : All()) upstream->Release(key);
}

}  // namespace gateway
