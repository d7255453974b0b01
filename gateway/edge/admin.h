// The Admin pages of a gateway: /healthz, /readyz, /metrics and /config, on a port of their own
// (loopback unless told); and POST /cache/clear, which forgets the answers that rules keep.
//
// One thread, the main loop's. /config shows the snapshot in force, with everything secret left
// out.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/http/server.h"
#include "base/loop.h"
#include "gateway/edge/hosts.h"
#include "gateway/routing/snapshot.h"

namespace gateway {

class Admin final : public base::http::Service {
 public:
  // What the pages show; each is called on the main loop.
  struct Sources {
    // Empty when calls are served; else why not.
    std::function<std::string()> not_ready;
    std::function<std::string()> metrics;
    // Raw JSON: `"stale_s":3,...` for /healthz and /config.
    std::function<std::string()> health_json;
    std::function<const Snapshot&()> snapshot;
    std::function<void()> clear_cache;
  };
  // All references outlive it.
  static base::Result<std::unique_ptr<Admin>> Listen(base::Loop& loop,
                                                     const base::http::ListenAddress& address,
                                                     Sources sources);

  const base::http::ListenAddress& address() const { return server_->address(); }
  void Start() { server_->Start(); }
  void Stop() { server_->Stop(); }

  base::Task<void> Serve(base::http::Exchange& exchange) override;

 private:
  explicit Admin(Sources sources) : sources_(std::move(sources)) {}

  // Constant after construction
  const Sources sources_;
  Hosts hosts_;
  std::unique_ptr<base::http::Server> server_;
};

// The snapshot as JSON. Left out: key hashes, values of environment variables, what a URL carries
// behind `?`.
std::string ConfigJson(const Snapshot& snapshot);

}  // namespace gateway
