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
#include "mcp/upstream_terms.h"

namespace gateway {

// A session as the server knows it; immutable.
struct UpstreamSession {
  std::string id;  // Mcp-Session-Id; empty when the server keeps none
  mcp::Revision revision = mcp::kLatestLegacy;
  // On which it was opened, for what goes to the server in it on behalf of no call. May be null.
  std::shared_ptr<const mcp::UpstreamTerms> terms = nullptr;
};

class Upstream {
 public:
  // What one server keeps for all callers together, and for one that belongs to no session: its
  // principal, or its connection. Of what is over it the idlest end; all in use: refused.
  struct Bounds {
    std::size_t sessions = 10'000;
    std::size_t sessions_per_owner = 64;
  };
  explicit Upstream(const base::Clock& clock) : Upstream(clock, Bounds()) {}
  Upstream(const base::Clock& clock, Bounds bounds) : clock_(clock), bounds_(bounds) {}

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
  // The same where the server is shown a credential: another one must not come by it. Whoever ends
  // the first ends these, too.
  static std::string WithCredential(std::string key, std::string_view credential_key) {
    if (!credential_key.empty()) key.append("\ncredential:").append(credential_key);
    return key;
  }
  // The key of one that several calls of `owner` share which can answer the same questions.
  static std::string PooledKeyOf(std::string_view owner, std::string_view capabilities);

  // Without waiting; null when there is none.
  SessionPointer Find(std::string_view key);
  // The session for `key`. Null: the caller opens it, and calls Opened or Failed once. kCancelled:
  // somebody else is still opening it. kAborted: there are too many (bounds.h).
  base::Task<base::Result<SessionPointer>> Acquire(base::Loop& loop, std::string key,
                                                   base::CancelSignal& cancel);
  void Opened(const std::string& key, SessionPointer session);
  void Failed(const std::string& key);
  // The server has forgotten it: the next Acquire opens another. A newer one stays.
  void Lost(std::string_view key, const SessionPointer& session);

  // Those that nobody used for so long, taken out; the caller ends them. One that somebody holds
  // is in use.
  std::vector<SessionPointer> TakeIdle(std::chrono::milliseconds idle);
  std::size_t sessions() const;

  // A server pushes on one stream of a session only. False: somebody has it already.
  bool TakeStream(const std::string& key);
  void GiveStreamBack(const std::string& key);

  // Of the callers' own sessions.
  OpeningStreams& opening_streams() { return opening_streams_; }

  // Whoever it served is gone: it is taken out, and one of the enders is called (by this thread,
  // without the lock), who takes it by TakeEnded and tells the server.
  void End(const std::string& key);
  // The same, but its caller may come back, and finds what it said said again.
  void Release(const std::string& key);
  std::vector<SessionPointer> TakeEnded();
  void AddEnder(const void* owner, std::function<void()> ender);
  // Those that are left when the last of them goes: nobody else will end them.
  std::vector<SessionPointer> RemoveEnder(const void* owner);

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

  static bool IsIdle(const Entry& entry);

  // Under the lock.
  Memory& MemoryOf(const std::string& key);
  using Sessions = std::map<std::string, Entry, std::less<>>;
  // Taken out, to be ended: what was said in it is forgotten with it, unless it is a caller's own.
  SessionPointer Remove(Sessions::iterator entry);
  // Whether one more may be opened for `key`, which is not there; ends others.
  base::Result<void> MakeRoom(std::string_view key);
  bool EndIdlest(Sessions::iterator begin, Sessions::iterator end);
  std::function<void()> EnderIfNeeded() const;
  void TakeOut(const std::string& key, bool forget);

  // Constant after construction
  const base::Clock& clock_;
  const Bounds bounds_;

  // -1: unknown.
  std::atomic<int> revision_{-1};
  std::atomic<std::uint64_t> next_id_{1};
  OpeningStreams opening_streams_;

  // Under the lock
  mutable std::mutex mutex_;
  std::shared_ptr<const std::string> introduction_;
  Sessions sessions_;
  std::map<std::string, Memory> memories_;
  std::set<std::string> streams_;
  std::vector<SessionPointer> ended_;
  std::vector<std::pair<const void*, std::function<void()>>> enders_;
};

}  // namespace gateway
