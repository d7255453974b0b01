// How a message must be changed on its way to a server, when caller and server may be of different
// eras.
#pragma once

#include <string>
#include <string_view>

#include "mcp/call.h"

namespace gateway {

enum class Passage {
  kUntouched,
  kRenumbered,  // another id, since several callers share what the server sees as one
  kToModern,
  kToOlder,
  kNone,  // not between these eras
};

// REQUIRES: a request or notification. `shared`: the server sees several callers as one.
Passage PassageOf(const mcp::Call& call, bool modern_server, bool shared);

// A JSON-RPC result.
std::string ResultMessage(std::string_view raw_id, std::string_view raw_result);

// A server's answer under the caller's id; some servers leave it out of errors.
std::string Addressed(std::string_view bytes, const mcp::Envelope& envelope,
                      std::string_view raw_id);

// The answer to server/discover that a server's introduction (the raw result of server/discover, or
// of initialize) makes.
std::string DiscoverMessage(std::string_view raw_id, std::string_view introduction,
                            bool modern_server);

// Whether the caller may be sent a notification that came before its answer.
bool MayHear(const mcp::Call& call, std::string_view notification);

// What we answer to what a server asks of us; `{}` to ping.
std::string AnswerToServer(std::string_view raw_id, std::string_view method);

}  // namespace gateway
