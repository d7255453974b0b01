// A HeldListen keeps a `subscriptions/listen` open at a server for as long as somebody wants to
// hear of it: when the server goes away, or ends the listen, it is tried again, after pauses that
// grow to half a minute.
//
// One loop.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/cancel.h"
#include "base/loop.h"
#include "base/task.h"
#include "gateway/backends/subscription.h"
#include "mcp/handler.h"

namespace gateway {

// The caller of such a listen: an event stream that is relayed to it is read, and each notification
// goes to Notify.
class ListenClient : public mcp::Client {
 public:
  base::Task<base::Result<void>> Relay(mcp::Source& source) final;

  // What was relayed beside notifications.
  const std::string& answer() const { return answer_; }

 private:
  std::string answer_;
};

class HeldListen {
 public:
  struct Options {
    base::Loop& loop;
    // For whom: principal, session, id, and what it says of itself.
    const mcp::Call& caller;
    // Asked before each attempt.
    std::function<std::shared_ptr<mcp::Handler>()> server;
    std::function<ListenFilter()> filter;
    // A new one for each attempt.
    std::function<std::unique_ptr<ListenClient>()> client;
    // When an attempt has ended; may be empty.
    std::function<void()> ended;
  };
  explicit HeldListen(Options options) : options_(std::move(options)) {}
  HeldListen(const HeldListen&) = delete;

  // Until `until` is requested. REQUIRES: what `options` refer to stays.
  base::Task<> Run(base::CancelSignal& until);
  // Another server, or another filter: begins anew.
  void Restart();

 private:
  // Whether the server knows what a listen is.
  base::Task<bool> Listen(base::CancelSignal& until, bool& heard);

  // Constant after construction
  const Options options_;

  base::CancelSignal* attempt_ = nullptr;
};

}  // namespace gateway
