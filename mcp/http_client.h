// The client side of Streamable HTTP: one message to a server, its answer back, as a whole message
// or as a Source to relay.
//
// Knows the headers of both eras (MCP 2026-07-28: MCP-Protocol-Version, Mcp-Method, Mcp-Name;
// before: Mcp-Session-Id) and nothing of sessions, retries or credentials: those are the caller's
// `fields`.
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/http/client.h"
#include "base/result.h"
#include "base/task.h"
#include "mcp/call.h"
#include "mcp/identity.h"
#include "mcp/revision.h"
#include "mcp/sse.h"

namespace mcp {

struct OutgoingMessage {
  // The JSON-RPC message in pieces, written as they lie.
  std::span<const std::string_view> body;
  // What MCP-Protocol-Version says; the header is left out on `initialize`.
  Revision revision = kLatest;
  // Decoded. Modern: mirrored in Mcp-Method and, for tools/call, prompts/get and resources/read,
  // Mcp-Name.
  std::string_view method;
  std::string_view item;
  // Mcp-Session-Id; empty: none.
  std::string_view session;
  // Further header lines: credentials, Mcp-Param-*, trace context.
  std::span<const base::http::Field> fields;
  base::CancelSignal* cancel = nullptr;
  // As in base::http::Client::Request; zero: the client's limits.
  std::chrono::milliseconds connect{0};
  std::chrono::milliseconds first_byte{0};
  std::chrono::milliseconds idle{0};
  std::shared_ptr<const base::http::TlsContext> tls;
  // No idle limit while the answer is read.
  bool endless = false;
  // Where not null: how long connecting took.
  base::http::ConnectTimes* times = nullptr;
};

// A server's answer, its body still on the way. Destroying it before the end closes the connection.
class Answer final : public Source {
 public:
  explicit Answer(std::unique_ptr<base::http::ClientExchange> exchange);
  // One is made for each call: memory comes from a free list.
  static void* operator new(std::size_t bytes);
  static void operator delete(void* memory, std::size_t bytes) noexcept;

  int status() const { return status_; }
  bool ok() const { return status_ >= 200 && status_ < 300; }
  // 202 or 204, or no body at all: nothing to read.
  bool empty() const { return empty_; }
  // The content type is JSON or an event stream, or not told.
  bool is_mcp() const { return is_mcp_; }
  // The Mcp-Session-Id of an answer to initialize.
  const std::string& session() const { return session_; }
  // Raw `Retry-After` and `WWW-Authenticate`; empty when absent.
  const std::string& retry_after() const { return retry_after_; }
  const std::string& challenge() const { return challenge_; }

  // As bytes, for Client::Relay.
  Form form() const override { return form_; }
  std::uint64_t length() const override { return length_; }
  base::Task<base::Result<std::string_view>> Next() override;
  bool complete() const override { return exchange_->complete(); }

  // As messages: the body, or the data of each event that has some; empty at the end. Valid until
  // the next call. kResourceExhausted over `max_bytes`. Do not mix with Next.
  base::Task<base::Result<std::string_view>> NextMessage(std::size_t max_bytes);
  // Of the events that NextMessage has read: the last id and what `retry` said last. By these an
  // older server lets a stream be gone on with.
  // The type of the last one too; empty: message.
  const std::string& event_type() const { return event_type_; }
  const std::string& last_event_id() const { return last_event_id_; }
  std::optional<std::chrono::milliseconds> retry() const { return retry_; }
  // The server may be quiet for so long from its next pause on; zero: without end.
  void AllowQuiet(std::chrono::milliseconds limit) { exchange_->set_idle_limit(limit); }

 private:
  std::unique_ptr<base::http::ClientExchange> exchange_;
  int status_ = 0;
  bool empty_ = false;
  bool is_mcp_ = true;
  Form form_ = Form::kJson;
  std::uint64_t length_ = 0;
  std::string session_;
  std::string retry_after_;
  std::string challenge_;
  bool read_ = false;
  std::string event_type_;
  std::string last_event_id_;
  std::optional<std::chrono::milliseconds> retry_;
  SseParser events_;
};

// Sends a message; returns when the head of the answer has come, whatever its status.
base::Task<boost::system::result<std::unique_ptr<Answer>, base::http::SendFailure>> Post(
    base::http::Client& client, const base::http::Url& url, const OutgoingMessage& message);

// Reads an answer up to the response to `raw_id` (in a stream, notifications before it are handed
// to `on_notification` when there is one) and checks that it is one. Valid until the answer is read
// on or destroyed. A status of 4xx with a JSON-RPC error in its body is such a response; any other
// is kUnavailable, 401 and 403 kUnauthenticated and kPermissionDenied.
class NotificationSink {
 public:
  virtual ~NotificationSink() = default;
  virtual base::Task<base::Result<void>> Take(std::string_view message) = 0;
};
struct ReceivedMessage {
  std::string_view bytes;
  Envelope envelope;
};
base::Task<base::Result<ReceivedMessage>> ReadResponse(Answer& answer, std::string_view raw_id,
                                                       std::size_t max_bytes,
                                                       NotificationSink* on_notification = nullptr);

// Whether two raw ids are the same, however they are spelt.
bool IsSameId(std::string_view a, std::string_view b);
// Whether a response answers the request with that id. An error without an id does: nothing else
// was sent in the exchange.
bool IsAnswerTo(std::string_view bytes, const Envelope& envelope, std::string_view raw_id);

// A server of an older revision has forgotten our session: 404, or a 400 (some servers) to a
// request that carried one.
bool IsSessionLoss(const Answer& answer, std::string_view session);

// What a server told us about itself when we met.
struct Handshake {
  Revision revision = kLatest;
  // Raw JSON: the result of server/discover, or of initialize.
  std::string result;
  // Older revisions only; empty when the server keeps none.
  std::string session;
};

struct HandshakeOptions {
  Identity identity;
  std::span<const base::http::Field> fields;
  base::CancelSignal* cancel = nullptr;
  std::chrono::milliseconds connect{0};
  std::chrono::milliseconds first_byte{0};
  std::shared_ptr<const base::http::TlsContext> tls;
  std::size_t max_bytes = 4 * 1024 * 1024;
  // Where not null: how long connecting took, at the first message.
  base::http::ConnectTimes* times = nullptr;
  // What initialize offers: the revision of an older caller, so that it gets what it understands.
  Revision offer = kLatestLegacy;
};

// Finds out the era of a server: server/discover first; an answer that only an older server gives
// leads to initialize (MCP 2026-07-28, Versioning, Backward Compatibility). The failure's stage is
// dns, tcp, tls, http, auth or handshake.
base::Task<boost::system::result<Handshake, base::http::SendFailure>> Meet(
    base::http::Client& client, const base::http::Url& url, const HandshakeOptions& options);

}  // namespace mcp
