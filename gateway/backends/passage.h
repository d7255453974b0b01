// How a message must be changed on its way to a server, when caller and server may be of different
// eras.
//
//   caller \ server   2026-07-28                          older
//   2026-07-28        untouched                           every request that its revision has
//   older             every request but those that a      untouched, or renumbered
//                     session is about: answered here
//
// docs/revisions.md lists what is lost on the way, and why.
#pragma once

#include <string>
#include <string_view>

#include "mcp/call.h"
#include "mcp/identity.h"
#include "mcp/requests.h"

namespace gateway {

enum class Passage {
  kUntouched,
  kRenumbered,  // another id, since several callers share what the server sees as one
  kToModern,
  kToOlder,
  kNone,  // not between these eras: AnswerInstead
};

// REQUIRES: a request or notification. `shared`: the server sees several callers as one.
Passage PassageOf(const mcp::Call& call, bool modern_server, bool shared);

// What the caller is told where there is no passage: nothing to a notification, success where the
// gateway itself does what is asked (subscriptions and the log level of a session), -32601
// otherwise.
mcp::Response AnswerInstead(mcp::Call& call, std::string_view server);

// Who a modern server is told that it talks to, when an older caller asks.
mcp::Identity IdentityOf(const mcp::Call& call);

// The server's answer as the caller gets it: under its own id, in its own era.
std::string AnswerTo(const mcp::Call& call, Passage passage, std::string_view bytes,
                     const mcp::Envelope& envelope);

// A JSON-RPC result.
std::string ResultMessage(std::string_view raw_id, std::string_view raw_result);

// A server's answer under the caller's id; some servers leave it out of errors.
std::string Addressed(std::string_view bytes, const mcp::Envelope& envelope,
                      std::string_view raw_id);

// The answer to server/discover that a server's introduction (the raw result of server/discover, or
// of initialize) makes.
std::string DiscoverMessage(std::string_view raw_id, std::string_view introduction,
                            bool modern_server);

// Whether the caller may be sent a notification that came before its answer: a modern one only what
// belongs to its request, and log messages only from the level on that it named.
bool MayHear(const mcp::Call& call, std::string_view notification);

// The level (a raw string) that a session with an older server must be set to before `call` is sent
// in it; empty: `current` (what it was set to, empty at first) will do. It only ever becomes more
// talkative, so that a session that modern callers share is set a few times in its life; MayHear
// keeps from each what it did not ask for.
std::string_view LogLevelToSet(const mcp::Call& call, std::string_view current);

// What we answer to what a server asks of us; `{}` to ping.
std::string AnswerToServer(std::string_view raw_id, std::string_view method);

}  // namespace gateway
