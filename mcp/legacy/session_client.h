// Our side of a session with a server of an older revision over Streamable HTTP: initialize,
// initialized, DELETE.
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
                              std::string session, std::span<const base::http::Field> fields);

}  // namespace mcp::legacy
