// An SseClient is our side of one HTTP+SSE connection (MCP 2024-11-05, Transports): a stream on
// which the server sends everything, and an address that it names there, where everything is
// posted.
//
//   GET url            -> event: endpoint, data: URI of the same origin
//   POST that URI      -> 202; what it answers comes on the stream
//
// One loop. Held by shared_ptr: the reading outlives whoever opened it, until Close.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/cancel.h"
#include "base/http/client.h"
#include "base/result.h"
#include "base/task.h"
#include "mcp/http_client.h"
#include "mcp/revision.h"

namespace mcp::legacy {

// Where messages are posted, from what the `endpoint` event says. kPermissionDenied: on another
// origin, to which what is meant for this server must not go.
base::Result<base::http::Url> ResolveEndpoint(const base::http::Url& stream,
                                              std::string_view reference);

class SseClient final : public std::enable_shared_from_this<SseClient> {
 public:
  struct Options {
    // Held: the stream is closed a moment after whoever opened it has gone.
    std::shared_ptr<base::http::Client> streams;
    std::shared_ptr<base::http::Client> posts;
    std::size_t max_message_bytes = 16 * 1024 * 1024;
    base::http::ConnectTimes* times = nullptr;
  };
  using Opened = boost::system::result<std::shared_ptr<SseClient>, base::http::SendFailure>;

  // Returns when the server has named its address. `cancel` counts until then; of `terms` (may be
  // null) the header lines, the bound for connecting and the certificate. The failure's stage is dns,
  // tcp, tls, http, auth or handshake.
  static base::Task<Opened> Open(Options options, base::http::Url url, base::CancelSignal& cancel,
                                 const HandshakeOptions* terms = nullptr);

  // Begins to read, once: each message as it comes, then the end. `on_end` is called once; neither
  // is called after Close.
  void Start(std::function<void(std::string_view)> on_message,
             std::function<void(const base::Error&)> on_end);
  struct Posting {
    Revision revision = Revision::k2024_11_05;
    // Further header lines: credentials.
    std::span<const base::http::Field> fields;
    std::chrono::milliseconds connect{0};
    std::shared_ptr<const base::http::TlsContext> tls;
  };
  // Posts one message. kNotFound: the server does not know the connection any more (and has not
  // looked at the message). `posting` outlives the task.
  base::Task<base::Result<void>> Post(std::string message, const Posting& posting,
                                      base::CancelSignal& cancel);
  // Where messages are posted.
  const base::http::Url& endpoint() const { return endpoint_; }
  void Close();

 private:
  explicit SseClient(Options options) : options_(options) {}
  static base::Task<> Read(std::shared_ptr<SseClient> self);

  const Options options_;
  base::http::Url endpoint_;
  base::CancelSignal closed_;
  std::unique_ptr<Answer> stream_;
  std::function<void(std::string_view)> on_message_;
  std::function<void(const base::Error&)> on_end_;
};

}  // namespace mcp::legacy
