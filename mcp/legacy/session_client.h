// Our side of a session with a server of an older revision over Streamable HTTP: initialize,
// initialized, GET, DELETE.
#pragma once

#include "base/http/client.h"
#include "base/task.h"
#include "mcp/http_client.h"

namespace mcp::legacy {

// initialize and notifications/initialized. The failure's stage is dns, tcp, tls, http, auth or
// handshake.
base::Task<boost::system::result<Handshake, base::http::SendFailure>> OpenSession(
    base::http::Client& client, const base::http::Url& url, const HandshakeOptions& options);

// Tells the server that we are done; whatever it answers is fine.
base::Task<void> CloseSession(base::http::Client& client, const base::http::Url& url,
                              std::string session, std::span<const base::http::Field> fields,
                              std::shared_ptr<const base::http::TlsContext> tls = nullptr);

// What a GET for events says.
struct StreamRequest {
  std::string_view session;  // empty: the server keeps none
  Revision revision = kLatestLegacy;
  // Go on behind this event, of whatever stream it was; empty: what the server pushes from now on.
  std::string_view last_event_id;
  base::CancelSignal* cancel = nullptr;
  // Until the head comes; zero: the client's limits.
  std::chrono::milliseconds connect{0};
  std::chrono::milliseconds first_byte{0};
  std::shared_ptr<const base::http::TlsContext> tls;
  // Further header lines: credentials.
  std::span<const base::http::Field> fields;
  // Where not null: how long connecting took.
  base::http::ConnectTimes* times = nullptr;
};

// Returns when the head of the answer has come, whatever its status. The stream has no idle limit.
base::Task<boost::system::result<std::unique_ptr<Answer>, base::http::SendFailure>> OpenStream(
    base::http::Client& client, const base::http::Url& url, const StreamRequest& request);

}  // namespace mcp::legacy
