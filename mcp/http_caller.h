// An HttpCaller is the Client of one HTTP exchange: it decides between plain JSON and an event
// stream, and keeps a quiet exchange alive.
//
//   nothing sent --Notify or 15 s of quiet--> event stream --Answer--> ended
//        |--Relay(kEventStream)----------------------^
//        `--Relay(kJson), Answer: plain JSON------------------------> ended
//
// One worker; lives in ServeHttp's frame. Notify, Relay and Answer are called one after the other;
// only the keep-alive comment runs beside them, and they wait for it.
#pragma once

#include <chrono>
#include <coroutine>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/http/server.h"
#include "base/loop.h"
#include "base/task.h"
#include "base/timers.h"
#include "mcp/call.h"
#include "mcp/outcome.h"

namespace mcp {

class HttpCaller final : public Client {
 public:
  // `outlives_peer`: the call goes on when the caller hung up, so what cannot be sent is dropped
  // (older revisions).
  HttpCaller(base::http::Exchange& exchange, base::Loop& loop, Record& record,
             std::chrono::milliseconds keep_alive, bool outlives_peer);

  base::Task<base::Result<void>> Notify(std::string_view message) override;
  base::Task<base::Result<void>> Relay(Source& source) override;
  // The answer, as the whole body or as the last event; `status` counts only for the former. Also
  // ends the stream.
  base::Task<void> Answer(int status, std::string_view message,
                          std::span<const base::http::Field> fields);
  // Nothing more will be said: ends a stream that was begun, and waits for the keep-alive in
  // flight.
  base::Task<void> End();

  // Of what was relayed.
  AnswerOutcome relayed_outcome() const {
    return whole_outcome_ ? *whole_outcome_ : watch_.Finish();
  }

 private:
  // Awaits until no keep-alive is being written.
  struct Idle {
    HttpCaller& caller;
    bool await_ready() const noexcept { return !caller.keep_alive_writing_; }
    void await_suspend(std::coroutine_handle<> waiter) { caller.waiter_ = waiter; }
    void await_resume() const noexcept {}
  };

  base::Task<base::Result<void>> StartEvents();
  base::Task<base::Result<void>> Write(std::string_view bytes);
  base::Task<base::Result<void>> RelayJson(Source& source);
  base::Task<base::Result<void>> RelayJsonAsEvent(Source& source, std::string_view first);
  base::Task<base::Result<void>> RelayEvents(Source& source);
  base::Task<base::Result<void>> SendEvents(std::string_view stream);
  base::Task<void> KeepAlive();
  void ArmKeepAlive();
  // The peer is gone and nobody minds.
  base::Result<void> Forgive(base::Result<void> result) const;

  // Constant after construction
  base::http::Exchange& exchange_;
  base::Loop& loop_;
  Record& record_;
  const std::chrono::milliseconds keep_alive_;
  const bool outlives_peer_;

  bool events_ = false;        // the answer is an event stream
  bool plain_ = false;         // the answer is a JSON body on its way
  bool inside_event_ = false;  // the last byte written does not end an event
  bool busy_ = false;          // Write, StartStream or FinishStream of a call in progress
  bool ended_ = false;
  OutcomeWatch watch_;
  std::optional<AnswerOutcome> whole_outcome_;  // of a body that came in one piece

  base::Timers::Timer timer_;
  bool keep_alive_writing_ = false;
  std::coroutine_handle<> waiter_;
};

}  // namespace mcp
