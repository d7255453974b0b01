// A CallStream is the event stream of one call in a session: its events are numbered and kept, so
// that a caller that lost its connection can fetch the rest, and its caller can be asked.
//
// One thread. Costs nothing until the first event.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/cancel.h"
#include "base/loop.h"
#include "mcp/http_caller.h"
#include "mcp/legacy/caller_session.h"

namespace mcp::legacy {

class CallStream final : public StreamKeeper {
 public:
  // All outlive it. `raw_id` is the call's.
  CallStream(CallerSession& session, std::string_view raw_id, base::Loop& loop,
             base::CancelSignal& cancel)
      : session_(session), raw_id_(raw_id), loop_(loop), cancel_(cancel) {}
  ~CallStream() override { End(); }

  void Begin(std::string& out) override;
  void Keep(std::string_view message, bool is_error, std::string& out) override;
  base::Task<void> Room() override;
  void Detach() override;
  void End() override;
  base::Task<base::Result<std::string>> Ask(Client& client, std::string_view request,
                                            base::CancelSignal& cancel) override;

  // Whether the caller came back for it.
  bool followed() const { return log_ && log_->followed(); }

 private:
  // Constant after construction
  CallerSession& session_;
  const std::string_view raw_id_;
  base::Loop& loop_;
  base::CancelSignal& cancel_;

  std::shared_ptr<EventLog> log_;  // null: nothing was said yet, or nothing can be kept
};

// Puts `request` to the session's caller by `client.Notify`, under an id of ours, and awaits the
// answer; see Client::Ask. Withdrawn when either signal is requested, and after five minutes.
base::Task<base::Result<std::string>> AskCaller(CallerSession& session, base::Loop& loop,
                                                base::CancelSignal& call_cancel, Client& client,
                                                std::string_view request,
                                                base::CancelSignal& cancel);

}  // namespace mcp::legacy
