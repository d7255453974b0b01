#include "gateway/state/ended_sessions.h"

#include <sys/stat.h>

#include <utility>

#include "base/auth/api_key.h"

namespace gateway::state {

EndedSessions::EndedSessions(std::filesystem::path file, std::int64_t now_unix_ms,
                             std::size_t max_ids)
    : max_ids_(max_ids), path_(std::move(file)) {
  std::ifstream old(path_);
  std::int64_t until = 0;
  for (std::string hex; old >> until >> hex;) {
    if (until > now_unix_ms && hex.size() <= 128) Remember(std::move(hex), until);
  }
  const std::lock_guard lock(file_mutex_);
  WriteAnew();
}

bool EndedSessions::Contains(std::string_view id) const {
  const std::shared_lock lock(mutex_);
  return !ids_.empty() && ids_.contains(base::auth::Hex(id));
}

void EndedSessions::Add(std::string_view id, std::int64_t until_unix_ms) {
  std::string hex = base::auth::Hex(id);
  Remember(hex, until_unix_ms);
  const std::lock_guard lock(file_mutex_);
  if (!file_.is_open()) return;
  file_ << until_unix_ms << ' ' << hex << std::endl;
  if (++lines_ > 2 * max_ids_) WriteAnew();
}

void EndedSessions::Remember(std::string hex, std::int64_t until_unix_ms) {
  const std::lock_guard lock(mutex_);
  if (!ids_.insert(hex).second) return;
  order_.push_back({std::move(hex), until_unix_ms});
  if (order_.size() <= max_ids_) return;
  ids_.erase(order_.front().hex);
  order_.pop_front();
}

void EndedSessions::WriteAnew() {
  std::string kept;
  {
    const std::shared_lock lock(mutex_);
    for (const Ended& ended : order_) {
      kept.append(std::to_string(ended.until_unix_ms)).append(" ").append(ended.hex).append("\n");
    }
    lines_ = order_.size();
  }
  const std::filesystem::path fresh = path_.string() + ".new";
  std::ofstream(fresh, std::ios::trunc) << kept;
  ::chmod(fresh.c_str(), 0600);
  std::error_code failed;
  std::filesystem::rename(fresh, path_, failed);
  file_.close();
  file_.clear();
  if (!failed) file_.open(path_, std::ios::app);
}

}  // namespace gateway::state
