// Sessions finds the sessions of callers of older revisions, for one worker.
//
// A session's id is a sealed token that names its principal and its endpoint, so that any worker,
// also after a restart, can check it without asking another. What a session holds while it is used
// lives in one legacy::SessionTable for all workers; what servers keep for it is found by the
// session's key (backends/upstream_table). What must be remembered of it is that it ended:
// state::EndedSessions.
#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "base/auth/aead.h"
#include "base/clock.h"
#include "gateway/state/ended_sessions.h"
#include "mcp/legacy/session_host.h"
#include "mcp/legacy/session_table.h"

namespace gateway {

class Sessions {
 public:
  Sessions(std::vector<std::string> key_ring, mcp::legacy::SessionTable& table,
           state::EndedSessions& ended, const base::Clock& clock);

  // Told the keys of sessions that their callers ended.
  void OnEnd(std::function<void(std::string_view)> end) { on_end_ = std::move(end); }
  // The registry's keys, newest first.
  void SetKeyRing(std::vector<std::string> key_ring);

  // The sessions of one endpoint, for one exchange.
  class OfEndpoint final : public mcp::legacy::SessionHost {
   public:
    OfEndpoint(Sessions& sessions, std::string_view endpoint)
        : sessions_(sessions), endpoint_(endpoint) {}

    std::string Open(const base::auth::Principal& principal, mcp::Revision revision,
                     std::string_view client_info, std::string_view capabilities) override;
    base::Result<mcp::legacy::SessionPointer> Find(std::string_view id,
                                                   const base::auth::Principal& principal) override;
    base::Result<void> Close(std::string_view id, const base::auth::Principal& principal) override;
    base::Result<mcp::legacy::OpenedStream> OpenStream(
        const base::auth::Principal& principal) override;
    void CloseStream(std::string_view id) override;

   private:
    Sessions& sessions_;
    const std::string_view endpoint_;
  };

 private:
  // Constant after construction
  mcp::legacy::SessionTable& table_;
  state::EndedSessions& ended_;
  const base::Clock& clock_;

  std::function<void(std::string_view)> on_end_ = [](std::string_view) {};
  base::auth::Aead keys_;
};

}  // namespace gateway
