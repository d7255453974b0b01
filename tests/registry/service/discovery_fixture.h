// A catalog of one server, and its DiscoveryServer: asked without a socket, as `caller_`.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "mcp/raw_json.h"
#include "mcp/request_headers.h"
#include "registry/service/discovery_server.h"

namespace registry {

// Remembers what it is told.
class HearingClient final : public mcp::Client {
 public:
  base::Task<base::Result<void>> Notify(std::string_view message) override {
    heard.push_back(nlohmann::json::parse(message));
    co_return base::Result<void>();
  }
  base::Task<base::Result<void>> Relay(mcp::Source&) override { co_return base::Result<void>(); }

  std::vector<nlohmann::json> heard;
};

class DiscoveryFixture : public testing::Test {
 protected:
  using json = nlohmann::json;

  static search::ToolDocument Tool(const std::string& name, const std::string& description,
                                   const std::string& schema) {
    search::ToolDocument tool;
    tool.name = name;
    tool.description = description;
    tool.input_schema = schema;
    tool.definition =
        json{{"name", name}, {"description", description}, {"inputSchema", json::parse(schema)}}
            .dump();
    search::ReadInputSchema(schema, tool);
    return tool;
  }

  DiscoveryFixture() {
    auto server = std::make_shared<search::ServerDocument>();
    server->name = "local/everything";
    server->base_path = "everything";
    server->description = "A server with one of each";
    server->tools = {
        Tool(
            "get-sum", "Returns the sum of two numbers\nand nothing else",
            R"({"type":"object","properties":{"a":{"type":"number"},"b":{"type":"number"}},"required":["a","b"]})"),
        Tool("echo", "Echoes back the input",
             R"({"type":"object","properties":{"message":{"type":"string"}}})")};
    index_.Upsert(server);
  }

  // Another server, with nothing but a name.
  void AddServer(const std::string& name, std::vector<std::string> audiences = {}) {
    auto server = std::make_shared<search::ServerDocument>();
    server->name = name;
    server->audiences = std::move(audiences);
    index_.Upsert(server);
  }
  void Hide(const std::string& name, std::string audience) {
    auto server = std::make_shared<search::ServerDocument>(*index_.FindServer(name, {}));
    server->audiences = {std::move(audience)};
    index_.Upsert(server);
  }
  void BeAlice() {
    caller_.id = "consumer/alice";
    caller_.kind = base::auth::PrincipalKind::kAgent;
  }

  // The whole answer.
  json Ask(const std::string& method, const json& params = json::object()) {
    const std::string bytes =
        json{{"jsonrpc", "2.0"}, {"id", 7}, {"method", method}, {"params", params}}.dump();
    mcp::Response response;
    bool answered = false;
    base::Spawn(Answer(bytes, client_, cancel_, response, answered));
    EXPECT_TRUE(answered);
    return json::parse(response.body);
  }
  json Result(const std::string& method, const json& params = json::object()) {
    json answer = Ask(method, params);
    EXPECT_TRUE(answer.contains("result")) << answer;
    return answer["result"];
  }
  int Code(const std::string& method, const json& params) {
    return Ask(method, params).at("error").at("code");
  }

  // `bytes` and the rest outlive the call.
  base::Task<void> Answer(std::string bytes, mcp::Client& client, base::CancelSignal& cancel,
                          mcp::Response& response, bool& answered) {
    const auto envelope = mcp::Scan(bytes);
    const std::string method = mcp::DecodeString(envelope->method.of(bytes));
    const std::string item = mcp::DecodeString(mcp::ItemOf(method, *envelope).of(bytes));
    mcp::Call call{.bytes = bytes,
                   .envelope = *envelope,
                   .principal = caller_,
                   .client = client,
                   .cancel = cancel,
                   .record = record_,
                   .method = method,
                   .item = item};
    response = co_await server_.Handle(call);
    answered = true;
  }

  base::Loop loop_;
  search::Index index_;
  DiscoveryServer server_{loop_, index_, {"http://127.0.0.1:8900"}};
  HearingClient client_;
  base::CancelSignal cancel_;
  mcp::Record record_;
  base::auth::Principal caller_;
};

}  // namespace registry
