#include "gateway/state/ended_sessions.h"

#include <sys/stat.h>

#include "base/auth/api_key.h"

namespace gateway::state {

EndedSessions::EndedSessions(const std::filesystem::path& file, std::int64_t now_unix_ms) {
  std::string kept;
  std::ifstream old(file);
  std::int64_t until = 0;
  for (std::string hex; old >> until >> hex;) {
    if (until <= now_unix_ms || hex.size() > 128) continue;
    kept.append(std::to_string(until)).append(" ").append(hex).append("\n");
    Remember(std::move(hex));
  }
  old.close();
  const std::filesystem::path fresh = file.string() + ".new";
  std::ofstream(fresh, std::ios::trunc) << kept;
  ::chmod(fresh.c_str(), 0600);
  std::error_code failed;
  std::filesystem::rename(fresh, file, failed);
  if (!failed) file_.open(file, std::ios::app);
}

bool EndedSessions::Contains(std::string_view id) const {
  const std::shared_lock lock(mutex_);
  return !ids_.empty() && ids_.contains(base::auth::Hex(id));
}

void EndedSessions::Add(std::string_view id, std::int64_t until_unix_ms) {
  std::string hex = base::auth::Hex(id);
  {
    const std::lock_guard lock(file_mutex_);
    if (file_.is_open()) file_ << until_unix_ms << ' ' << hex << std::endl;
  }
  const std::lock_guard lock(mutex_);
  Remember(std::move(hex));
}

void EndedSessions::Remember(std::string id) {
  if (!ids_.insert(id).second) return;
  order_.push_back(std::move(id));
  if (order_.size() > kMaxIds) {
    ids_.erase(order_.front());
    order_.pop_front();
  }
}

}  // namespace gateway::state
