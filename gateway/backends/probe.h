// A probe tries a server stage by stage, as `portolan doctor` shows it, and finds out what it
// offers. The one way in which definitions are found out.
//
//   over HTTP   dns, tcp, tls, http, auth, handshake, list
//   a program   start, handshake, list
#pragma once

#include <functional>
#include <string>

#include "gateway/backends/backend.h"
#include "portolan/v1/catalog_service.pb.h"
#include "portolan/v1/fleet_service.pb.h"

namespace gateway {

struct ProbeResult {
  portolan::v1::ServerStatus status;
  // What it offers; counts only when `listed`.
  portolan::v1::ServerDefinitions definitions;
  bool listed = false;
};

// `on_stage` is called as each stage ends; the one that fails is the last. `backend` is the
// server's handler from MakeBackend, `server` its spec.
base::Task<ProbeResult> ProbeServer(std::string name, portolan::v1::Server spec,
                                    std::shared_ptr<mcp::Handler> backend, BackendContext& context,
                                    base::CancelSignal& cancel,
                                    std::function<void(const portolan::v1::Stage&)> on_stage);

}  // namespace gateway
