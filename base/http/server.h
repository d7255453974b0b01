// A Server accepts HTTP/1.1 connections on one loop and hands each request to a Service as an
// Exchange.
//
// One thread. The head stays in the read buffer, fields are views. Bounds of ServerLimits hold
// before any Service sees a byte; a head that breaks them is answered and the connection closed.
// Memory of an idle connection is released to a pool of the loop.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/cancel.h"
#include "base/http/message.h"
#include "base/loop.h"
#include "base/result.h"
#include "base/task.h"

namespace base::http {

struct ServerLimits {
  std::size_t max_head_bytes = 32 * 1024;
  std::size_t max_connections = 20'000;
  std::chrono::milliseconds head_timeout{10'000};
  std::chrono::milliseconds body_timeout{60'000};
  std::chrono::milliseconds keep_alive{75'000};
  // An idle connection keeps its read buffer for so long.
  std::chrono::milliseconds keep_buffer{1'000};
  // A response that the peer does not take for so long ends the connection.
  std::chrono::milliseconds write_timeout{60'000};
};

// HOST:PORT as given and as bound.
struct ListenAddress {
  std::string host;  // an address literal, IPv6 without brackets
  std::uint16_t port = 0;

  static Result<ListenAddress> Parse(
      std::string_view text);    // `127.0.0.1:8900`, `[::1]:8900`, `localhost:0`
  std::string ToString() const;  // with brackets where needed
  bool is_loopback() const;
};

struct PeerCertificate;

// One request and its response. Made by the server, used by one Service, gone when Serve returns.
class Exchange {
 public:
  virtual ~Exchange() = default;

  // Valid until Serve returns.
  virtual const RequestHead& head() const = 0;
  // The peer's address without port (`127.0.0.1`, `::1`; IPv4-mapped addresses as IPv4).
  virtual std::string_view peer_address() const = 0;
  // Unique for each connection of this process.
  virtual std::uint64_t connection_id() const = 0;
  virtual bool is_tls() const = 0;
  // What the client showed when the connection was made, verified; null: nothing. Lives as long as
  // the connection.
  virtual const PeerCertificate* peer_certificate() const { return nullptr; }

  // Requested when the peer is seen to be gone, and when the server stops hard.
  virtual CancelSignal& cancel() = 0;

  // Bytes of the request body read so far, and of the response written (body only).
  virtual std::uint64_t bytes_in() const = 0;
  virtual std::uint64_t bytes_out() const = 0;

  // The whole body, contiguous; valid until Serve returns. kResourceExhausted when it is longer
  // than `max_bytes` (known from the head where Content-Length says so), kInvalidArgument for a
  // broken framing, kDeadlineExceeded when it comes too slowly.
  virtual Task<Result<std::string_view>> ReadBody(std::size_t max_bytes) = 0;

  // Answers with a whole body, in one gathered write. Date, Content-Length and Connection are
  // added. A body that was not read is drained up to 64 KiB, then the connection is closed so that
  // the client reads the answer.
  virtual Task<Result<void>> Respond(int status, std::span<const Field> fields,
                                     std::string_view body) = 0;
  // The same with a body in pieces.
  virtual Task<Result<void>> Respond(int status, std::span<const Field> fields,
                                     std::span<const std::string_view> body) = 0;

  // Answers piece by piece: StartStream once, Write as often as needed, FinishStream once.
  // `content_length` 0 = chunked. Each waits until the socket has taken the bytes: back-pressure.
  // kCancelled when the peer is gone.
  virtual Task<Result<void>> StartStream(int status, std::span<const Field> fields,
                                         std::uint64_t content_length = 0) = 0;
  virtual Task<Result<void>> Write(std::string_view bytes) = 0;
  virtual Task<Result<void>> FinishStream() = 0;

  virtual bool response_started() const = 0;

  // Closes the connection once the response is complete, also before Serve returns: what the peer
  // sends next need not wait for us.
  virtual void CloseConnection() {}
};

// Answers requests.
class Service {
 public:
  virtual ~Service() = default;
  // Must answer before it returns; otherwise the server answers 500.
  virtual Task<void> Serve(Exchange& exchange) = 0;
};

class TlsContext;

class Server {
 public:
  // Binds and listens. With `share_port` the socket is bound with SO_REUSEPORT, so that each worker
  // has its own. Without `tls` it speaks plain HTTP.
  static Result<std::unique_ptr<Server>> Listen(Loop& loop, const ListenAddress& address,
                                                bool share_port, const ServerLimits& limits,
                                                Service& service,
                                                std::shared_ptr<const TlsContext> tls = nullptr);
  virtual ~Server() = default;

  // With the port that was bound.
  virtual const ListenAddress& address() const = 0;
  // Begins to accept.
  virtual void Start() = 0;
  // For connections that come from now on; those that are open keep what they began with. REQUIRES:
  // it was made with one.
  virtual void UseTls(std::shared_ptr<const TlsContext> tls) = 0;
  // Stops accepting, closes idle connections, and each other one after its exchange.
  virtual void Drain() = 0;
  // Closes every connection now: cancels each exchange.
  virtual void Stop() = 0;
  virtual std::size_t connections() const = 0;
  // Exchanges being served.
  virtual std::size_t active() const = 0;
};

}  // namespace base::http
