// A StdioServer answers calls by asking a program on this machine: its own for each principal
// (anonymous callers, who come from loopback only, are one), or one for all.
//
// One loop. Each request gets an id and a progress token of the child's, and its own back in the
// answer. A program that ends takes the calls in flight with it (-31502); the next call starts
// another, at once unless programs keep ending young.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "gateway/backends/backend.h"
#include "gateway/backends/deadline.h"
#include "gateway/backends/passage.h"
#include "gateway/backends/stdio_child.h"
#include "gateway/backends/upstream.h"
#include "mcp/handler.h"

namespace gateway {

class StdioServer final : public mcp::Handler {
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
  // A principal's place; `child` is null while its program is started, and callers wait.
  struct Place {
    Child child;
    std::vector<std::function<void()>> waiters;
  };
  // A call in flight, for an older caller's notifications/cancelled.
  struct InFlight {
    std::string_view caller;
    std::string_view raw_id;
    base::CancelSignal* cancel;
  };

  std::string PlaceOf(const mcp::Call& call) const;
  // The caller's child, started if need be. kResourceExhausted: it may not be started now.
  base::Task<base::Result<Child>> ChildFor(std::string key, base::CancelSignal& cancel);
  base::Task<base::Result<Child>> StartChild(base::CancelSignal& cancel);
  base::Task<mcp::Response> Ask(mcp::Call& call, Child child, Deadline& deadline);
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
