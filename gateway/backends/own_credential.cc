#include "gateway/backends/own_credential.h"

#include <optional>

#include "gateway/backends/upstream_error.h"
#include "gateway/state/shown_server.h"
#include "portolan/v1/server.pb.h"

namespace gateway {
namespace {

namespace v1 = portolan::v1;
using state::UpstreamTokens;

UpstreamTokens::Demand DemandOf(const state::ShownServer& server) {
  UpstreamTokens::Demand demand;
  demand.credential = server.credential;
  demand.places = server.places;
  demand.without_hosts = true;
  demand.resource = server.resource;
  return demand;
}

bool HasOne(const state::ShownServer& server, const UpstreamTokens& tokens) {
  return !server.places.empty() && !server.credential.empty() &&
         !tokens.IsPerCaller(server.credential);
}

class Credentialed final : public mcp::Handler {
 public:
  Credentialed(std::shared_ptr<mcp::Handler> server, std::string name, state::ShownServer shown,
               BackendContext& context)
      : server_(std::move(server)),
        name_(std::move(name)),
        shown_(std::move(shown)),
        context_(context) {}

  base::Task<mcp::Response> Handle(mcp::Call& call) override {
    UpstreamTokens& tokens = *context_.credentials;
    if (!HasOne(shown_, tokens)) co_return co_await server_->Handle(call);
    const std::shared_ptr<const mcp::UpstreamTerms> terms = call.upstream;
    std::optional<mcp::Response> response;
    // Twice, when the server takes a token no more.
    for (int round = 0; round < 2; ++round) {
      const UpstreamTokens::Demand demand = DemandOf(shown_);
      const auto shown = co_await tokens.Show(demand, context_.loop, call.cancel);
      if (shown.has_error()) co_return UpstreamError(call, name_, shown.error());
      if (!*shown) co_return co_await server_->Handle(call);
      call.upstream = state::WithShown(terms, **shown);
      response = co_await server_->Handle(call);
      call.upstream = terms;
      const auto& attempts = call.record.attempts;
      const bool refused = !attempts.empty() && attempts.back().http_status == 401;
      if (!refused || response->kind == mcp::Response::Kind::kRelayed || !tokens.Refused(**shown))
        break;
    }
    co_return *std::move(response);
  }

 private:
  const std::shared_ptr<mcp::Handler> server_;
  const std::string name_;
  const state::ShownServer shown_;
  BackendContext& context_;
};

}  // namespace

std::shared_ptr<mcp::Handler> WithOwnCredential(std::shared_ptr<mcp::Handler> server,
                                                const std::string& name, const v1::Server& spec,
                                                BackendContext& context) {
  state::ShownServer shown = state::ShownServer::Of(spec);
  if (!context.credentials || shown.credential.empty() || shown.places.empty()) return server;
  return std::make_shared<Credentialed>(std::move(server), name, std::move(shown), context);
}

base::Task<base::Result<UpstreamTokens::Pointer>> ShowOwn(const v1::Server& spec,
                                                          BackendContext& context,
                                                          base::CancelSignal& cancel) {
  const state::ShownServer server = state::ShownServer::Of(spec);
  if (!context.credentials || !HasOne(server, *context.credentials))
    co_return UpstreamTokens::Pointer();
  const UpstreamTokens::Demand demand = DemandOf(server);
  co_return co_await context.credentials->Show(demand, context.loop, cancel);
}

}  // namespace gateway
