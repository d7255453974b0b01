// The part of the endpoint that only revisions before 2026-07-28 need: the handshake, the rules of
// their headers, ping, and ending a session (MCP 2025-11-25, Transports, Session Management). What
// is left over goes to the Handler.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/auth/principal.h"
#include "base/task.h"
#include "mcp/call.h"
#include "mcp/error.h"
#include "mcp/handler.h"
#include "mcp/legacy/session_host.h"
#include "mcp/request_headers.h"

namespace mcp::legacy {

// A refusal with its HTTP status.
struct Refusal {
  int http_status = 400;
  CallError error;
};

// The session that a message belongs to, or why it is refused: 400 for a version we do not know and
// for a missing session id, 404 for one that does not stand for a living session of this principal.
// A `ping` needs no session: null. REQUIRES: the message is not `initialize`.
boost::system::result<SessionPointer, Refusal> FindSession(SessionHost& host,
                                                           const RequestHeaders& headers,
                                                           const base::auth::Principal& principal,
                                                           std::string_view method);

// DELETE: ends the session; nullopt when it did.
std::optional<Refusal> EndSession(SessionHost& host, const RequestHeaders& headers,
                                  const base::auth::Principal& principal);

// The answer to `initialize`, made of the Handler's own answer to server/discover.
struct InitializeAnswer {
  std::string body;
  // False: the body is an error, and no session begins.
  bool ok = false;
  Revision revision = kLatestLegacy;
  // Raw JSON: views into the call.
  std::string_view client_info;
  std::string_view client_capabilities;
};
base::Task<InitializeAnswer> Initialize(Call& call, Handler& handler);

// Thrown nowhere: boost::system::result wants a way to.
[[noreturn]] void throw_exception_from_error(const Refusal& refusal, const boost::source_location&);

}  // namespace mcp::legacy
