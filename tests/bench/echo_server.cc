// bench_server: the fastest MCP server we can put behind a gateway, so that what is measured is the
// gateway.
//
// Tools text_N answer with N bytes of text, events_N with N notifications before the result, pause_N
// with a notification at once and the result N ms later. A call is not parsed but looked through for
// its id and its tool's name: it trusts its clients.
//
//   bench_server LISTEN
#include <array>
#include <chrono>
#include <cstdlib>
#include <iostream>
#include <map>
#include <string>
#include <string_view>

#include "base/http/server.h"
#include "base/loop.h"

namespace {

using namespace base::http;
using base::Result, base::Task;

// The JSON value that begins behind `mark`, when it is a number or a string; else empty.
std::string_view ValueBehind(std::string_view text, std::string_view mark) {
  std::size_t at = text.find(mark);
  if (at == std::string_view::npos) return {};
  at = text.find_first_not_of(' ', at + mark.size());
  if (at == std::string_view::npos) return {};
  std::size_t end = at + 1;
  if (text[at] == '"') {
    end = text.find('"', end) + 1;
  } else {
    end = text.find_first_of(",} ", end);
  }
  return text.substr(at, end - at);
}

std::string_view Unquoted(std::string_view text) {
  return text.size() >= 2 && text.front() == '"' ? text.substr(1, text.size() - 2) : text;
}

class BenchService final : public Service {
 public:
  explicit BenchService(base::Loop& loop) : loop_(loop) {}

  Task<void> Serve(Exchange& exchange) override {
    Result<std::string_view> body = co_await exchange.ReadBody(16 << 20);
    const std::string_view id = body ? ValueBehind(*body, "\"id\":") : std::string_view();
    if (id.empty()) {
      const int status = exchange.head().method == "POST" && body ? 202 : 405;
      Result<void> ignored = co_await exchange.Respond(status, {}, std::string_view());
      co_return;
    }
    const std::string_view method = Unquoted(ValueBehind(*body, "\"method\":"));
    if (method == "tools/call") {
      co_await Call(exchange, id, Unquoted(ValueBehind(*body, "\"name\":")));
    } else {
      const std::string_view result = Lists(method);
      const std::array<std::string_view, 5> pieces = {R"({"jsonrpc":"2.0","id":)", id, ",", result,
                                                      "}"};
      Result<void> ignored = co_await exchange.Respond(200, std::span(&kJson, 1), pieces);
    }
  }

 private:
  static constexpr Field kJson{"Content-Type", "application/json"};
  // The second keeps nginx from collecting events.
  static constexpr std::array<Field, 2> kEvents{
      {{"Content-Type", "text/event-stream"}, {"X-Accel-Buffering", "no"}}};

  static std::string_view Lists(std::string_view method) {
    if (method == "server/discover") {
      return R"("result":{"resultType":"complete","supportedVersions":["2026-07-28"],"capabilities":{"tools":{}},)"
             R"("serverInfo":{"name":"bench","version":"1"},"ttlMs":3600000,"cacheScope":"public"})";
    }
    if (method == "tools/list") {
      return R"("result":{"resultType":"complete","ttlMs":3600000,"cacheScope":"public","tools":[)"
             R"({"name":"text_300","inputSchema":{"type":"object"}},{"name":"text_4096","inputSchema":{"type":"object"}},)"
             R"({"name":"text_65536","inputSchema":{"type":"object"}},{"name":"events_1","inputSchema":{"type":"object"}},)"
             R"({"name":"events_100","inputSchema":{"type":"object"}},{"name":"pause_50","inputSchema":{"type":"object"}}]})";
    }
    return R"("error":{"code":-32601,"message":"no such method"})";
  }

  Task<void> Call(Exchange& exchange, std::string_view id, std::string_view tool) {
    const std::size_t underscore = tool.rfind('_');
    const std::size_t number =
        underscore == tool.npos
            ? 0
            : std::strtoull(std::string(tool.substr(underscore + 1)).c_str(), nullptr, 10);
    const bool pauses = tool.starts_with("pause_");
    if (!pauses && !tool.starts_with("events_")) {
      const std::array<std::string_view, 5> pieces = {
          R"({"jsonrpc":"2.0","id":)", id,
          R"(,"result":{"resultType":"complete","content":[{"type":"text","text":")", Text(number),
          R"("}]}})"};
      Result<void> ignored = co_await exchange.Respond(200, std::span(&kJson, 1), pieces);
      co_return;
    }
    Result<void> going = co_await exchange.StartStream(200, kEvents);
    const std::size_t events = pauses ? 2 : number;
    for (std::size_t i = 1; i < events && going; ++i) {
      const std::string event =
          R"(data: {"jsonrpc":"2.0","method":"notifications/message","params":{"level":"info","data":"step )" +
          std::to_string(i) + "\"}}\n\n";
      going = co_await exchange.Write(event);
    }
    const std::string last = R"(data: {"jsonrpc":"2.0","id":)" + std::string(id) +
                             R"(,"result":{"resultType":"complete","content":[]}})"
                             "\n\n";
    if (pauses) co_await loop_.timers.Sleep(std::chrono::milliseconds(number), exchange.cancel());
    if (going) going = co_await exchange.Write(last);
    if (going) going = co_await exchange.FinishStream();
  }

  const std::string& Text(std::size_t bytes) {
    std::string& text = texts_[bytes];
    if (text.empty()) text.assign(std::min<std::size_t>(bytes, 16 << 20), 'x');
    return text;
  }

  base::Loop& loop_;
  std::map<std::size_t, std::string> texts_;
};

}  // namespace

int main(int count, char** arguments) {
  if (count != 2) {
    std::cerr << "bench_server LISTEN\n";
    return 2;
  }
  const auto address = ListenAddress::Parse(arguments[1]);
  if (!address) {
    std::cerr << address.error().message << "\n";
    return 2;
  }
  base::Loop loop;
  BenchService service(loop);
  auto server = Server::Listen(loop, *address, false, ServerLimits{}, service);
  if (!server) {
    std::cerr << server.error().message << "\n";
    return 1;
  }
  (*server)->Start();
  std::cout << "listening=" << (*server)->address().ToString() << std::endl;
  loop.io.run();
}
