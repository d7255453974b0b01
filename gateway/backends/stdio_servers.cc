#include "gateway/backends/stdio_servers.h"

#include <csignal>

#include "gateway/backends/home_handler.h"
#include "gateway/backends/stdio_server.h"
#include "portolan/v1/server.pb.h"

namespace gateway {
namespace {

StdioServer::Options OptionsFrom(const std::string& name, const portolan::v1::Server& spec,
                                 const BackendLimits& limits) {
  const portolan::v1::Stdio& stdio = spec.endpoint().stdio();
  StdioServer::Options options;
  options.name = name;
  options.shared = spec.sessions() == portolan::v1::Sessions::SHARED;
  options.program.command = stdio.command();
  options.program.args.assign(stdio.args().begin(), stdio.args().end());
  options.program.cwd = stdio.cwd();
  options.program.max_memory_bytes = limits.max_stdio_tree_bytes;
  options.program.environment = base::ChildEnvironment();
  for (const portolan::v1::NameValue& variable : stdio.env()) {
    std::erase_if(options.program.environment,
                  [&](const auto& existing) { return existing.first == variable.name(); });
    options.program.environment.emplace_back(variable.name(), variable.value());
  }
  return options;
}

}  // namespace

StdioServers::StdioServers(base::Loop& loop, Guard& guard, const BackendLimits& limits)
    : loop_(loop), guard_(guard), limits_(limits) {
  std::signal(SIGPIPE, SIG_IGN);
}

StdioServers::~StdioServers() = default;

std::shared_ptr<mcp::Handler> StdioServers::Get(const std::string& name,
                                                const portolan::v1::Server& spec,
                                                std::shared_ptr<Upstream> upstream,
                                                base::Loop& caller_loop) {
  std::shared_ptr<mcp::Handler> server;
  {
    const std::lock_guard lock(mutex_);
    std::erase_if(servers_, [](const auto& entry) { return entry.second.expired(); });
    std::weak_ptr<mcp::Handler>& known = servers_[BackendKey(name, spec)];
    server = known.lock();
    if (!server) {
      auto made = std::make_shared<StdioServer>(
          OptionsFrom(name, spec, limits_), std::move(upstream), loop_, guard_, limits_, clock_);
      if (on_list_changed_) {
        made->OnListChanged([this, name] { on_list_changed_(name); });
      }
      mcp::Handler* handler = made.get();
      // It lives on our loop, wherever its last handler is dropped; what it has begun ends there.
      server = std::shared_ptr<mcp::Handler>(
          handler, [&home = loop_, held = std::move(made)](mcp::Handler*) mutable {
            home.Post([ended = std::move(held)] { ended->Close(); });
          });
      known = server;
    }
  }
  if (&caller_loop == &loop_) return server;
  return std::make_shared<HomeHandler>(std::move(server), loop_, caller_loop);
}

}  // namespace gateway
