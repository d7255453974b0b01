// A StdioChild is one running program of a stdio server, from its start to its end: messages in;
// answers, notifications and questions out, matched by ids and progress tokens that are unique for
// the child.
//
//   Ask, Send --> unsent --> stdin        stdout --> lines --> answer         its request
//                                                         --> progress       its request
//                                                         --> question       the newest call whose
//                                                                            caller can answer it
//                                                         --> all else       the audience
//                                         stderr --> the log
//
// What it may cost is bounded: unsent and unread bytes (it waits for slow callers, and gives up on
// those that do not read at all), output that nobody wants (it is ended), and the pace of stderr.
//
// One loop. Whoever asks holds it by shared_ptr, since its coroutines outlive a call that gave up.
#pragma once

#include <boost/asio/posix/stream_descriptor.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/cancel.h"
#include "base/clock.h"
#include "base/loop.h"
#include "base/result.h"
#include "gateway/backends/allowance.h"
#include "gateway/backends/log_lines.h"
#include "gateway/backends/pending_request.h"
#include "gateway/guard/guard.h"
#include "mcp/message.h"
#include "mcp/stdio.h"

namespace gateway {

class StdioChild : public std::enable_shared_from_this<StdioChild> {
 public:
  struct Limits {
    std::size_t max_message_bytes = mcp::kMaxLineBytes;
    std::size_t max_unsent_bytes = 32 * 1024 * 1024;
    // Of one call; over it the program's output waits for that call's caller.
    std::size_t max_unread_bytes = 1024 * 1024;
  };

  // Hears what belongs to no call in flight. Each returns whether it was of use to anybody.
  class Audience {
   public:
    virtual ~Audience() = default;
    virtual bool Notification(std::string_view method, std::string_view message) = 0;
    virtual bool Question(std::string_view capability, std::string_view raw_id,
                          std::string_view message) = 0;
    virtual bool Withdraw(std::string_view message) = 0;
  };

  // Takes the pipes of a program that was just started. `server` is for the log.
  StdioChild(std::string server, base::Loop& loop, std::unique_ptr<Guard::Child> program,
             Limits limits);
  ~StdioChild();

  // Begins to read; once, right after construction.
  void Start();
  // Null: nobody.
  void SetAudience(Audience* audience) { audience_ = audience; }

  // A number for the next request: the raw JSON of its id and progress token.
  std::uint64_t NextNumber() { return ++last_number_; }
  // Sends `message`, which bears `number` as its id. kAborted when too much is unsent.
  base::Result<std::unique_ptr<PendingRequest>> Ask(std::uint64_t number, std::string_view message,
                                                    PendingRequest::Caller caller);
  // The same for a request of our own; the whole answer.
  base::Task<base::Result<std::string>> AskPlainly(std::string message, std::uint64_t number,
                                                   base::CancelSignal& cancel);
  // notifications/cancelled for a request.
  void Cancel(std::uint64_t number);
  base::Result<void> Send(std::string_view message);

  bool ended() const { return ended_; }
  // Why, in words, with the last line it printed.
  std::string ending() const;
  std::size_t in_flight() const { return requests_.size(); }
  // When it last printed anything on stdout.
  base::TimePoint last_heard() const { return last_heard_; }
  // Called once when the program has ended, also when we ended it.
  void OnEnd(std::function<void()> callback) { on_end_ = std::move(callback); }
  void End(std::string_view why);
  // Because it passed a bound, of which the callers are told (bounds.h).
  void EndOver(base::Error bound);

  base::Loop& loop() { return loop_; }

  // The owner's notes.
  base::TimePoint last_used{};

 private:
  using Pipe = boost::asio::posix::stream_descriptor;

  static base::Task<> ReadAnswers(std::shared_ptr<StdioChild> self);
  static base::Task<> ReadLog(std::shared_ptr<StdioChild> self);
  static base::Task<> WriteUnsent(std::shared_ptr<StdioChild> self);
  base::Task<> WaitForCallers();
  bool TooMuchUnread() const;
  void GiveUpOnCallers();

  // Each says whether anybody wanted the message.
  bool Take(std::string_view line);
  bool TakeNotification(std::string_view line, const mcp::Envelope& envelope);
  bool TakeQuestion(std::string_view line, const mcp::Envelope& envelope);
  bool TakeAnswer(std::string_view line, const mcp::Envelope& envelope);
  bool TakeWithdrawal(std::string_view line);
  PendingRequest* FindRequest(std::string_view raw_number) const;
  PendingRequest* OnlyRequest() const;
  void FinishWhenGone();

  // Constant after construction
  const std::string server_;
  base::Loop& loop_;
  const Limits limits_;

  std::unique_ptr<Guard::Child> program_;
  Pipe in_;
  Pipe out_;
  Pipe log_;
  Audience* audience_ = nullptr;

  std::uint64_t last_number_ = 0;
  PendingRequest::Register requests_;
  std::string unsent_;
  bool writing_ = false;

  base::TimePoint last_heard_ = std::chrono::steady_clock::now();
  Allowance unwanted_bytes_;
  Allowance log_bytes_;
  base::Timers::Timer callers_timer_;
  std::function<void()> callers_read_;  // resumes the reading

  LogLines log_lines_;
  bool out_closed_ = false;
  bool log_closed_ = false;
  std::optional<std::string> exit_;  // how the program ended, in words
  std::optional<base::Error> bound_;
  bool ended_ = false;
  base::CancelSignal ending_;
  base::Timers::Timer exit_timer_;
  std::function<void()> on_end_;
};

}  // namespace gateway
