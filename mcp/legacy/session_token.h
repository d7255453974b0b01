// A SessionToken is the id of a session as our callers hold it: sealed, so that any worker of any
// gateway with the key ring can check it without asking another, and nobody can make or change one.
//
//   base64url( nonce(12) | AES-256-GCM( version(1) fields... ) | tag(16) )
//   each field: length as LEB128, bytes; numbers as LEB128
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/auth/aead.h"
#include "base/result.h"
#include "mcp/legacy/caller_session.h"
#include "mcp/revision.h"

namespace mcp::legacy {

struct SessionToken {
  std::string id;  // 16 random bytes
  std::string principal;
  std::string endpoint;  // the route it was opened on
  Revision revision = kLatestLegacy;
  std::int64_t issued_unix_ms = 0;
  // Raw JSON objects from initialize, so that a session adopted after a restart knows its caller.
  std::string client_info;
  std::string client_capabilities;

  friend bool operator==(const SessionToken&, const SessionToken&) = default;
};

inline constexpr std::int64_t kTokenLifeMs = 24ll * 60 * 60 * 1000;
inline constexpr std::size_t kMaxTokenBytes = 4096;

// A new one, with a random id. What the caller says of itself is shortened to what matters when it
// is longer than a header should carry: its name, and which capabilities it has.
SessionToken NewToken(std::string_view principal, std::string_view endpoint, Revision revision,
                      std::string_view client_info, std::string_view client_capabilities,
                      std::int64_t now_unix_ms);
// What it says, as a session keeps it.
CallerSession::Facts FactsOf(SessionToken token);
// Another principal's, another endpoint's and an expired session look the same as one that never
// was.
bool IsFor(const CallerSession::Facts& facts, std::string_view principal, std::string_view endpoint,
           std::int64_t now_unix_ms);

// Visible ASCII.
std::string Seal(base::auth::Aead& keys, const SessionToken& token);
// kNotFound for everything that is not a living token of ours; it is not said why.
base::Result<SessionToken> Open(base::auth::Aead& keys, std::string_view text,
                                std::int64_t now_unix_ms);

}  // namespace mcp::legacy
