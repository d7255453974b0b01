// The messages of the initialize handshake (MCP 2025-11-25, Lifecycle), for either transport. No
// I/O.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "mcp/identity.h"
#include "mcp/message.h"
#include "mcp/revision.h"

namespace mcp::legacy {

// `raw_id` is raw JSON. REQUIRES: `offer` is a revision with a handshake.
std::string InitializeRequest(std::string_view raw_id, const Identity& identity,
                              Revision offer = kLatestLegacy);

inline constexpr std::string_view kInitializedNotification =
    R"({"jsonrpc":"2.0","method":"notifications/initialized"})";

struct Initialized {
  Revision revision = kLatestLegacy;
  // Raw JSON, views into the answer.
  std::string_view result;
  std::string_view capabilities;
  std::string_view server_info;
  std::string_view instructions;  // a raw string; may be empty
};

// Reads the answer to InitializeRequest. kFailedPrecondition when the server refused or chose a
// revision we do not speak.
base::Result<Initialized> ReadInitializeAnswer(std::string_view bytes, const Envelope& envelope);

// The result of server/discover that a server with this initialize result would give: what a modern
// caller sees.
std::string DiscoverResultFrom(const Initialized& initialized);
// And the reverse: the result of initialize made from a result of server/discover.
std::string InitializeResultFrom(std::string_view discover_result, Revision revision);

}  // namespace mcp::legacy
