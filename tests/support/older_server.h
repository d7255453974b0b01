// A server of 2025-11-25 over Streamable HTTP for tests: with sessions s-1, s-2, ..., a GET stream
// when the test wants one, and calls answered by a function.
#pragma once

#include <functional>
#include <string>

#include "mcp/raw_json.h"
#include "tests/support/backend_fixture.h"

namespace support {

inline std::string MethodOf(const ScriptedServer::Request& request) {
  return mcp::DecodeString(mcp::Member(request.body, "method"));
}
inline std::string IdOf(const ScriptedServer::Request& request) {
  return std::string(mcp::Member(request.body, "id"));
}
inline std::string ResultFor(const ScriptedServer::Request& request, std::string_view result) {
  return R"({"jsonrpc":"2.0","id":)" + IdOf(request) + ", \"result\":" + std::string(result) + "}";
}

struct OlderServer {
  int sessions = 0;
  int lost_status = 404;
  // How many of the sessions it has forgotten.
  int forgotten = 0;
  std::function<base::Task<void>(base::http::Exchange&, const ScriptedServer::Request&)> calls =
      [](base::http::Exchange& exchange,
         const ScriptedServer::Request& request) -> base::Task<void> {
    std::string body = ResultFor(request, R"({"content":[]})");
    co_await RespondJson(exchange, 200, std::move(body));
  };
  // What it does with answers to what it asked; without one, it takes them at once.
  std::function<base::Task<void>(base::http::Exchange&)> answers;
  // Without one, GET is not served.
  std::function<base::Task<void>(base::http::Exchange&, const ScriptedServer::Request&)> stream;

  base::Task<void> Answer(base::http::Exchange& exchange, const ScriptedServer::Request& request) {
    const std::string method = MethodOf(request);
    const std::string session = request.Field("mcp-session-id");
    if (request.method == "DELETE") co_return co_await RespondJson(exchange, 200, "{}");
    if (method == "initialize") {
      std::string body = ResultFor(
          request,
          R"({"protocolVersion":"2025-11-25","capabilities":{"tools":{"listChanged":true},"resources":{"subscribe":true},"logging":{}},"serverInfo":{"name":"old","version":"1"}})");
      std::string id = "s-" + std::to_string(++sessions);
      co_return co_await RespondJson(exchange, 200, std::move(body), std::move(id));
    }
    if (session.empty()) {
      co_return co_await RespondJson(
          exchange, 400,
          R"({"jsonrpc":"2.0","id":null,"error":{"code":-32000,"message":"Server not initialized"}})");
    }
    if (std::stoi(session.substr(2)) <= forgotten) {
      co_return co_await RespondJson(
          exchange, lost_status,
          R"({"jsonrpc":"2.0","id":null,"error":{"code":-32000,"message":"No such session"}})");
    }
    if (request.method == "GET") {
      if (stream) co_return co_await stream(exchange, request);
      co_return co_await RespondJson(exchange, 405, "{}");
    }
    // Notifications, and answers to what it asked.
    if (method.empty() && answers) co_return co_await answers(exchange);
    if (method.empty() || method.starts_with("notifications/")) {
      co_await exchange.Respond(202, {}, std::string_view());
      co_return;
    }
    co_await calls(exchange, request);
  }
  ScriptedServer::Answer function() {
    return [this](base::http::Exchange& exchange, const ScriptedServer::Request& request) {
      return Answer(exchange, request);
    };
  }
};

// Begins an event stream.
inline base::Task<void> StartEvents(base::http::Exchange& exchange) {
  const base::http::Field fields[] = {{"Content-Type", "text/event-stream"}};
  (void)co_await exchange.StartStream(200, fields);
}
inline base::Task<void> WriteEvent(base::http::Exchange& exchange, std::string data,
                                   std::string id = {}) {
  std::string event = id.empty() ? "" : "id: " + id + "\n";
  event += "data: " + data + "\n\n";
  (void)co_await exchange.Write(event);
}

}  // namespace support
