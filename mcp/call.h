// A Call is one MCP request or notification on its way to a server, with everything a Handler may
// need to answer it.
//
// Lives on one worker for the length of its exchange. Views point into the client connection's
// buffer and stay valid until Handle returns.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/auth/principal.h"
#include "base/cancel.h"
#include "base/http/message.h"
#include "base/result.h"
#include "base/task.h"
#include "mcp/message.h"
#include "mcp/record.h"
#include "mcp/revision.h"
#include "mcp/upstream_terms.h"

namespace base {
class Loop;
}

namespace mcp {

// A long answer, piece by piece: what Client::Relay takes.
class Source {
 public:
  virtual ~Source() = default;
  // JSON: the one message in pieces. EventStream: raw SSE bytes.
  enum class Form { kJson, kEventStream };
  virtual Form form() const = 0;
  // Known length of a kJson body; 0: unknown.
  virtual std::uint64_t length() const = 0;
  // The next bytes, empty at the end; valid until the next call.
  virtual base::Task<base::Result<std::string_view>> Next() = 0;
  // True when Next is known to have given everything: the whole answer can then go out in one
  // write.
  virtual bool complete() const { return false; }
};

// The caller's side of a call while it is being answered. All wait for the socket: back-pressure.
// Notify and Relay one at a time; an Ask waits beside them. A filter that looks at messages as they pass puts its own Client before the
// caller's while `next` runs.
class Client {
 public:
  virtual ~Client() = default;
  // Sends a notification (a whole JSON-RPC message) before the answer. It turns the answer into an
  // event stream.
  virtual base::Task<base::Result<void>> Notify(std::string_view message) = 0;
  // Sends the answer itself from `source`; Handle then returns Response::Relayed. Bytes pass
  // untouched.
  virtual base::Task<base::Result<void>> Relay(Source& source) = 0;
  // Puts a server's question to the caller (`sampling/createMessage`, `elicitation/create`,
  // `roots/list`; a whole JSON-RPC request) and returns the caller's whole answer, which bears the
  // id of `request` again. Several may wait at a time, beside a Notify. Only callers of older
  // revisions can be asked while their call runs: kUnimplemented for all others, kCancelled when
  // the caller is gone. Requesting `cancel` withdraws the question (the caller is told by
  // notifications/cancelled) and ends the wait soon, with kCancelled: who asks does so, and awaits
  // the end, before Handle returns.
  virtual base::Task<base::Result<std::string>> Ask(std::string_view request,
                                                    base::CancelSignal& cancel);
  // Ends the connection that the answer's stream runs on, in mid-call: a caller of 2025-11-25 comes
  // back and goes on where it left off. kUnimplemented for callers that cannot.
  virtual base::Task<base::Result<void>> BreakOff();
};

struct Call {
  // The whole message, and where its parts lie.
  std::string_view bytes;
  Envelope envelope;
  // Of the caller.
  Revision revision = kLatest;
  const base::auth::Principal& principal;
  Client& client;
  // Requested when the call is not wanted any more (both rules of cancellation are the endpoint's
  // business).
  base::CancelSignal& cancel;
  Record& record;
  // Decoded: `tools/call`, and the item's name or URI.
  std::string_view method;
  std::string_view item;
  // Head of the HTTP request, when there was one.
  const base::http::Fields* fields = nullptr;
  // Unique for each client connection: anonymous callers share nothing across it.
  std::uint64_t connection_id = 0;
  // The caller's session (older revisions), as all parts of it know it; empty when there is none.
  std::string_view session;
  // Raw JSON objects of what the caller says of itself: in `_meta`, or in its initialize. Empty
  // when it says nothing.
  std::string_view client_capabilities;
  std::string_view client_info;
  // Log messages are wanted from this level on (a raw JSON string): from `_meta`, or what
  // logging/setLevel said in the session. Empty: none was named.
  std::string_view log_level;
  // Of the worker that the call lives on, for waits. Null: nobody can wait (a call of our own).
  base::Loop* loop = nullptr;
  // How the server is asked; null: as the gateway asks every server.
  std::shared_ptr<const UpstreamTerms> upstream;
  // Not 0: some filter must see the whole result, so the backend returns it in Response::body, at
  // most this long.
  std::size_t collect_result_up_to = 0;

  bool is_request() const { return envelope.kind == Envelope::Kind::kRequest; }
  std::string_view id() const { return envelope.id.of(bytes); }
  // The same call with somebody else before its caller: for who looks at messages as they pass.
  Call WithClient(Client& other) const;
};

// What Handle returns. A small value; moves.
struct Response {
  enum class Kind {
    kMessage,   // `body` is the JSON-RPC answer
    kRelayed,   // went out through client.Relay already
    kAccepted,  // a notification: 202, no body
    kRefused,   // `body` is a JSON-RPC error of our own, with `http_status` for the styles that use
                // one
    kGone,      // nobody is there to answer
  };
  Kind kind = Kind::kMessage;
  std::string body;
  int http_status = 200;
  // Further header lines (`Retry-After`, `RateLimit`), name and value.
  std::vector<std::pair<std::string, std::string>> headers;

  static Response Message(std::string body) { return {Kind::kMessage, std::move(body), 200, {}}; }
  static Response Relayed() { return {Kind::kRelayed, {}, 200, {}}; }
  static Response Accepted() { return {Kind::kAccepted, {}, 202, {}}; }
  static Response Gone() { return {Kind::kGone, {}, 499, {}}; }
};

}  // namespace mcp
