// portolan-demo: a small MCP server for the demo, the tests and the benchmark. No network, no
// state.
#include <boost/asio/signal_set.hpp>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <optional>
#include <string>

#include "base/clock.h"
#include "base/http/server.h"
#include "base/log.h"
#include "base/loop.h"
#include "demo/http_service.h"
#include "demo/stdio_service.h"
#include "demo/tools.h"
#include "mcp/server/tool_server.h"

namespace {

constexpr std::string_view kUsage =
    "portolan-demo: a small MCP server to try Portolan with\n"
    "  --listen HOST:PORT       serve Streamable HTTP at /mcp (default 127.0.0.1:0)\n"
    "  --stdio                  serve stdin and stdout instead\n"
    "  --era legacy|modern|both the protocol revisions it speaks (default both)\n"
    "  --endpoints-file PATH    write http=URL there once it is ready\n"
    "Example:\n"
    "  portolan-demo --listen 127.0.0.1:9000 --era legacy\n";

struct Options {
  std::string listen = "127.0.0.1:0";
  std::string endpoints_file;
  demo::Era era = demo::Era::kBoth;
  bool stdio = false;
};

std::optional<Options> Parse(int argc, char** argv) {
  Options options;
  for (int i = 1; i < argc; ++i) {
    std::string_view flag = argv[i];
    if (flag == "--stdio") {
      options.stdio = true;
      continue;
    }
    if (i + 1 == argc) return std::nullopt;
    std::string value = argv[++i];
    if (flag == "--listen") {
      options.listen = value;
    } else if (flag == "--endpoints-file") {
      options.endpoints_file = value;
    } else if (flag == "--era") {
      auto era = demo::ParseEra(value);
      if (!era) return std::nullopt;
      options.era = *era;
    } else {
      return std::nullopt;
    }
  }
  return options;
}

// In one step, so that who waits for the file never reads half of it.
bool WriteEndpoints(const std::string& path, const std::string& url) {
  std::string fresh = path + ".new";
  std::ofstream file(fresh, std::ios::trunc);
  file << "http=" << url << '\n';
  file.close();
  return file && std::rename(fresh.c_str(), path.c_str()) == 0;
}

int ServeHttp(base::Loop& loop, mcp::Handler& handler, const Options& options) {
  auto address = base::http::ListenAddress::Parse(options.listen);
  if (!address) {
    std::cerr << "--listen: " << address.error().message << '\n';
    return 2;
  }
  base::SystemClock clock;
  demo::HttpService service(loop, handler, options.era, clock, address->is_loopback());
  auto server = base::http::Server::Listen(loop, *address, false, {}, service);
  if (!server) {
    std::cerr << server.error().message << '\n';
    return 1;
  }
  (*server)->Start();
  std::string url = "http://" + (*server)->address().ToString();
  if (!options.endpoints_file.empty() && !WriteEndpoints(options.endpoints_file, url)) {
    std::cerr << "cannot write " << options.endpoints_file << '\n';
    return 1;
  }
  base::StartLog("demo");
  spdlog::info("listening url={}/mcp", url);
  loop.io.run();
  (*server)->Stop();
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc == 2 && std::string_view(argv[1]) == "--help") {
    std::cout << kUsage;
    return 0;
  }
  auto options = Parse(argc, argv);
  if (!options) {
    std::cerr << kUsage;
    return 2;
  }
  base::Loop loop;
  boost::asio::signal_set signals(loop.io, SIGTERM, SIGINT);
  signals.async_wait([&](const boost::system::error_code& error, int) {
    if (!error) loop.io.stop();
  });
  mcp::ServerOptions about;
  about.name = "portolan-demo";
  about.title = "Portolan Demo";
  about.instructions = "Tools to try Portolan with: echo, add, weather, slow and fail.";
  about.freshness.same_for_all = true;
  mcp::ToolServer tools(about, demo::Tools(loop));
  if (!options->stdio) return ServeHttp(loop, tools, *options);
  demo::StdioService service(loop, tools, options->era);
  base::Spawn(service.Run());
  loop.io.run();
  return 0;
}
