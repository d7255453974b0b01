// The registry's HTTP service: which path is whose, and who may come in at all.
//
//   /api/...            the JSON face of the method table          /healthz /readyz /metrics
//   POST /api/session   a one-time link becomes a session          /login and all else: the portal
//   /mcp                discovery, over MCP                        /v0.1, /v0: the MCP Registry API,
//                                                                  also below the prefixes of registry_path.h
//
// Host and Origin are checked before anything else: a page of another site, or a name that was bent
// to this address, gets 403.
#pragma once

#include <functional>
#include <string>

#include "base/cancel.h"
#include "base/http/origin_check.h"
#include "base/http/server.h"
#include "base/loop.h"
#include "mcp/handler.h"
#include "mcp/legacy/session_host.h"
#include "registry/service/anonymous_read.h"
#include "registry/service/authenticator.h"
#include "registry/service/connect_face.h"
#include "registry/service/worker_pool.h"

namespace registry {

class HttpFace final : public base::http::Service {
 public:
  struct Parts {
    base::Loop& loop;
    WorkerPool& pool;
    Authenticator& authenticator;
    ConnectFace& api;
    mcp::Handler& discovery;
    mcp::legacy::SessionHost& discovery_sessions;
    base::http::Service& portal;
    // Answers the registry API, OPTIONS and callers who are nobody too.
    std::function<base::Task<void>(base::http::Exchange&, base::Result<Caller>)> registry_api;
    // Prometheus text.
    std::function<std::string()> metrics;
    base::http::OriginCheck origins;
    AnonymousRead anonymous_read = AnonymousRead::kLoopback;
    // Cookies say Secure.
    bool https = false;
  };
  explicit HttpFace(Parts parts) : parts_(std::move(parts)) {}

  base::Task<void> Serve(base::http::Exchange& exchange) override;

  // From now on /readyz says 503, and streams that would go on for ever end.
  void Drain() {
    draining_ = true;
    ending_.Request();
  }

 private:
  base::Task<void> ServeApi(base::http::Exchange& exchange, std::string_view method);
  base::Task<void> ServeSession(base::http::Exchange& exchange);
  base::Task<void> ServeMcp(base::http::Exchange& exchange);
  // An empty capability: who asks is proven by the head.
  base::Task<void> ServeRegistryApi(base::http::Exchange& exchange, std::string_view capability);
  base::Task<base::Result<Caller>> Identify(const Proof& proof);

  const Parts parts_;
  bool draining_ = false;
  base::CancelSignal ending_;
};

}  // namespace registry
