// A CallerSession is what we keep of one session of a caller of an older revision, while it is
// used: its running calls, the questions it was asked, its streams, and what it said it wants to
// hear.
//
// One object for all workers; any thread, one short lock. Nothing in it must survive: a session
// whose object is gone (a restart, 30 idle minutes) is adopted again from its token, and only what
// was in flight is lost.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/cancel.h"
#include "base/doorbell.h"
#include "base/loop.h"
#include "base/result.h"
#include "base/task.h"
#include "mcp/legacy/event_log.h"
#include "mcp/revision.h"

namespace mcp::legacy {

class CallerSession {
 public:
  static constexpr std::size_t kMaxQuestions = 100;
  static constexpr std::size_t kMaxSubscriptions = 1'000;
  static constexpr std::size_t kMaxLogs = 32;

  // What its token says.
  struct Facts {
    // Agreed in initialize.
    Revision revision = kLatestLegacy;
    // How handlers know the session: becomes Call::session.
    std::string key;
    std::string principal;
    bool anonymous = false;
    std::string endpoint;
    std::int64_t expires_unix_ms = 0;
    // HTTP+SSE: one stream for everything, which cannot be resumed; who calls is said on it.
    bool over_sse = false;
    // Raw JSON objects from initialize.
    std::string client_info;
    std::string client_capabilities;
    // From client_info, for the record.
    std::string client_name;
    std::string client_version;
  };
  explicit CallerSession(Facts facts);
  ~CallerSession();

  const Facts& facts() const { return facts_; }

  // 2024-11-05: the session is there before its caller has introduced itself. False when it has
  // already. Nothing else may look at the facts before introduced().
  bool Introduce(Revision revision, std::string_view client_info,
                 std::string_view client_capabilities);
  bool introduced() const { return introduced_.load(std::memory_order_acquire); }

  // ---- Calls

  // One call that runs in the session, on the stack of who serves it.
  class Running {
   public:
    // `raw_id` and the session outlive it; empty for notifications, which nobody can cancel.
    Running(CallerSession& session, std::string_view raw_id, base::Loop& loop,
            base::CancelSignal& cancel);
    ~Running();
    Running(Running&&) = delete;
    // Its caller does not want an answer any more.
    bool cancelled() const { return cancelled_; }
    // What logging/setLevel had said when it began; may be empty.
    const std::string& log_level() const { return log_level_; }

   private:
    friend class CallerSession;
    CallerSession& session_;
    const std::string_view raw_id_;
    base::Loop& loop_;
    base::CancelSignal& cancel_;
    bool cancelled_ = false;  // touched by the call's own thread
    std::string log_level_;
    // Guarded by the session's mutex
    Running* next_ = nullptr;
    Running* previous_ = nullptr;
  };

  // notifications/cancelled: the call ends soon, on its own loop. An unknown id does nothing.
  static void Cancel(const std::shared_ptr<CallerSession>& session, std::string_view raw_id);
  // Every call, question and stream of it ends.
  static void End(const std::shared_ptr<CallerSession>& session);
  bool ended() const;

  // ---- Questions

  // A request of ours that the caller was sent and has not answered, on the stack of who waits.
  class Question {
   public:
    // kResourceExhausted when too many wait already.
    static base::Result<void> Pose(Question& question);
    Question(CallerSession& session, base::Loop& loop) : session_(session), bell_(loop) {}
    ~Question();
    Question(Question&&) = delete;

    // Raw JSON: unique in the session, over restarts too.
    const std::string& raw_id() const { return raw_id_; }
    // Rings when the answer is there, or the session has ended.
    base::Doorbell& bell() { return bell_; }
    // The whole answer; empty while there is none.
    std::string TakeAnswer();

   private:
    friend class CallerSession;
    CallerSession& session_;
    base::Doorbell bell_;
    std::string raw_id_;
    // Guarded by the session's mutex
    std::string answer_;
    bool posed_ = false;
  };

  // An answer that the caller sent; false when nobody waits for it.
  bool Answer(std::string_view raw_id, std::string_view message);

  // ---- Streams

  // The stream of one call; null when the session has too many.
  std::shared_ptr<EventLog> OpenLog(std::string_view raw_request_id);
  // The session's own stream.
  std::shared_ptr<EventLog> own_log() const { return own_log_; }
  // Of an event of a call; null when it is unknown: of another life of ours, or forgotten.
  std::shared_ptr<EventLog> FindLog(const EventId& id) const;
  std::uint32_t epoch() const { return epoch_; }

  // ---- What the caller wants to hear

  void SetLogLevel(std::string_view raw_level);
  // `version` grows with every change.
  struct Subscriptions {
    std::uint64_t version = 0;
    std::vector<std::string> uris;
  };
  Subscriptions subscriptions() const;
  std::uint64_t subscriptions_version() const;
  // False when there are too many already.
  bool MaySubscribe(std::string_view uri) const;
  // More than are allowed are dropped.
  void Subscribe(std::string_view uri);
  void Unsubscribe(std::string_view uri);

  // Who carries notifications to the session's stream. A newer one takes the place of an older.
  class Listener {
   public:
    // The bell rings when the subscriptions change, when it is replaced, and when the session ends.
    Listener(CallerSession& session, base::Doorbell& bell);
    ~Listener();
    Listener(Listener&&) = delete;
    bool replaced() const;
    // What is subscribed up to `version` is listened to now.
    void Listens(std::uint64_t version);

   private:
    friend class CallerSession;
    CallerSession& session_;
    base::Doorbell& bell_;
  };
  // Waits until a listener, if there is one, has heard of all changes so far: a notification that
  // the caller's next message causes must not be missed. Two seconds at most.
  base::Task<void> Settle(base::Loop& loop, base::CancelSignal& cancel);

  // Forgets streams that were not asked for again for a while.
  void Tidy();
  // For the table's idle time-out.
  std::atomic<std::int64_t> used_ms = 0;

 private:
  struct Settling {
    base::Doorbell* bell;
    Settling* next;
  };
  // REQUIRES of those below: mutex_ is held.
  void DropOldLogs();
  void RingSettling();

  // Constant after construction
  Facts facts_;                // but for Introduce
  const std::uint32_t epoch_;  // tells this object's ids from those of an earlier one
  const std::shared_ptr<EventLog> own_log_;

  std::atomic<bool> introducing_ = true;
  std::atomic<bool> introduced_ = true;

  mutable std::mutex mutex_;
  bool ended_ = false;
  Running* running_ = nullptr;
  std::unordered_map<std::string, Question*> questions_;
  std::uint64_t next_question_;
  std::vector<std::shared_ptr<EventLog>> logs_;  // oldest first
  std::uint64_t next_log_ = 1;
  std::string log_level_;
  std::set<std::string, std::less<>> uris_;
  std::uint64_t uris_version_ = 0;
  std::uint64_t listened_version_ = 0;
  Listener* listener_ = nullptr;
  Settling* settling_ = nullptr;
};

}  // namespace mcp::legacy
