// An Upstream is what all workers know together about one server: the protocol revision it speaks,
// what it said of itself, and the sessions that it keeps for our callers when it is of an older
// revision.
//
// Thread-safe; the lock is held for a look-up and never across I/O. What is being found out is
// found out once: whoever asks meanwhile waits on its own loop.
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/loop.h"
#include "base/task.h"
#include "mcp/revision.h"

namespace gateway {

// A session as the server knows it; immutable.
struct UpstreamSession {
  std::string id;  // Mcp-Session-Id; empty when the server keeps none
  mcp::Revision revision = mcp::kLatestLegacy;
};

class Upstream {
 public:
  explicit Upstream(const base::Clock& clock) : clock_(clock) {}

  // ---- What it speaks

  // nullopt: not known yet, or not any more.
  std::optional<mcp::Revision> revision() const;
  // The raw result of server/discover or initialize; null before.
  std::shared_ptr<const std::string> introduction() const;
  // True: the caller finds out, and calls Know or MeetingFailed once. False: somebody else just
  // has, or has failed to.
  base::Task<bool> BeginMeeting(base::Loop& loop);
  void Know(mcp::Revision revision, std::string introduction);
  void MeetingFailed();
  // It does not answer like one of that revision any more.
  void Forget(mcp::Revision seen);

  // ---- Its sessions, by whom they serve

  using SessionPointer = std::shared_ptr<const UpstreamSession>;

  // Without waiting; null when there is none.
  SessionPointer Find(std::string_view key);
  // The session for `key`. Null: the caller opens it, and calls Opened or Failed once.
  base::Task<SessionPointer> Acquire(base::Loop& loop, std::string key);
  SessionPointer Opened(const std::string& key, UpstreamSession session);
  void Failed(const std::string& key);
  // The server has forgotten it: the next Acquire opens another. A newer one stays.
  void Lost(std::string_view key, const SessionPointer& session);

  // Those that nobody used for so long, taken out; the caller ends them.
  std::vector<SessionPointer> TakeIdle(std::chrono::milliseconds idle);
  std::size_t sessions() const;

  // For requests that share a session: no two have the same id.
  std::uint64_t NextId() { return next_id_.fetch_add(1, std::memory_order_relaxed); }

 private:
  struct Entry {
    SessionPointer session;  // null while it is being opened
    base::TimePoint used{};
    std::vector<std::function<void()>> waiters;
  };

  // Under the lock.
  void RemoveIdle(std::chrono::milliseconds idle, std::vector<SessionPointer>* taken);

  // Constant after construction
  const base::Clock& clock_;

  // -1: unknown.
  std::atomic<int> revision_{-1};
  std::atomic<std::uint64_t> next_id_{1};

  // Under the lock
  mutable std::mutex mutex_;
  std::shared_ptr<const std::string> introduction_;
  std::map<std::string, Entry, std::less<>> sessions_;
};

}  // namespace gateway
