#include "gateway/backends/backend.h"

#include "base/auth/api_key.h"
#include "gateway/backends/pool_server.h"
#include "gateway/backends/remote_server.h"
#include "gateway/backends/sse_servers.h"
#include "gateway/backends/stdio_servers.h"
#include "gateway/backends/upstream_error.h"
#include "gateway/backends/upstream_table.h"
#include "mcp/legacy/ask_for_input.h"
#include "mcp/legacy/park_for_input.h"
#include "portolan/v1/bootstrap.pb.h"
#include "portolan/v1/server.pb.h"

namespace gateway {
namespace {

using std::chrono::milliseconds;

// A server that this gateway cannot serve.
class UnservedServer final : public mcp::Handler {
 public:
  UnservedServer(std::string name, std::string why)
      : name_(std::move(name)), why_(std::move(why)) {}
  base::Task<mcp::Response> Handle(mcp::Call& call) override {
    co_return ServerBusy(call, name_, why_, std::nullopt);
  }

 private:
  const std::string name_;
  const std::string why_;
};

milliseconds Or(std::int64_t configured_ms, milliseconds otherwise) {
  return configured_ms > 0 ? milliseconds(configured_ms) : otherwise;
}

std::size_t Or(std::int64_t configured, std::size_t otherwise) {
  return configured > 0 ? static_cast<std::size_t>(configured) : otherwise;
}

}  // namespace

BackendLimits BackendLimits::From(const portolan::v1::Limits& limits) {
  BackendLimits result;
  result.connect = Or(limits.connect_timeout_ms(), result.connect);
  result.first_byte = Or(limits.first_byte_timeout_ms(), result.first_byte);
  result.idle = Or(limits.idle_timeout_ms(), result.idle);
  result.total = Or(limits.total_timeout_ms(), result.total);
  result.max_event_bytes = Or(limits.max_event_bytes(), result.max_event_bytes);
  result.max_stdio_message_bytes = Or(limits.max_event_bytes(), result.max_stdio_message_bytes);
  result.max_connections = Or(limits.max_server_connections(), result.max_connections);
  result.max_stdio_children = Or(limits.max_stdio_children(), result.max_stdio_children);
  return result;
}

base::http::ClientLimits BackendLimits::ForClient() const {
  base::http::ClientLimits limits;
  limits.connect = connect;
  limits.first_byte = first_byte;
  limits.idle = idle;
  limits.max_connections_per_origin = max_connections;
  return limits;
}

portolan::v1::Server SpecOf(const portolan::v1::Server& spec,
                            const portolan::v1::PoolMember& member) {
  portolan::v1::Server single = spec;
  portolan::v1::Endpoint& endpoint = *single.mutable_endpoint();
  endpoint.Clear();
  if (member.has_streamable_http()) *endpoint.mutable_streamable_http() = member.streamable_http();
  if (member.has_sse()) *endpoint.mutable_sse() = member.sse();
  return single;
}

std::string BackendKey(const std::string& server_name, const portolan::v1::Server& spec) {
  std::string what;
  if (spec.endpoint().has_pool()) {
    for (const portolan::v1::PoolMember& member : spec.endpoint().pool().members())
      what += member.name() + "\n" + SpecOf(spec, member).endpoint().SerializeAsString() + "\n";
  } else {
    what = spec.endpoint().SerializeAsString();
  }
  what += spec.sessions() == portolan::v1::Sessions::SHARED ? "S" : "P";
  return server_name + "\n" + base::auth::Hex(base::auth::Sha256(what));
}

namespace {

// The server as it is, in its own era.
std::shared_ptr<mcp::Handler> MakeServer(const std::string& server_name,
                                         const portolan::v1::Server& spec,
                                         const std::shared_ptr<Upstream>& upstream,
                                         BackendContext& context) {
  const portolan::v1::Endpoint& endpoint = spec.endpoint();
  if (endpoint.has_stdio()) {
    if (context.stdio) return context.stdio->Get(server_name, spec, upstream, context.loop);
    return std::make_shared<UnservedServer>(
        server_name, "is a program, and this gateway starts none (--allow-stdio is off).");
  }
  const bool shared = spec.sessions() == portolan::v1::Sessions::SHARED;
  if (endpoint.has_sse()) {
    auto url = base::http::Url::Parse(endpoint.sse().url());
    if (!url) return std::make_shared<UnservedServer>(server_name, "has a URL that is no URL.");
    SseServer::Options options{server_name, *std::move(url), shared};
    if (!context.sse) return SseServer::Make(std::move(options), upstream, context);
    return context.sse->Get(BackendKey(server_name, spec), std::move(options), upstream,
                            context.loop);
  }
  if (!endpoint.has_streamable_http()) {
    return std::make_shared<UnservedServer>(server_name,
                                            "has no endpoint that this gateway can reach.");
  }
  auto url = base::http::Url::Parse(endpoint.streamable_http().url());
  if (!url) return std::make_shared<UnservedServer>(server_name, "has a URL that is no URL.");
  RemoteServer::Options options{server_name, *std::move(url), shared};
  return std::make_shared<RemoteServer>(std::move(options), upstream, context);
}

std::shared_ptr<PoolServer> MakePool(const std::string& server_name,
                                     const portolan::v1::Server& spec, BackendContext& context) {
  const std::string key = BackendKey(server_name, spec);
  std::shared_ptr<PoolState> state = context.upstreams.FindPool(key);
  state->Set(spec.endpoint().pool());
  std::vector<PoolServer::Member> members;
  for (const portolan::v1::PoolMember& member : spec.endpoint().pool().members()) {
    std::shared_ptr<Upstream> upstream = context.upstreams.Find(key + "\n" + member.name());
    auto server = MakeServer(server_name, SpecOf(spec, member), upstream, context);
    members.push_back({member.name(), std::move(server), std::move(upstream)});
  }
  return PoolServer::Make(server_name, std::move(members), std::move(state), context);
}

}  // namespace

std::shared_ptr<mcp::Handler> MakeBackend(const std::string& server_name,
                                          const portolan::v1::Server& spec,
                                          BackendContext& context) {
  std::function<std::optional<mcp::Revision>()> revision;
  std::shared_ptr<mcp::Handler> server;
  if (spec.endpoint().has_pool()) {
    const std::shared_ptr<PoolServer> pool = MakePool(server_name, spec, context);
    revision = [pool] { return pool->revision(); };
    server = pool;
  } else {
    const std::shared_ptr<Upstream> upstream =
        context.upstreams.Find(BackendKey(server_name, spec));
    revision = [upstream] { return upstream->revision(); };
    server = MakeServer(server_name, spec, upstream, context);
  }
  server = std::make_shared<mcp::legacy::AskForInput>(std::move(server), revision);
  if (!context.parked) return server;
  mcp::legacy::ParkForInput::Options options{context.loop, *context.parked, server_name, revision};
  return std::make_shared<mcp::legacy::ParkForInput>(std::move(server), std::move(options));
}

}  // namespace gateway
