// A Client sends HTTP/1.1 requests to servers over kept connections, one pool for each origin, on
// one loop.
//
// One thread. http and https (TLS 1.2+, verified against the system's roots, or as the TlsContext
// given says, SNI). Names are resolved off the loop.
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

// Where requests go: scheme, host, port. Parsed once, compared by value.
struct Url {
  bool tls = false;
  std::string host;  // lower case; IPv6 without brackets
  std::uint16_t port = 80;
  std::string target;  // path and query, at least "/"

  // http or https, no user info, no fragment. kInvalidArgument says what is wrong.
  static Result<Url> Parse(std::string_view text);
  std::string origin() const;     // `http://127.0.0.1:9000`
  std::string authority() const;  // the Host header: port left out when it is the scheme's
};

struct ClientLimits {
  std::chrono::milliseconds connect{2'000};      // name, TCP and TLS together
  std::chrono::milliseconds first_byte{60'000};  // from the request's last byte to the head
  std::chrono::milliseconds idle{60'000};        // between two reads of a body; 0: none
  std::size_t max_connections_per_origin = 256;
  std::size_t max_head_bytes = 32 * 1024;
  std::chrono::milliseconds keep_idle{30'000};  // an unused connection is closed then
};

// How far an exchange had come when it failed: a request may be sent again only when nothing was
// sent.
struct SendFailure {
  Error error;
  bool nothing_sent = false;
  // The stage, in doctor's words: dns, tcp, tls, http.
  std::string_view stage = "http";
};

// A request on its connection, and its response. Destroying it gives the connection back when the
// response was read to its end, and closes it otherwise.
class ClientExchange {
 public:
  virtual ~ClientExchange() = default;

  // Valid until the exchange is destroyed or its first ReadSome.
  virtual const ResponseHead& head() const = 0;
  // The next bytes of the body, de-chunked; empty at its end. Valid until the next call. Bytes that
  // came with the head are returned without touching the socket.
  virtual Task<Result<std::string_view>> ReadSome() = 0;
  // The whole body; valid until the exchange is destroyed. kResourceExhausted over `max_bytes`.
  virtual Task<Result<std::string_view>> ReadBody(std::size_t max_bytes) = 0;
  // True once the body was read to its end.
  virtual bool complete() const = 0;
  // From the next wait on: how long the server may send nothing (zero: without end). For a server
  // that waits for somebody itself.
  virtual void set_idle_limit(std::chrono::milliseconds limit) = 0;
};

// Time the stages of a new connection took; zero for a kept one.
struct ConnectTimes {
  bool reused = false;
  std::chrono::microseconds dns{0}, tcp{0}, tls{0};
};

class TlsContext;

class Client {
 public:
  static std::unique_ptr<Client> Create(Loop& loop, const ClientLimits& limits,
                                        std::shared_ptr<const TlsContext> tls = nullptr);
  virtual ~Client() = default;

  struct Request {
    std::string_view method = "POST";
    // Host and Content-Length are added.
    std::span<const Field> fields;
    // Written in one gathered write with the head.
    std::span<const std::string_view> body;
    // `cancel` ends the exchange at any await, also later in ReadSome.
    CancelSignal* cancel = nullptr;
    // Override ClientLimits where not zero.
    std::chrono::milliseconds connect{0};
    std::chrono::milliseconds first_byte{0};
    std::chrono::milliseconds idle{0};
    // No idle limit while the body is read (listen and GET streams).
    bool endless_body = false;
    ConnectTimes* times = nullptr;
    // What is shown and trusted when a connection is made; null: the client's own. Connections are
    // kept apart by it: who shows another certificate gets another connection.
    std::shared_ptr<const TlsContext> tls;
  };

  // Sends and returns when the response's head has come. A kept connection that turns out to be
  // closed before any byte of a response came is replaced once, silently.
  virtual Task<boost::system::result<std::unique_ptr<ClientExchange>, SendFailure>> Send(
      const Url& url, const Request& request) = 0;
  virtual std::size_t open_connections() const = 0;
};

[[noreturn]] void throw_exception_from_error(const SendFailure& failure,
                                             const boost::source_location&);

}  // namespace base::http
