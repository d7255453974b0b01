// A PendingRequest is one request on its way at a server whose answers come on a stream that many
// requests share (a program's output, the stream of an HTTP+SSE server): the mailbox for what comes
// for it (notifications, questions, the answer) until whoever made the call takes it out.
//
// One loop. Made by StdioChild::Ask, SseSession::Expect and whoever listens; destroying it forgets
// the answer.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/cancel.h"
#include "base/loop.h"
#include "base/result.h"
#include "base/task.h"

namespace gateway {

class PendingRequest {
 public:
  // What of the caller decides which messages are its own.
  struct Caller {
    // Raw; empty: wants no progress.
    std::string progress_token;
    // Raw id of its subscriptions/listen: what a modern server tags with our number, it gets under
    // its own.
    std::string subscription_id;
    // Raw object: what it may be asked. Empty: nothing.
    std::string capabilities;
  };
  struct Event {
    enum class Kind {
      kNotification,
      kQuestion,    // the server asks the caller: a whole request
      kWithdrawal,  // of a question: the server's notifications/cancelled
      kEnd,         // of a program: it waits for no answers any more; a listener hears the next
      kAnswer,      // the last one
    };
    Kind kind = Kind::kNotification;
    std::string bytes;
  };
  using Register = std::map<std::uint64_t, PendingRequest*>;

  PendingRequest(base::Loop& loop, Register& in_flight, std::uint64_t number, Caller caller);
  PendingRequest(const PendingRequest&) = delete;
  ~PendingRequest();

  // The next event. kAborted (bounds.h) when the program ended or the caller did not read; kCancelled when `cancel` was requested.
  base::Task<base::Result<Event>> Next(base::CancelSignal& cancel);

  // ---- For who reads the stream

  const Caller& caller() const { return caller_; }
  bool CanBeAsked() const { return !finished() && !caller_.capabilities.empty(); }
  bool CanBeAsked(std::string_view capability) const;
  void Question(std::string_view message);
  // Of a question that may be one of its own.
  void Withdrawal(std::string_view message);
  void ProgramEnded();
  void Notification(std::string message);
  void Answer(std::string message);
  void Fail(base::Error error);
  // Fails, and drops what was not taken out.
  void Overrun(base::Error error);
  bool finished() const { return answer_ || failure_; }
  // Of what was not taken out yet.
  std::size_t unread_bytes() const { return unread_bytes_; }
  // Called whenever something is taken out.
  void OnTaken(std::function<void()> callback) { on_taken_ = std::move(callback); }

 private:
  void Put(Event event);
  void Wake();

  // Constant after construction
  base::Loop& loop_;
  Register& in_flight_;
  const std::uint64_t number_;
  const Caller caller_;

  std::deque<Event> events_;
  std::size_t unread_bytes_ = 0;
  std::optional<std::string> answer_;
  std::optional<base::Error> failure_;
  std::function<void()> wake_;
  std::function<void()> on_taken_;
};

}  // namespace gateway
