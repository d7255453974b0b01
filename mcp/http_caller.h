// An HttpCaller is the Client of one HTTP exchange: it decides between plain JSON and an event
// stream, and keeps a quiet exchange alive.
//
//   nothing sent --Notify or 15 s of quiet--> event stream --Answer--> ended
//        |--Relay(kEventStream)----------------------^
//        `--Relay(kJson), Answer: plain JSON------------------------> ended
//
// One worker; lives in ServeHttp's frame. Relay and Answer are called one after the other; Notify,
// Ask and the keep-alive comment may come beside them: whoever writes has its turn.
#pragma once

#include <chrono>
#include <coroutine>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "base/http/server.h"
#include "base/loop.h"
#include "base/task.h"
#include "base/timers.h"
#include "mcp/call.h"
#include "mcp/outcome.h"

namespace mcp {

// What a session of an older revision adds to the event stream of one of its calls: ids, so that
// the caller can come back for what it missed, and questions.
class StreamKeeper {
 public:
  virtual ~StreamKeeper() = default;
  // The stream begins: appends what comes first.
  virtual void Begin(std::string& out) = 0;
  // Makes `message` an event; appended to `out` when it is to be written here and now.
  virtual void Keep(std::string_view message, bool is_error, std::string& out) = 0;
  // Waits while whoever reads the stream elsewhere is slow.
  virtual base::Task<void> Room() = 0;
  // Nothing can be written here any more: the caller hung up, or is to come back for the rest.
  virtual void Detach() = 0;
  virtual void End() = 0;
  // As Client::Ask; the question goes out by `client.Notify`.
  virtual base::Task<base::Result<std::string>> Ask(Client& client, std::string_view request,
                                                    base::CancelSignal& cancel) = 0;
};

class HttpCaller final : public Client {
 public:
  // `keeper`: of a call in a session, null for all others. Such a call goes on when the caller hung
  // up, so what cannot be sent is dropped, or kept.
  HttpCaller(base::http::Exchange& exchange, base::Loop& loop, Record& record,
             std::chrono::milliseconds keep_alive, StreamKeeper* keeper);

  base::Task<base::Result<void>> Notify(std::string_view message) override;
  base::Task<base::Result<void>> Relay(Source& source) override;
  base::Task<base::Result<std::string>> Ask(std::string_view request,
                                            base::CancelSignal& cancel) override;
  base::Task<base::Result<void>> BreakOff() override;
  // The answer, as the whole body or as the last event; `status` counts only for the former. Also
  // ends the stream.
  base::Task<void> Answer(int status, std::string_view message,
                          std::span<const base::http::Field> fields);
  // Nothing more will be said: ends a stream that was begun, and waits for the keep-alive in
  // flight.
  base::Task<void> End();
  // There will be no answer, since the caller cancelled: an event stream without one.
  base::Task<void> EndUnanswered();

  // The answer is an event stream, begun already.
  bool streaming() const { return events_; }
  // Everything has been said, and nobody is writing.
  bool ended() const { return ended_ && !writing_ && !keeper_; }

  // Of what was relayed.
  AnswerOutcome relayed_outcome() const {
    return whole_outcome_ ? *whole_outcome_ : watch_.Finish();
  }

 private:
  // Awaits its turn to write; whoever has had it calls PassTurn.
  struct Turn {
    explicit Turn(HttpCaller& its_caller) : caller(its_caller) {}
    bool await_ready() const noexcept { return !std::exchange(caller.writing_, true); }
    void await_suspend(std::coroutine_handle<> self) {
      waiter = self;
      Turn** last = &caller.waiting_;
      while (*last) last = &(*last)->next;
      *last = this;
    }
    void await_resume() const noexcept {}
    HttpCaller& caller;
    std::coroutine_handle<> waiter;
    Turn* next = nullptr;
  };
  // Whoever waits goes on inside, and may end the exchange, and us with it.
  void PassTurn();

  // The caller of a session names text/event-stream first: even a plain answer is an event then,
  // which it can fetch again.
  bool PrefersEvents() const;

  // REQUIRES of all below: it is our turn.
  base::Task<base::Result<void>> StartEvents();
  base::Task<base::Result<void>> Write(std::string_view bytes);
  base::Task<base::Result<void>> WriteEvent(std::string_view message, bool is_error);
  base::Task<void> Finish();
  base::Task<base::Result<void>> RelayJson(Source& source, std::string_view first,
                                           std::span<const base::http::Field> fields);
  base::Task<base::Result<void>> RelayJsonAsEvent(Source& source, std::string_view first);
  base::Task<base::Result<void>> SendEvents(std::string_view stream);

  base::Task<base::Result<void>> RelayEvents(Source& source);
  base::Task<base::Result<void>> RelayKeptEvents(Source& source);
  base::Task<void> KeepAlive();
  void ArmKeepAlive();
  // The peer is gone and nobody minds.
  base::Result<void> Forgive(base::Result<void> result) const;

  // Constant after construction
  base::http::Exchange& exchange_;
  base::Loop& loop_;
  Record& record_;
  const std::chrono::milliseconds keep_alive_;
  StreamKeeper* const keeper_;

  bool events_ = false;        // the answer is an event stream
  bool plain_ = false;         // the answer is a JSON body on its way
  bool inside_event_ = false;  // the last byte written does not end an event
  bool ended_ = false;
  std::string opening_;  // what goes before the first event
  OutcomeWatch watch_;
  std::optional<AnswerOutcome> whole_outcome_;  // of a body that came in one piece

  base::Timers::Timer timer_;
  bool writing_ = false;  // somebody's turn
  Turn* waiting_ = nullptr;
};

}  // namespace mcp
