// What a Client does that is given an answer to relay (Client::Relay) and has nobody to pass the
// bytes on to: reads it, message by message, and sorts the messages by kind.
#pragma once

#include <cstddef>
#include <string>

#include "mcp/call.h"
#include "mcp/sse.h"

namespace mcp {

// Hands each notification of an event stream to `client.Notify`, waiting for it, and returns the
// answer: the last message that is none, or the one JSON body. kResourceExhausted when it, or an
// event, is longer than `max_bytes`. REQUIRES: both outlive it.
base::Task<base::Result<std::string>> ReadRelayed(Source& source, Client& client,
                                                  std::size_t max_bytes = kMaxEventBytes);

}  // namespace mcp
