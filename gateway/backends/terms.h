// How a call's terms (mcp/upstream_terms.h) and the gateway's own bounds go together: the call's where
// it has some.
#pragma once

#include <chrono>

#include "gateway/backends/backend.h"
#include "mcp/call.h"

namespace gateway {

// What is left of the time for the whole call, of which earlier attempts may have used some; at
// least a millisecond.
std::chrono::milliseconds TotalOf(const mcp::Call& call, const BackendLimits& limits);
// Between two pieces of an answer.
std::chrono::milliseconds IdleOf(const mcp::Call& call, const BackendLimits& limits);

// Begins an attempt on the call's record: of which nothing was sent yet.
void BeginAttempt(mcp::Call& call);

}  // namespace gateway
