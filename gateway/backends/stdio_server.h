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
#include "gateway/backends/stdio_place.h"
#include "gateway/backends/upstream.h"
#include "mcp/handler.h"

namespace gateway {

class StdioServer final : public mcp::Handler, public std::enable_shared_from_this<StdioServer> {
 public:
  struct Options {
    std::string name;
    Guard::Program program;
    bool shared = false;
  };
  StdioServer(Options options, std::shared_ptr<Upstream> upstream, base::Loop& loop, Guard& guard,
              const BackendLimits& limits, const base::Clock& clock);
  ~StdioServer() override;

  // Nobody calls it any more: ends its programs, also those that are being started.
  void Close();

  base::Task<mcp::Response> Handle(mcp::Call& call) override;

  // Called on the loop when the server says that its lists changed. Before the first call.
  void OnListChanged(std::function<void()> callback) { on_list_changed_ = std::move(callback); }

 private:
  using Child = std::shared_ptr<StdioChild>;
  using Running = StdioPlace::Running;
  using Place = std::shared_ptr<StdioPlace>;
  // A call in flight, for an older caller's notifications/cancelled.
  struct InFlight {
    std::string_view caller;
    std::string_view raw_id;
    base::CancelSignal* cancel;
  };

  std::string KeyOf(const mcp::Call& call) const;
  // The caller's place; made when there is none.
  Place PlaceFor(const std::string& key);
  // Its program, started if need be. kResourceExhausted: it may not be started now.
  base::Task<base::Result<Running>> ProgramAt(std::string key, Place place, const mcp::Call& call,
                                              base::CancelSignal& cancel);
  // Belongs to no call: whoever waits for the program may leave.
  static base::Task<> Start(std::shared_ptr<StdioServer> self, std::string key, Place place,
                            mcp::Identity identity);
  base::Task<base::Result<Running>> StartProgram(Place place, mcp::Identity identity,
                                                 base::CancelSignal& cancel);
  void Settle(const std::string& key, const Place& place, Running running);
  // Unless somebody needs it.
  void Forget(const std::string& key);
  mcp::Response CannotStart(mcp::Call& call, const base::Error& error, const Deadline& deadline);
  base::Task<mcp::Response> Call(mcp::Call& call, Place place, Running running, Deadline& deadline);
  base::Task<mcp::Response> Listen(mcp::Call& call, std::string key, Place place);
  void TakeNotification(const mcp::Call& call);
  void TakeCancellation(const mcp::Call& call);
  std::vector<Child> Idle() const;
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

  std::map<std::string, Place> places_;  // by principal and what its client can be asked
  std::vector<InFlight*> in_flight_;
  base::CancelSignal closing_;
  int failed_starts_ = 0;
  base::TimePoint may_start_{};
  base::Timers::Timer idle_timer_;
  std::function<void()> on_list_changed_;
};

}  // namespace gateway
