// The header fields that travel on from a caller to a server. The caller's Authorization, keys,
// cookies and session never do (MCP 2026-07-28, Security Best Practices, Token Passthrough).
#pragma once

#include <boost/container/small_vector.hpp>

#include "base/http/message.h"
#include "mcp/call.h"

namespace gateway {

using FieldList = boost::container::small_vector<base::http::Field, 8>;

// Trace context, the request id, and for a modern server the Mcp-Param-* fields (intermediaries
// must forward those they do not know); then what the call's terms say. Views into the call.
FieldList ForwardedFields(const mcp::Call& call, bool modern);

// Only what the terms say of our own: for messages that no caller sent. Views into `terms`, which may
// be null.
FieldList OwnFields(const mcp::UpstreamTerms* terms);

}  // namespace gateway
