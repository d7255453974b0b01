// The demo over Streamable HTTP, at /mcp. On loopback, requests in the name of another host or page
// are refused.
#pragma once

#include "base/auth/principal.h"
#include "base/clock.h"
#include "base/http/origin_check.h"
#include "base/http/server.h"
#include "base/loop.h"
#include "demo/era.h"
#include "mcp/handler.h"
#include "mcp/http_endpoint.h"
#include "mcp/legacy/token_session_host.h"

namespace demo {

class HttpService final : public base::http::Service {
 public:
  HttpService(base::Loop& loop, mcp::Handler& handler, Era era, const base::Clock& clock,
              bool loopback = true);

  base::Task<void> Serve(base::http::Exchange& exchange) override;

 private:
  base::Task<void> Answer(base::http::Exchange& exchange, int status, std::string_view body);

  // Constant after construction
  base::Loop& loop_;
  mcp::Handler& handler_;
  const Era era_;
  const bool loopback_;
  const base::http::OriginCheck origins_{"", true};
  const base::auth::Principal principal_;

  mcp::legacy::TokenSessionHost sessions_;
  mcp::EndpointOptions options_;
};

}  // namespace demo
