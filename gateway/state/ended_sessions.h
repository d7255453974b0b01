// EndedSessions remembers the sessions that were ended before their tokens expire, so that no
// worker takes one up again.
//
// One per process, any thread. Kept in a file, one line each (`UNIX_MS HEX_ID`), so that a restart
// forgets nothing. At most `max_ids`: the oldest go first. The file is written anew, with what
// still counts, when it is opened and when it has twice as many lines.
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
  static constexpr std::size_t kMaxIds = 100'000;

  // In memory only.
  EndedSessions() = default;
  // With what `file` holds at `now`; a file that cannot be read or written leaves it in memory
  // only.
  EndedSessions(std::filesystem::path file, std::int64_t now_unix_ms,
                std::size_t max_ids = kMaxIds);

  bool Contains(std::string_view id) const;
  void Add(std::string_view id, std::int64_t until_unix_ms);

 private:
  struct Ended {
    std::string hex;
    std::int64_t until_unix_ms = 0;
  };
  void Remember(std::string hex, std::int64_t until_unix_ms);
  // REQUIRES: file_mutex_ is held.
  void WriteAnew();

  // Constant after construction
  const std::size_t max_ids_ = kMaxIds;
  const std::filesystem::path path_;

  mutable std::shared_mutex mutex_;  // guards ids_ and order_
  std::unordered_set<std::string> ids_;
  std::deque<Ended> order_;

  std::mutex file_mutex_;  // apart, so that a slow disk delays only those who end sessions
  std::ofstream file_;
  std::size_t lines_ = 0;
};

}  // namespace gateway::state
