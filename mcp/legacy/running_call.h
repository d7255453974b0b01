// A RunningCall is a call that runs apart from the exchanges that ask for it, so that it can wait
// for answers that come with another exchange: the call of a modern client, asked back by an older
// server.
//
//   exchange 1 --Begin--> runs ... Ask, Ask --asks--> exchange 1 ends: input_required
//                            |  parked, at most kLife
//   exchange 2 --Resume-> answers to the Asks, runs on ... --answer--> exchange 2
//
// It has its own copy of everything the call refers to, and runs on one loop, its home; a visit may
// come from any other. Home and visitor hand over by posting. When a visitor goes away, the call
// ends: nobody is there for it (MCP 2026-07-28, Cancellation).
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/loop.h"
#include "mcp/handler.h"
#include "mcp/legacy/input_requests.h"

namespace mcp::legacy {

class ParkedCalls;

class RunningCall : public std::enable_shared_from_this<RunningCall> {
 public:
  static constexpr std::chrono::milliseconds kLife{300'000};

  // How a visit ends.
  struct Ending {
    enum class Kind {
      kAnswered,  // `response`, with what the call's own record says
      kAsks,      // `requests`, which the next visit answers
      kNotHere,   // it does not wait for this visit
    };
    Kind kind = Kind::kNotHere;
    Response response;
    Record record;
    std::vector<InputRequest> requests;
    std::uint64_t round = 0;
  };

  // What an exchange hears of the call; touched on its own loop only.
  struct Visit {
    explicit Visit(base::Loop& loop) : own(loop) {}
    base::Loop& own;
    std::optional<std::string> notification;  // to be sent, and Sent told
    std::optional<Ending> ending;
    std::function<void()> wake;

    void Wake() {
      if (const auto waiting = std::exchange(wake, nullptr)) waiting();
    }
  };
  using VisitPointer = std::shared_ptr<Visit>;

  RunningCall(const Call& call, base::Loop& home, ParkedCalls& parked);
  RunningCall(const RunningCall&) = delete;

  const std::string& id() const { return id_; }
  const std::string& principal_id() const { return principal_.id; }
  const base::Loop& home() const { return home_; }
  // The progress token that the server knows; raw, empty when there is none.
  std::string_view raw_progress_token() const { return envelope_.progress_token.of(bytes_); }

  // From any thread. False: the call is over, and its home perhaps gone.
  template <class Function>
  bool PostHome(Function function) {
    const std::lock_guard lock(mutex_);
    if (!over_) home_.Post(std::move(function));
    return !over_;
  }

  // ---- On the home loop

  // Once.
  void Begin(VisitPointer visit, std::shared_ptr<Handler> server);
  // `round`: that of the Ending that asked.
  void Resume(VisitPointer visit, std::uint64_t round, std::vector<InputResponse> responses);
  // The visit's notification went out, or could not.
  void Sent(base::Result<void> result);
  void Leave(const VisitPointer& visit);
  void Cancel();

 private:
  class Asker;
  struct Question {
    InputRequest request;
    std::string raw_id;
    bool put = false;  // to the caller
    std::function<void(base::Result<std::string>)> answer;
  };
  struct Notification {
    std::string message;
    std::function<void(base::Result<void>)> sent;
  };

  static base::Task<> Run(std::shared_ptr<RunningCall> self, std::shared_ptr<Handler> server);
  base::Task<Response> Ask(Handler& server);
  // Tells the visitor what there is to tell.
  void Step();
  void End(Ending ending);
  void Withdraw(const std::string& key);
  void Expire();
  // Nobody will come any more.
  void BeOver();

  // Constant after construction
  base::Loop& home_;
  ParkedCalls& parked_;
  const std::string id_;
  const std::string bytes_;
  const Envelope envelope_;
  const Revision revision_;
  const base::auth::Principal principal_;
  const std::string method_;
  const std::string item_;
  const std::string client_capabilities_;
  const std::string client_info_;
  const std::string log_level_;
  const std::uint64_t connection_id_;
  const std::shared_ptr<const UpstreamTerms> upstream_;
  const std::size_t collect_result_up_to_;
  std::deque<std::string> field_texts_;
  base::http::Fields fields_;

  // The home's
  base::CancelSignal cancel_;
  Record record_;
  VisitPointer visit_;
  bool sending_ = false;
  std::deque<Notification> notifications_;
  std::size_t kept_bytes_ = 0;  // of notifications without a visitor
  std::vector<Question> questions_;
  std::uint64_t asked_ = 0;
  std::uint64_t round_ = 0;
  bool registered_ = false;
  std::optional<Response> response_;
  base::Timers::Timer life_;

  std::mutex mutex_;  // guards over_; held while posting
  bool over_ = false;
};

}  // namespace mcp::legacy
