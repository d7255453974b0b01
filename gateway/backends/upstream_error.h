// What a caller is told when a server could not be asked or did not answer (policies.md's 502, 503
// and 504). The detail goes into the record, where whoever operates the gateway reads it: addresses
// are nobody else's business.
#pragma once

#include <optional>
#include <string_view>

#include "base/result.h"
#include "gateway/backends/backend.h"
#include "gateway/backends/deadline.h"
#include "mcp/call.h"

namespace gateway {

// kUnavailable and its like: -31502. kAborted: -31502 with the error's own sentence, which is meant
// for the caller (bounds.h). kDeadlineExceeded: -31504, with the bound that was reached (connect,
// first byte, idle). kResourceExhausted: -31413, the answer is too long. kCancelled: nobody is there
// to answer. The attempt on the record, if one was begun, says how it failed.
mcp::Response UpstreamError(mcp::Call& call, std::string_view server, const base::Error& error);

// The same; -31504 when the call's own time was over.
mcp::Response UpstreamError(mcp::Call& call, std::string_view server, const base::Error& error,
                            const Deadline& deadline);

// Why a request did not get through, with the stage it failed at. All connections busy is a bound
// of ours (bounds.h), not an answer that is too long.
base::Error SendError(const base::http::SendFailure& failure, const BackendLimits& limits);

// The same for a request that failed on its way.
mcp::Response UpstreamError(mcp::Call& call, std::string_view server,
                            const base::http::SendFailure& failure, const BackendLimits& limits,
                            const Deadline& deadline);

// -31503: it cannot take the call now.
mcp::Response ServerBusy(mcp::Call& call, std::string_view server, std::string_view sentence,
                         std::optional<std::int64_t> retry_after_s);

// -32601, in words that say why.
mcp::Response NotTranslated(mcp::Call& call, std::string_view server);

}  // namespace gateway
