// An EventLog is one event stream of a session: what was said on it, numbered, so that a caller
// that lost its connection goes on where it left off (MCP 2025-11-25, Transports, Resumability).
//
//   the call's own exchange writes --its caller is gone--> nobody follows --GET--> a Follower
//   writes
//                              `--a GET with Last-Event-ID takes the stream over--------^
//
// Any thread; one short lock. One Follower at a time: a newer one replaces the older, since a
// caller may know before us that its connection is dead. Keeps the last `max_bytes` of events; when
// all was written by the call itself, the last few KiB, in case they did not arrive. An answer too
// long to be kept becomes an error.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "base/doorbell.h"
#include "base/loop.h"
#include "base/task.h"

namespace mcp::legacy {

// The parts of an event's id. `request` is the raw id of the call that the stream answers: a caller
// that comes with it after our restart can be told what became of the call.
//
//   p3fa9c2d1.4.17.NDE     p: of a call (g: of the session); epoch; stream; number;
//   base64url(request)
struct EventId {
  bool of_call = false;
  std::uint32_t epoch = 0;
  std::uint64_t stream = 0;
  std::uint64_t number = 0;
  std::string request;

  std::string ToString() const;
  static std::optional<EventId> Parse(std::string_view text);
};

class EventLog {
 public:
  struct Options {
    // Of every event; `number` is ours.
    EventId id;
    // Without, events bear no ids and nothing is kept behind the follower (2024-11-05).
    bool numbered = true;
    // The first event of a connection bears an id alone, and says when to come back (2025-11-25).
    bool primed = true;
    std::size_t max_bytes = 256 * 1024;
    // More than max_bytes that the follower has not taken break its stream off; otherwise the
    // oldest go.
    bool breaks_when_full = false;
  };
  explicit EventLog(Options options);
  ~EventLog();

  // ---- Who speaks

  // What a connection begins with that has heard everything up to `after`; may be empty.
  std::string Opening(std::uint64_t after) const;
  // Adds a message. Its text as an event is appended to `live` when the call's own exchange is to
  // write it. Errors bear no id, since clients would resume after them, and are said once.
  void Add(std::string_view message, bool is_error, std::string* live);
  // The call's own exchange could not write: what comes now waits for a follower.
  void Detach();
  // Nothing will be added any more.
  void End();
  // Ended at least so long ago, and nobody follows.
  bool Forgettable(std::chrono::milliseconds after) const;
  // Waits while much is there that nobody has heard: the follower is slow, or yet to come. At once
  // for a call that writes its stream itself.
  base::Task<void> Room(base::Loop& loop, base::CancelSignal& cancel);

  // ---- Who listens

  class Follower {
   public:
    // Goes on behind the event `after`. The log outlives it.
    Follower(EventLog& log, base::Loop& loop, std::uint64_t after);
    ~Follower();
    Follower(Follower&&) = delete;

    enum class State {
      kOpen,
      kEnded,     // all was taken, and nothing will follow
      kReplaced,  // another follower came
      kFull,      // it took too little for too long
    };
    struct Taken {
      std::string text;  // whole events
      State state = State::kOpen;
    };
    // What is there, about 64 KiB at most.
    Taken Take();
    // Rings when there is more, and when the state changes.
    base::Doorbell& bell() { return bell_; }

   private:
    friend class EventLog;
    EventLog& log_;
    base::Doorbell bell_;
    // Guarded by the log's mutex
    std::uint64_t next_;
    State state_ = State::kOpen;
  };

  // Whether somebody who heard everything up to `after` would hear anything more, now or later.
  bool HasNews(std::uint64_t after) const;
  // The number of the last event.
  std::uint64_t last() const;
  bool followed() const;
  bool ended() const;
  const EventId& id() const { return options_.id; }

 private:
  struct Event {
    std::uint64_t number;
    std::string text;
    bool is_error;
    bool said;  // an error that somebody has heard
  };
  class Speaker;
  std::string IdOf(std::uint64_t number) const;
  // REQUIRES of those below: mutex_ is held.
  void Trim(std::size_t max_bytes);
  void AddLocked(std::string_view message, bool is_error, std::string* live);
  void RingSpeakers();
  bool IsFull() const;

  // Constant after construction
  const Options options_;

  mutable std::mutex mutex_;
  std::deque<Event> events_;
  std::size_t bytes_ = 0;
  std::size_t waiting_bytes_ = 0;  // that no follower has taken
  std::uint64_t last_ = 0;
  bool live_ = true;
  bool ended_ = false;
  std::chrono::steady_clock::time_point ended_at_;
  Follower* follower_ = nullptr;
  Speaker* speakers_ = nullptr;  // who waits for room
};

}  // namespace mcp::legacy
