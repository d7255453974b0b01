#include "gateway/backends/sse_servers.h"

#include "gateway/backends/home_handler.h"

namespace gateway {
namespace {

// A handler's last owner may be any thread; what it owns lives on its own loop.
struct AtHome final : mcp::Handler {
  AtHome(std::shared_ptr<SseServer> of, base::Loop& loop) : server(std::move(of)), home(loop) {}
  ~AtHome() override {
    home.Post([last = std::move(server)] {});
  }
  base::Task<mcp::Response> Handle(mcp::Call& call) override {
    co_return co_await server->Handle(call);
  }

  std::shared_ptr<SseServer> server;
  base::Loop& home;
};

}  // namespace

std::shared_ptr<mcp::Handler> SseServers::Get(const std::string& key, SseServer::Options options,
                                              std::shared_ptr<Upstream> upstream,
                                              base::Loop& caller_loop) {
  std::shared_ptr<SseServer> server;
  {
    const std::lock_guard lock(mutex_);
    std::erase_if(servers_, [](const auto& entry) { return entry.second.expired(); });
    std::weak_ptr<SseServer>& known = servers_[key];
    server = known.lock();
    if (!server) {
      server = SseServer::Make(std::move(options), std::move(upstream), context_);
      known = server;
    }
  }
  auto at_home = std::make_shared<AtHome>(std::move(server), context_.loop);
  if (&caller_loop == &context_.loop) return at_home;
  return std::make_shared<HomeHandler>(std::move(at_home), context_.loop, caller_loop);
}

}  // namespace gateway
