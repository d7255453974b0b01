// A StdioChild is one running program of a stdio server, from its start and handshake to its end:
// messages in, answers and notifications out, matched by ids and progress tokens that are unique
// for the child.
//
// One loop. Whoever asks holds it by shared_ptr, since its coroutines outlive a call that gave up.
#pragma once

#include <boost/asio/posix/stream_descriptor.hpp>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/cancel.h"
#include "base/clock.h"
#include "base/loop.h"
#include "base/result.h"
#include "gateway/backends/log_lines.h"
#include "gateway/guard/guard.h"
#include "mcp/message.h"
#include "mcp/revision.h"
#include "mcp/stdio.h"

namespace gateway {

class StdioChild : public std::enable_shared_from_this<StdioChild> {
 public:
  struct Limits {
    std::size_t max_message_bytes = mcp::kMaxLineBytes;
    std::size_t max_unsent_bytes = 32 * 1024 * 1024;
    std::size_t max_unread_notifications = 1024 * 1024;
  };

  // Takes the pipes of a program that was just started. `server` is for the log.
  StdioChild(std::string server, base::Loop& loop, std::unique_ptr<Guard::Child> program,
             Limits limits);
  ~StdioChild();

  // Begins to read; once, right after construction.
  void Start();

  // Finds out the era: server/discover, then initialize when that is refused or not answered for a
  // while. `known` skips the question. The error says what the program last printed.
  base::Task<base::Result<void>> Introduce(std::optional<mcp::Revision> known,
                                           base::CancelSignal& cancel);
  mcp::Revision revision() const { return revision_; }
  // The raw result of server/discover or initialize.
  const std::string& introduction() const { return introduction_; }

  // A request on its way. Destroying it forgets the answer.
  class Request {
   public:
    Request(StdioChild& child, std::uint64_t number) : child_(child), number_(number) {}
    Request(const Request&) = delete;
    ~Request();
    // The next notification that belongs to it, or the answer, which is the last. kUnavailable when
    // the program ended; kCancelled when `cancel` was requested.
    struct Event {
      std::string bytes;
      bool is_answer = false;
    };
    base::Task<base::Result<Event>> Next(base::CancelSignal& cancel);
    // It is a subscriptions/listen: what the server sends under its number is its, and bears the
    // caller's own raw id instead.
    void Subscribe(std::string raw_id) { subscription_id_ = std::move(raw_id); }
    // Sends notifications/cancelled.
    void Cancel();

   private:
    friend class StdioChild;
    void Wake();

    StdioChild& child_;
    const std::uint64_t number_;
    std::string progress_token_;   // the caller's own, raw
    std::string subscription_id_;  // of a listening caller, raw
    std::deque<std::string> notifications_;
    std::size_t notification_bytes_ = 0;
    std::optional<std::string> answer_;
    std::optional<base::Error> failure_;
    std::function<void()> wake_;
  };

  // A number for the next request: the raw JSON of its id and progress token.
  std::uint64_t NextNumber() { return ++last_number_; }
  // Sends `message`, which bears `number` as its id. kResourceExhausted when too much is unsent.
  base::Result<std::unique_ptr<Request>> Ask(std::uint64_t number, std::string_view message,
                                             std::string progress_token);
  base::Result<void> Send(std::string_view message);

  bool ended() const { return ended_; }
  // Why, in words, with the last line it printed.
  std::string ending() const;
  std::size_t in_flight() const { return requests_.size(); }
  // Called once when the program has ended, also when we ended it.
  void OnEnd(std::function<void()> callback) { on_end_ = std::move(callback); }
  // Called when the server says that one of its lists changed.
  void OnListChanged(std::function<void()> callback) { on_list_changed_ = std::move(callback); }
  void End(std::string_view why);

  // The owner's notes.
  base::TimePoint last_used{};

 private:
  using Pipe = boost::asio::posix::stream_descriptor;

  static base::Task<> ReadAnswers(std::shared_ptr<StdioChild> self);
  static base::Task<> ReadLog(std::shared_ptr<StdioChild> self);
  static base::Task<> WriteUnsent(std::shared_ptr<StdioChild> self);
  void Take(std::string_view line);
  void TakeNotification(std::string_view line, const mcp::Envelope& envelope);
  void GiveNotification(Request& request, std::string message);
  Request* FindRequest(std::string_view raw_number) const;
  void FinishWhenGone();
  base::Task<base::Result<std::string>> AskPlainly(std::string message, std::uint64_t number,
                                                   base::CancelSignal& cancel);

  // Constant after construction
  const std::string server_;
  base::Loop& loop_;
  const Limits limits_;

  std::unique_ptr<Guard::Child> program_;
  Pipe in_;
  Pipe out_;
  Pipe log_;

  mcp::Revision revision_ = mcp::kLatestLegacy;
  std::string introduction_;

  std::uint64_t last_number_ = 0;
  std::map<std::uint64_t, Request*> requests_;
  std::string unsent_;
  bool writing_ = false;

  LogLines log_lines_;
  bool out_closed_ = false;
  bool log_closed_ = false;
  std::optional<std::string> exit_;  // how the program ended, in words
  bool ended_ = false;
  base::Timers::Timer exit_timer_;
  std::function<void()> on_end_;
  std::function<void()> on_list_changed_;
};

}  // namespace gateway
