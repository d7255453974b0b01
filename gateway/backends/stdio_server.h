// A StdioServer answers calls by asking a program on this machine: one for each principal
// (anonymous callers, who come from loopback only, are one) and for what its client can be asked,
// or one for all. What all share can ask nobody: it could not say whom.
//
// One loop. A program that ends takes the calls in flight with it (-31502); the next call starts
// another, at once unless programs keep ending young.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "gateway/backends/backend.h"
#include "gateway/backends/deadline.h"
#include "gateway/backends/stdio_child.h"
#include "gateway/backends/stdio_introduction.h"
#include "gateway/backends/upstream.h"
#include "mcp/handler.h"

namespace gateway {

class StdioServer final : public mcp::Handler, private StdioChild::Audience {
 public:
  struct Options {
    std::string name;
    Guard::Program program;
    bool shared = false;
  };
  StdioServer(Options options, std::shared_ptr<Upstream> upstream, base::Loop& loop, Guard& guard,
              const BackendLimits& limits, const base::Clock& clock);
  ~StdioServer() override;

  base::Task<mcp::Response> Handle(mcp::Call& call) override;

  // Called on the loop when the server says that its lists changed. Before the first call.
  void OnListChanged(std::function<void()> callback) { on_list_changed_ = std::move(callback); }

 private:
  using Child = std::shared_ptr<StdioChild>;
  // A program that runs, and what it said of itself.
  struct Running {
    Child child;
    Introduction introduction;
  };
  // Where one program runs; none while it is started, and callers wait.
  struct Place {
    std::optional<Running> running;
    std::vector<std::function<void()>> waiters;
  };
  // A call in flight, for an older caller's notifications/cancelled.
  struct InFlight {
    std::string_view caller;
    std::string_view raw_id;
    base::CancelSignal* cancel;
  };

  // What belongs to no call.
  bool Notification(std::string_view method, std::string_view message) override;
  bool Question(std::string_view, std::string_view, std::string_view) override { return false; }
  bool Withdraw(std::string_view, std::string_view) override { return false; }

  std::string PlaceOf(const mcp::Call& call) const;
  // The program for a call, started if need be. kResourceExhausted: it may not be started now.
  base::Task<base::Result<Running>> ProgramFor(const mcp::Call& call, base::CancelSignal& cancel);
  base::Task<base::Result<Running>> StartProgram(mcp::Identity identity,
                                                 base::CancelSignal& cancel);
  void Settle(const std::string& key, const Running& running);
  mcp::Response CannotStart(mcp::Call& call, const base::Error& error, const Deadline& deadline);
  void TakeNotification(const mcp::Call& call);
  void TakeCancellation(const mcp::Call& call);
  // Whether another child may be started; ends an idle one when there is no room.
  bool MakeRoom();
  void EndIdle();
  void NoteStart(bool well);

  // Constant after construction
  const Options options_;
  const std::shared_ptr<Upstream> upstream_;
  base::Loop& loop_;
  Guard& guard_;
  const BackendLimits& limits_;
  const base::Clock& clock_;

  std::map<std::string, Place> places_;
  std::vector<InFlight*> in_flight_;
  int failed_starts_ = 0;
  base::TimePoint may_start_{};
  base::Timers::Timer idle_timer_;
  std::function<void()> on_list_changed_;
};

}  // namespace gateway
