// What the tests of the endpoint share: an exchange without a socket, and messages of both eras.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "base/loop.h"
#include "mcp/http_endpoint.h"
#include "mcp/legacy/token_session_host.h"
#include "mcp/message.h"
#include "mcp/raw_json.h"
#include "tests/support/fake_exchange.h"
#include "tests/support/fake_handler.h"

namespace mcp {

inline constexpr base::http::Field kAccept{"Accept", "application/json, text/event-stream"};
inline constexpr base::http::Field kType{"Content-Type", "application/json"};
inline constexpr base::http::Field kVersion{"MCP-Protocol-Version", "2026-07-28"};

class EndpointTest : public ::testing::Test {
 protected:
  static std::string Meta(std::string_view more = {}) {
    return R"("_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28",)"
           R"("io.modelcontextprotocol/clientCapabilities":{}})" +
           std::string(more);
  }
  static std::string ModernCall(std::string_view tool = "add") {
    return R"({"jsonrpc":"2.0","id":41,"method":"tools/call","params":{"name":")" +
           std::string(tool) + "\"," + Meta() + "}}";
  }
  static std::string ModernList() {
    return R"({"jsonrpc":"2.0","id":"a","method":"tools/list","params":{)" + Meta() + "}}";
  }

  // A POST with the headers that every client sends.
  static support::FakeExchange Post(std::string body) {
    return {"POST", std::move(body), {kAccept, kType}};
  }
  static support::FakeExchange ModernPost(std::string body, std::string_view method) {
    return {"POST", std::move(body), {kAccept, kType, kVersion, {"Mcp-Method", method}}};
  }
  static support::FakeExchange ModernPost(std::string body, std::string_view method,
                                          std::string_view name) {
    return {"POST",
            std::move(body),
            {kAccept, kType, kVersion, {"Mcp-Method", method}, {"Mcp-Name", name}}};
  }

  void Serve(support::FakeExchange& exchange, Handler& answering) {
    record = {};
    base::Spawn(ServeHttp(exchange, loop, principal, record, answering, options));
  }
  void Serve(support::FakeExchange& exchange) { Serve(exchange, handler); }

  // Opens a session and gives its id.
  std::string OpenSession(std::string_view version = "2025-11-25") {
    support::FakeExchange exchange =
        Post(R"({"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":")" +
             std::string(version) +
             R"(","capabilities":{},"clientInfo":{"name":"probe","version":"9"}}})");
    Serve(exchange);
    EXPECT_EQ(exchange.status, 200) << exchange.text;
    return exchange.Field("Mcp-Session-Id");
  }

  static int ErrorCode(const support::FakeExchange& exchange) {
    return static_cast<int>(Integer(Member(Member(exchange.text, "error"), "code")).value_or(0));
  }
  static std::string Id(const support::FakeExchange& exchange) {
    return std::string(Member(exchange.text, "id"));
  }

  // Keys of the answer, in order: an error object has exactly jsonrpc, id, error.
  static std::string Keys(std::string_view object) {
    std::string out;
    Members members(object);
    while (members.Next()) out += DecodeString(members.key()) + " ";
    return out;
  }

  base::Loop loop;
  base::auth::Principal principal;
  base::SystemClock clock;
  legacy::TokenSessionHost sessions{base::auth::Aead({std::string(32, 'k')}), "x", clock};
  Record record;
  EndpointOptions options{.max_body_bytes = 4096, .sessions = &sessions};
  support::FakeHandler handler = support::FakeHandler::WithResult(
      R"({"supportedVersions":["2026-07-28"],"capabilities":{"tools":{}},"instructions":"Be brief.",)"
      R"("_meta":{"io.modelcontextprotocol/serverInfo":{"name":"fake","version":"1"}}})");
};

}  // namespace mcp
