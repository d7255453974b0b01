// Listing asks a server for everything it offers, page by page: tools, prompts, resources, resource
// templates. Bounded in pages, items and bytes; a cursor that comes twice is an error.
#pragma once

#include "base/cancel.h"
#include "base/result.h"
#include "base/task.h"
#include "gateway/backends/backend.h"
#include "mcp/handler.h"
#include "mcp/revision.h"
#include "portolan/v1/fleet_service.pb.h"

namespace gateway {

// `revision` is what the server speaks, `capabilities` its raw object: what it does not have is not
// asked for. The objects are kept byte for byte, each with its canonical hash.
base::Task<base::Result<std::vector<portolan::v1::Definition>>> ListEverything(
    mcp::Handler& server, mcp::Revision revision, std::string_view capabilities,
    const BackendLimits& limits, base::CancelSignal& cancel);

// A call of our own: `raw_params` is an object. The answer's raw result, or why there is none;
// `outcome` (may be null) gets the call's record.
base::Task<base::Result<std::string>> AskServer(mcp::Handler& server, mcp::Revision revision,
                                                std::string_view method,
                                                std::string_view raw_params, std::size_t max_bytes,
                                                base::CancelSignal& cancel,
                                                mcp::Record* outcome = nullptr);

// SHA-256 of the canonical JSON (keys sorted, no white space), hex. kInvalidArgument when a key
// occurs twice: two readers could take it for two different things.
base::Result<std::string> CanonicalHash(std::string_view raw_object);

}  // namespace gateway
