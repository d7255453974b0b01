// Between the eras, by splicing bytes: whatever is not touched stays as it was, byte for byte. No
// tree is built.
//
//   older -> modern request   the io.modelcontextprotocol/ keys are added to params._meta
//   modern -> older request   they are taken out
//   older -> modern answer    resultType is added, and ttlMs and cacheScope where they must be; the
//                             error codes that are no more become what stands for them
//   modern -> older answer    stays, since further members are harmless; a resource that is not
//                             there gets the code that it had
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
// REQUIRES: a result or an error; `method` is that of the request. A server that wants a URL to be
// visited first (-32042) requires input of a caller whose `client_capabilities` (a raw object) have
// elicitation by URL, and the capability of all others.
std::string ToModernResult(std::string_view bytes, const Envelope& envelope,
                           std::string_view method, const Freshness& freshness,
                           std::string_view raw_id = {}, std::string_view client_capabilities = {});
std::string ToLegacyResult(std::string_view bytes, const Envelope& envelope,
                           std::string_view method, std::string_view raw_id = {});

// The methods whose results must carry ttlMs and cacheScope (MCP 2026-07-28, Caching).
bool HasFreshness(std::string_view method);

}  // namespace mcp::legacy
