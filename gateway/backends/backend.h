// Backends answer a call by asking the server: the last link of every chain.
//
// A backend belongs to one worker; the gateway makes it when the first call for its server comes
// and drops it when the server's endpoint changes or goes. Running calls keep it alive. What
// several workers must share (upstream sessions, the era a server speaks, the children of stdio
// servers) is in UpstreamTable and StdioServers, made once by main.cc.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "base/http/client.h"
#include "base/loop.h"
#include "mcp/handler.h"

namespace portolan::v1 {
class Limits;
class PoolMember;
class Server;
}  // namespace portolan::v1

namespace mcp::legacy {
class ParkedCalls;
}

namespace gateway {

namespace state {
class UpstreamTokens;
}

class SseServers;
class StdioServers;
class UpstreamTable;

struct BackendLimits {
  std::chrono::milliseconds connect{2'000};
  std::chrono::milliseconds first_byte{60'000};
  std::chrono::milliseconds idle{60'000};
  std::chrono::milliseconds total{300'000};
  std::size_t max_event_bytes = 16 * 1024 * 1024;
  std::size_t max_connections = 256;
  // An upstream session that nobody used for so long is ended.
  std::chrono::milliseconds session_idle{600'000};

  std::size_t max_stdio_children = 4;
  std::size_t max_stdio_message_bytes = 16 * 1024 * 1024;
  std::uint64_t max_stdio_tree_bytes = 1024ULL * 1024 * 1024;
  std::chrono::milliseconds stdio_idle{600'000};

  // What a server may offer; a server that offers more fails its probe.
  std::size_t max_definitions = 10'000;
  std::size_t max_definition_bytes = 16 * 1024 * 1024;

  // The defaults, with what the bootstrap sets.
  static BackendLimits From(const portolan::v1::Limits& limits);
  // For the workers' http client.
  base::http::ClientLimits ForClient() const;
};

// What a worker lends its backends. All references outlive them.
struct BackendContext {
  base::Loop& loop;
  base::http::Client& client;
  UpstreamTable& upstreams;
  // Absent: this gateway starts no programs (`--allow-stdio` is off).
  StdioServers* stdio;
  const BackendLimits& limits;
  // Absent: older servers cannot ask modern callers anything.
  mcp::legacy::ParkedCalls* parked = nullptr;
  // Absent: HTTP+SSE servers are asked on this loop.
  SseServers* sse = nullptr;
  // Absent: servers are shown nothing but what a call says.
  state::UpstreamTokens* credentials = nullptr;
};

// Never null: a server that this gateway cannot serve (a stdio endpoint without `--allow-stdio`)
// answers each call with an error that says so. Servers of either era are served, with what stands
// between the eras around them (passage.h, mcp/legacy).
std::shared_ptr<mcp::Handler> MakeBackend(const std::string& server_name,
                                          const portolan::v1::Server& spec,
                                          BackendContext& context);

// Of a pool's member, as if it were the server alone.
portolan::v1::Server SpecOf(const portolan::v1::Server& spec,
                            const portolan::v1::PoolMember& member);

// Changes exactly when another backend is needed: put it beside the server's name as the key of a
// worker's backends. What a pool says of its members besides where they are is PoolState's.
std::string BackendKey(const std::string& server_name, const portolan::v1::Server& spec);

}  // namespace gateway
