// EndedSessions remembers the sessions that were ended before their tokens expire, so that no
// worker takes one up again.
//
// One per process, any thread. Kept in a file, one line each (`UNIX_MS HEX_ID`), so that a restart
// forgets nothing; the file is written anew without what has expired when it is opened. At most
// 100,000 ids: the oldest go first.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <unordered_set>

namespace gateway::state {

class EndedSessions {
 public:
  // In memory only.
  EndedSessions() = default;
  // With what `file` holds at `now`; a file that cannot be read or written leaves it in memory
  // only.
  EndedSessions(const std::filesystem::path& file, std::int64_t now_unix_ms);

  bool Contains(std::string_view id) const;
  void Add(std::string_view id, std::int64_t until_unix_ms);

 private:
  static constexpr std::size_t kMaxIds = 100'000;
  void Remember(std::string id);

  mutable std::shared_mutex mutex_;  // guards ids_ and order_
  std::unordered_set<std::string> ids_;
  std::deque<std::string> order_;

  std::mutex file_mutex_;  // apart, so that a slow disk delays only those who end sessions
  std::ofstream file_;
};

}  // namespace gateway::state
