// An Outgoing is a caller's message as it goes to a server over HTTP: untouched, under another id,
// or translated to the server's era.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/http/client.h"
#include "gateway/backends/deadline.h"
#include "gateway/backends/passage.h"
#include "gateway/backends/upstream.h"
#include "mcp/call.h"
#include "mcp/http_client.h"

namespace gateway {

struct Outgoing {
  std::string_view bytes;
  std::string storage;  // when it is not the caller's own
  std::string raw_id;   // ours, when it was renumbered
  Passage passage = Passage::kUntouched;

  // What the server's answer must bear.
  std::string_view id(const mcp::Call& call) const {
    return raw_id.empty() ? call.id() : std::string_view(raw_id);
  }
};

// REQUIRES: the passage is not kNone. Refers to the call's bytes.
Outgoing MakeOutgoing(const mcp::Call& call, Passage passage, Upstream& upstream);

// Sends it, on the call's terms, and returns when the head of the answer has come; the attempt on the
// record says how it went. `session`: null toward a modern server. REQUIRES: an attempt was begun
// (terms.h).
base::Task<boost::system::result<std::unique_ptr<mcp::Answer>, base::http::SendFailure>> Send(
    base::http::Client& client, const base::http::Url& url, mcp::Call& call,
    const Outgoing& outgoing, const UpstreamSession* session, Deadline& deadline);

}  // namespace gateway
