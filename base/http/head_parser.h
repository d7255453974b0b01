// Reads the head of a request or response that lies in a connection's read buffer.
//
// Bytes in, values out; no sockets. Heads are read by a parser of our own, since each message has
// two of them; it takes what Beast's basic_parser takes, which a test holds against it, and is
// stricter where two readers of one message could disagree (RFC 9112, section 11.2): no obs-fold,
// one Content-Length, one Host, chunked or nothing as Transfer-Encoding.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/http/message.h"

namespace base::http {

// How long the body is.
struct Framing {
  enum class Body { kNone, kLength, kChunked, kUntilEnd };
  Body body = Body::kNone;
  std::uint64_t length = 0;
  bool http_11 = true;
  bool keep_alive = true;
  bool expects_continue = false;
};

struct HeadOutcome {
  // Length of the head; 0: it is not complete yet, or refused.
  std::size_t bytes = 0;
  // Not 0: refused, with this status.
  int refused = 0;
};

// Parse from the first byte each time; views point into `bytes`. `head` is cleared first.
HeadOutcome ParseRequestHead(std::string_view bytes, RequestHead& head, Framing& framing);
// `refused` is 502. `no_body`: the answer to a HEAD request.
HeadOutcome ParseResponseHead(std::string_view bytes, bool no_body, ResponseHead& head,
                              Framing& framing);

// Where the empty line ends that closes a head, looked for from `from` on; 0: not there.
std::size_t FindHeadEnd(std::string_view bytes, std::size_t from);

}  // namespace base::http
