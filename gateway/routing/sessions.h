// Sessions keeps the sessions of callers of older revisions for one worker.
//
// A session's id is a sealed token that names its principal, its endpoint and its home (gateway and
// worker), so that any worker, also after a restart, can check it without asking another; what
// servers keep for it is found by the session's key (backends/upstream_table). What must be
// remembered of it is that it ended: state::EndedSessions.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/auth/aead.h"
#include "base/clock.h"
#include "gateway/state/ended_sessions.h"
#include "mcp/legacy/session_host.h"

namespace gateway {

class Sessions {
 public:
  // The home that new sessions are given.
  struct Home {
    std::string gateway;
    std::uint32_t worker = 0;
  };
  Sessions(Home home, std::vector<std::string> key_ring, state::EndedSessions& ended,
           const base::Clock& clock);

  // The registry's keys, newest first.
  void SetKeyRing(std::vector<std::string> key_ring);

  // The sessions of one endpoint, for one exchange.
  class OfEndpoint final : public mcp::legacy::SessionHost {
   public:
    OfEndpoint(Sessions& sessions, std::string_view endpoint)
        : sessions_(sessions), endpoint_(endpoint) {}

    std::string Open(const base::auth::Principal& principal, mcp::Revision revision,
                     std::string_view client_info, std::string_view capabilities) override;
    base::Result<mcp::legacy::Session> Find(std::string_view id,
                                            const base::auth::Principal& principal) override;
    base::Result<void> Close(std::string_view id, const base::auth::Principal& principal) override;

   private:
    Sessions& sessions_;
    const std::string_view endpoint_;
  };

 private:
  // Constant after construction
  const Home home_;
  state::EndedSessions& ended_;
  const base::Clock& clock_;

  base::auth::Aead keys_;
};

}  // namespace gateway
