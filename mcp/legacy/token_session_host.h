// Sessions for a server of our own, with one endpoint (the registry's /mcp): a token, what is in
// use of it, and which ones were ended.
//
// One thread. Ended ids are remembered, at most 10,000 of them, until their tokens would have
// expired.
#pragma once

#include <deque>
#include <string>
#include <unordered_set>

#include "base/auth/aead.h"
#include "base/clock.h"
#include "mcp/legacy/session_host.h"
#include "mcp/legacy/session_table.h"

namespace mcp::legacy {

class TokenSessionHost final : public SessionHost {
 public:
  // `endpoint` tells the sessions of several endpoints apart.
  TokenSessionHost(base::auth::Aead keys, std::string endpoint, const base::Clock& clock);

  std::string Open(const base::auth::Principal& principal, Revision revision,
                   std::string_view client_info, std::string_view capabilities) override;
  base::Result<SessionPointer> Find(std::string_view id,
                                    const base::auth::Principal& principal) override;
  base::Result<void> Close(std::string_view id, const base::auth::Principal& principal) override;
  base::Result<OpenedStream> OpenStream(const base::auth::Principal& principal) override {
    return table_.OpenStream(principal, endpoint_);
  }
  void CloseStream(std::string_view id) override { table_.End(id); }

 private:
  // Constant after construction
  base::auth::Aead keys_;
  const std::string endpoint_;
  const base::Clock& clock_;

  SessionTable table_;
  std::unordered_set<std::string> ended_;
  std::deque<std::string> ended_order_;
};

}  // namespace mcp::legacy
