// stdio: an endpoint of the gateway, for clients that only start programs.
#include <boost/asio/signal_set.hpp>
#include <condition_variable>
#include <csignal>
#include <memory>
#include <mutex>
#include <thread>

#include "cli/context.h"
#include "cli/mcp_endpoint.h"
#include "cli/stdio_bridge.h"
#include "cli/verbs.h"

namespace cli {
namespace {

// Call tokens live five minutes.
constexpr std::chrono::minutes kRenewAfter{3};
constexpr std::chrono::seconds kRenewAgainAfter{10};

// Who calls: the key, or tokens that are renewed as long as the bridge runs.
class Caller {
 public:
  explicit Caller(Context& context) : context_(context) {}
  ~Caller() {
    {
      const std::lock_guard lock(mutex_);
      ended_ = true;
    }
    wake_.notify_all();
    if (renewer_.joinable()) renewer_.join();
  }

  // Toward the registry a token serves as it is; gateways are shown one that the registry signs.
  enum class Toward { kRegistry, kGateway };
  base::Result<void> Begin(Toward toward) {
    if (!context_.options().key.empty()) {
      headers_.emplace_back("X-Api-Key", context_.options().key);
      return {};
    }
    if (context_.token().empty()) return {};
    if (toward == Toward::kRegistry) {
      headers_.emplace_back("Authorization", "Bearer " + context_.token());
      return {};
    }
    if (auto renewed = Renew(); !renewed) return renewed;
    renewer_ = std::thread([this] { KeepRenewing(); });
    return {};
  }

  StdioBridge::Headers headers() {
    const std::lock_guard lock(mutex_);
    return headers_;
  }

 private:
  base::Result<void> Renew() {
    const auto token = context_.registry().IssueCallToken();
    if (!token) return token.error();
    const std::lock_guard lock(mutex_);
    headers_ = {{"Authorization", "Bearer " + token->token()}};
    return {};
  }

  void KeepRenewing() {
    std::chrono::seconds pause = kRenewAfter;
    std::unique_lock lock(mutex_);
    while (!wake_.wait_for(lock, pause, [this] { return ended_; })) {
      lock.unlock();
      pause = Renew() ? std::chrono::seconds(kRenewAfter) : kRenewAgainAfter;
      lock.lock();
    }
  }

  Context& context_;
  std::thread renewer_;

  std::mutex mutex_;
  std::condition_variable wake_;
  bool ended_ = false;
  StdioBridge::Headers headers_;
};

base::Result<base::http::Url> EndpointOf(Context& context, const std::string& server) {
  const auto endpoint = FindMcpEndpoint(context, server);
  if (!endpoint) return endpoint.error();
  return base::http::Url::Parse(endpoint->url);
}

Exit Bridge(Context& context, const std::string& server) {
  Printer& printer = context.printer();
  const auto url = EndpointOf(context, server);
  if (!url) {
    Failure failure = FailureFrom(url.error(), "find");
    if (failure.exit == Exit::kNotFound) failure.next = "see what there is:  portolan ls";
    return printer.Fail(failure);
  }
  Caller caller(context);
  const auto toward = server.empty() ? Caller::Toward::kRegistry : Caller::Toward::kGateway;
  if (auto begun = caller.Begin(toward); !begun) {
    return printer.Fail(FailureFrom(begun.error(), "token"));
  }

  base::Loop loop;
  StandardStreams streams(loop);
  StdioBridge bridge(loop, streams, *url, context.tls(), [&caller] { return caller.headers(); });
  base::CancelSignal stop;
  boost::asio::signal_set signals(loop.io, SIGTERM, SIGINT);
  signals.async_wait([&stop](const boost::system::error_code& error, int) {
    if (!error) stop.Request();
  });
  const auto run = [&]() -> base::Task<> {
    co_await bridge.Run(stop);
    loop.io.stop();
  };
  base::Spawn(run());
  loop.io.run();
  // What was closed at the end lets go of its coroutines.
  loop.io.restart();
  loop.io.poll();
  if (bridge.failed_to_reach()) {
    return printer.Fail({Exit::kUnreachable, "gateway", url->origin() + " could not be reached",
                         "is it running?  portolan doctor"});
  }
  return Exit::kOk;
}

}  // namespace

void AddStdio(Verbs& verbs) {
  const auto server = std::make_shared<std::string>();
  verbs
      .Add("stdio", "MCP on stdin and stdout, for clients that only start programs",
           "portolan stdio fs      (in a client's settings: command `portolan`, args `stdio fs`)",
           [server](Context& context) { return Bridge(context, *server); })
      .Word("server", *server, "SERVER", "Without it: the tools that find all others",
            Verb::Need::kOptional);
}

}  // namespace cli
