// Between the eras, by splicing bytes: whatever is not touched stays as it was, byte for byte. No
// tree is built.
//
//   legacy -> modern request   the io.modelcontextprotocol/ keys are added to params._meta
//   modern -> legacy request   they are taken out
//   legacy -> modern result    resultType is added, and ttlMs and cacheScope where a list must have
//   them modern -> legacy result    stays: further members are harmless
// Each function can replace the id on the way: a server's session is shared, so ids must be ours.
// An empty `raw_id` keeps it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "mcp/identity.h"
#include "mcp/message.h"
#include "mcp/revision.h"

namespace mcp::legacy {

std::string WithId(std::string_view bytes, const Envelope& envelope, std::string_view raw_id);

// REQUIRES: a request or notification.
std::string ToModernRequest(std::string_view bytes, const Envelope& envelope,
                            const Identity& identity, std::string_view raw_id = {});
std::string ToLegacyRequest(std::string_view bytes, const Envelope& envelope,
                            std::string_view raw_id = {});

// How long and by whom the answer to a list may be kept.
struct Freshness {
  std::int64_t ttl_ms = 0;
  bool is_private = true;
};
// REQUIRES: a result or an error (which only gets the id). `method` is that of the request.
std::string ToModernResult(std::string_view bytes, const Envelope& envelope,
                           std::string_view method, const Freshness& freshness,
                           std::string_view raw_id = {});

// The methods whose results must carry ttlMs and cacheScope (MCP 2026-07-28, Caching).
bool HasFreshness(std::string_view method);

}  // namespace mcp::legacy
