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
#include "mcp/revision.h"

namespace mcp::legacy {

struct SessionToken {
  std::string id;  // 16 random bytes
  std::string principal;
  std::string endpoint;  // the route it was opened on
  std::string gateway;   // home
  std::uint32_t worker = 0;
  Revision revision = kLatestLegacy;
  std::int64_t issued_unix_ms = 0;
  std::string client_name;
  std::string client_version;
  // Of an endpoint with one server: that server's session id, so that it goes on when our home is
  // gone.
  std::string server_session;

  friend bool operator==(const SessionToken&, const SessionToken&) = default;
};

inline constexpr std::int64_t kTokenLifeMs = 24ll * 60 * 60 * 1000;
inline constexpr std::size_t kMaxTokenBytes = 4096;

// A new random id.
std::string NewSessionId();

// Visible ASCII. Client names longer than 64 bytes are cut.
std::string Seal(base::auth::Aead& keys, const SessionToken& token);
// kNotFound for everything that is not a living token of ours; it is not said why.
base::Result<SessionToken> Open(base::auth::Aead& keys, std::string_view text,
                                std::int64_t now_unix_ms);

}  // namespace mcp::legacy
