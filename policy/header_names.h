// Which header lines rules may not touch, toward servers and toward callers: what belongs to one
// connection, to the protocol, or to somebody's proof.
#pragma once

#include <string_view>

namespace policy {

// Host and Mcp-*, what belongs to one connection (RFC 9110, 7.6.1), and what says how a body is to be
// read.
bool BelongsToConnection(std::string_view name);
// Of a request to a server: the same, and what shows who somebody is, which credentials do.
bool IsReservedForRequests(std::string_view name);
// Of an answer to a caller: the same, and what we say ourselves.
bool IsReservedForAnswers(std::string_view name);

}  // namespace policy
