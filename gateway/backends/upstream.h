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
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/cancel.h"
#include "base/clock.h"
#include "base/loop.h"
#include "base/result.h"
#include "base/task.h"
#include "gateway/backends/opening_streams.h"
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
  // has, or has failed to, or `cancel` was requested meanwhile.
  base::Task<bool> BeginMeeting(base::Loop& loop, base::CancelSignal& cancel);
  void Know(mcp::Revision revision, std::string introduction);
  void MeetingFailed();
  // It does not answer like one of that revision any more.
  void Forget(mcp::Revision seen);

  // ---- Its sessions, by whom they serve

  using SessionPointer = std::shared_ptr<const UpstreamSession>;

  // The key of a caller's own session.
  static std::string KeyOf(std::string_view caller_session) {
    return "session:" + std::string(caller_session);
  }

  // Without waiting; null when there is none.
  SessionPointer Find(std::string_view key);
  // The session for `key`. Null: the caller opens it, and calls Opened or Failed once. kCancelled:
  // somebody else is still opening it.
  base::Task<base::Result<SessionPointer>> Acquire(base::Loop& loop, std::string key,
                                                   base::CancelSignal& cancel);
  void Opened(const std::string& key, SessionPointer session);
  void Failed(const std::string& key);
  // The server has forgotten it: the next Acquire opens another. A newer one stays.
  void Lost(std::string_view key, const SessionPointer& session);

  // Those that nobody used for so long, taken out; the caller ends them.
  std::vector<SessionPointer> TakeIdle(std::chrono::milliseconds idle);
  // The same for one; false when it was used since.
  bool TakeIfIdle(const std::string& key, std::chrono::milliseconds idle);
  std::size_t sessions() const;

  // A server pushes on one stream of a session only. False: somebody has it already.
  bool TakeStream(const std::string& key);
  void GiveStreamBack(const std::string& key);

  // Of the callers' own sessions.
  OpeningStreams& opening_streams() { return opening_streams_; }

  // Whoever it served is gone: it is taken out, and one of the enders is called (by this thread,
  // without the lock), who takes it by TakeEnded and tells the server.
  void End(const std::string& key);
  std::vector<SessionPointer> TakeEnded();
  void AddEnder(const void* owner, std::function<void()> ender);
  void RemoveEnder(const void* owner);

  // ---- What was said in a session and must be said again in the next one of that key

  struct Memory {
    std::set<std::string, std::less<>> subscribed;  // URIs
    std::size_t subscribed_bytes = 0;
    std::string log_level;  // a raw JSON string
    bool empty() const { return subscribed.empty() && log_level.empty(); }
  };
  void NoteSubscribed(const std::string& key, std::string uri);
  void NoteUnsubscribed(const std::string& key, std::string_view uri);
  void NoteLogLevel(const std::string& key, std::string raw_level);
  Memory Recall(const std::string& key) const;

  // For requests that share a session: no two have the same id.
  std::uint64_t NextId() { return next_id_.fetch_add(1, std::memory_order_relaxed); }

 private:
  struct Entry {
    SessionPointer session;  // null while it is being opened
    base::TimePoint used{};
    std::vector<std::function<void()>> waiters;
  };

  // Under the lock.
  Memory& MemoryOf(const std::string& key);
  void RemoveIdle(std::chrono::milliseconds idle, std::vector<SessionPointer>* taken);

  // Constant after construction
  const base::Clock& clock_;

  // -1: unknown.
  std::atomic<int> revision_{-1};
  std::atomic<std::uint64_t> next_id_{1};
  OpeningStreams opening_streams_;

  // Under the lock
  mutable std::mutex mutex_;
  std::shared_ptr<const std::string> introduction_;
  std::map<std::string, Entry, std::less<>> sessions_;
  std::map<std::string, Memory> memories_;
  std::set<std::string> streams_;
  std::vector<SessionPointer> ended_;
  std::vector<std::pair<const void*, std::function<void()>>> enders_;
};

}  // namespace gateway
