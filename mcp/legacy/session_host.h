// Sessions of revisions before 2026-07-28, seen from the endpoint: who opens, finds and ends them.
// The endpoint knows the handshake and the rules of the headers; the host knows what a session is
// worth here.
//
// A session's id is a sealed token (session_token.h), so any worker can check it without asking
// another.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/auth/principal.h"
#include "base/result.h"
#include "mcp/legacy/caller_session.h"
#include "mcp/revision.h"

namespace mcp::legacy {

using SessionPointer = std::shared_ptr<CallerSession>;

// A session of 2024-11-05, which is as old as its stream. The id is random.
struct OpenedStream {
  std::string id;
  SessionPointer session;
};

class SessionHost {
 public:
  virtual ~SessionHost() = default;
  // A new session's id (visible ASCII), after initialize was answered. `client_info` and
  // `capabilities` are raw JSON.
  virtual std::string Open(const base::auth::Principal& principal, Revision revision,
                           std::string_view client_info, std::string_view capabilities) = 0;
  // kNotFound when it is unknown, ended, expired or another principal's; kResourceExhausted when
  // the principal has too many in use.
  virtual base::Result<SessionPointer> Find(std::string_view id,
                                            const base::auth::Principal& principal) = 0;
  virtual base::Result<void> Close(std::string_view id, const base::auth::Principal& principal) = 0;

  // HTTP+SSE: such a session is found by Find too, and gone when its stream is.
  virtual base::Result<OpenedStream> OpenStream(const base::auth::Principal& principal) = 0;
  virtual void CloseStream(std::string_view id) = 0;
};

}  // namespace mcp::legacy
