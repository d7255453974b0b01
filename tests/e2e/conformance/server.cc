// conformance_server: an MCP server on our own library with all fixtures of the official
// conformance suite, over Streamable HTTP or stdio. Prints its URL once it is ready, and ends with
// SIGTERM or the end of stdin.
#include <boost/asio/signal_set.hpp>
#include <cstdio>
#include <iostream>
#include <iterator>
#include <optional>
#include <string>

#include "base/clock.h"
#include "base/http/server.h"
#include "base/loop.h"
#include "demo/http_service.h"
#include "demo/stdio_service.h"
#include "mcp/server/completion.h"
#include "mcp/server/logging.h"
#include "mcp/server/server.h"
#include "mcp/server/tasks.h"
#include "tests/e2e/conformance/fixtures.h"

namespace {

struct Options {
  std::string listen = "127.0.0.1:0";
  demo::Era era = demo::Era::kBoth;
  bool stdio = false;
};

std::optional<Options> Parse(int argc, char** argv) {
  Options options;
  for (int i = 1; i < argc; ++i) {
    const std::string_view flag = argv[i];
    if (flag == "--stdio") {
      options.stdio = true;
    } else if (flag == "--listen" && i + 1 < argc) {
      options.listen = argv[++i];
    } else if (flag == "--era" && i + 1 < argc) {
      const auto era = demo::ParseEra(argv[++i]);
      if (!era) return std::nullopt;
      options.era = *era;
    } else {
      return std::nullopt;
    }
  }
  return options;
}

int ServeHttp(base::Loop& loop, mcp::Handler& handler, const Options& options) {
  const auto address = base::http::ListenAddress::Parse(options.listen);
  if (!address) {
    std::cerr << "--listen: " << address.error().message << '\n';
    return 2;
  }
  const base::SystemClock clock;
  demo::HttpService service(loop, handler, options.era, clock, address->is_loopback());
  auto server = base::http::Server::Listen(loop, *address, false, {}, service);
  if (!server) {
    std::cerr << server.error().message << '\n';
    return 1;
  }
  (*server)->Start();
  std::cout << "http://" << (*server)->address().ToString() << "/mcp" << std::endl;
  loop.io.run();
  (*server)->Stop();
  return 0;
}

template <class T>
void Append(std::vector<T>& all, std::vector<T> more) {
  all.insert(all.end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()));
}

}  // namespace

int main(int argc, char** argv) {
  const auto options = Parse(argc, argv);
  if (!options) {
    std::cerr << "conformance_server [--listen HOST:PORT] [--era legacy|modern|both] [--stdio]\n";
    return 2;
  }
  base::Loop loop;
  boost::asio::signal_set signals(loop.io, SIGTERM, SIGINT);
  signals.async_wait([&](const boost::system::error_code& error, int) {
    if (!error) loop.io.stop();
  });
  const base::SystemClock clock;
  const mcp::ListFreshness freshness{.ttl_ms = 1'000, .same_for_all = true};
  mcp::Subscriptions subscriptions(loop);
  mcp::Tasks tasks(loop, clock);
  conformance::World world{loop, subscriptions};
  std::vector<mcp::Tool> all = conformance::ContentTools();
  Append(all, conformance::StreamTools(world));
  Append(all, conformance::AskingTools());
  Append(all, conformance::TaskTools(world));
  mcp::Tools tools(std::move(all), freshness, {&subscriptions, &tasks});
  mcp::Prompts prompts(conformance::Prompts(), freshness, &subscriptions);
  mcp::Resources resources(conformance::Resources(), conformance::ResourceTemplates(), freshness,
                           &subscriptions);
  mcp::Completion completion(prompts, resources);
  mcp::Logging logging;
  world.tools = &tools;
  world.prompts = &prompts;

  mcp::ServerOptions about;
  about.name = "portolan-conformance";
  about.title = "Portolan Conformance";
  about.freshness = freshness;
  mcp::Server server(about,
                     {&tools, &prompts, &resources, &completion, &logging, &subscriptions, &tasks});
  if (!options->stdio) return ServeHttp(loop, server, *options);
  demo::StdioService service(loop, server, options->era);
  base::Spawn(service.Run());
  loop.io.run();
  return 0;
}
