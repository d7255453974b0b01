// A server that is hidden is hidden everywhere at once: at the gateway, over gRPC, in the JSON API, the
// registry API and for agents that search; and whoever asks for it is let in everywhere at once.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/installation.h"

namespace {

using nlohmann::json;
using support::DemoServer;
using support::Finished;
using support::Installation;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr std::chrono::seconds kWithinASecond{1};

class VisibilityTest : public ::testing::Test {
 protected:
  VisibilityTest() {
    alice_ = Key("alice");
    bob_ = Key("bob");
    portolan_.CliOk({"add", "io.github.acme/pay", server_.url()});
  }

  std::string Key(const std::string& consumer) {
    std::string key = portolan_.CliOk({"key", "create", consumer});
    while (key.ends_with('\n')) key.pop_back();
    return key;
  }
  void ShowTo(const std::string& audience) {
    portolan_.Apply(
        "kind: Server\nname: io.github.acme/pay\nspec:\n  endpoint: {streamable_http: {url: '" +
        server_.url() + "'}}\n  visibility: {audiences: ['" + audience + "']}\n");
  }
  static std::string Proof(const std::string& key) {
    return key.empty() ? "" : "X-Api-Key: " + key + "\r\n";
  }
  int StatusAtTheGateway(const std::string& key) {
    return portolan_.Call("pay", "echo", R"({"message":"x"})", Proof(key)).status;
  }
  bool BecomesAtTheGateway(const std::string& key, int status) {
    return support::Becomes(kWithinASecond, [&] { return StatusAtTheGateway(key) == status; });
  }

  // The faces of the registry, as that one sees the server; 1 is that it is there.
  std::vector<int> Seen(const std::string& key) {
    std::vector<std::string> as = {"--token", key};
    std::vector<std::string> ls = as;
    ls.insert(ls.end(), {"ls", "-o", "name"});
    const auto get = [&](const std::string& bytes) {
      return support::Exchange(portolan_.http(), bytes);
    };
    const std::string api = get("POST /api/portolan.v1.CatalogService/Get HTTP/1.1\r\nHost: "
                                "localhost\r\nContent-Type: application/json\r\n" +
                                Proof(key) + "Content-Length: 45\r\n\r\n" +
                                R"({"kind":"Server","name":"io.github.acme/pay"})")
                                .body;
    const std::string listed =
        get("GET /v0.1/servers HTTP/1.1\r\nHost: localhost\r\n" + Proof(key) + "\r\n").body;
    const std::string found =
        get(support::PostBytes(
                "/mcp",
                support::ModernCall("1", "find_tools",
                                    R"({"queries":["echo a message"],"server":"pay"})"),
                support::ModernHead("tools/call", "find_tools") + Proof(key)))
            .body;
    return {portolan_.Cli(ls).out.find("io.github.acme/pay") != std::string::npos,
            api.find("streamableHttp") != std::string::npos,
            listed.find("io.github.acme/pay") != std::string::npos,
            found.find("pay.echo") != std::string::npos};
  }

  DemoServer server_;
  Installation portolan_;
  std::string alice_, bob_;
};

TEST_F(VisibilityTest, AHiddenServerIsNotThereAtTheGatewayNorInAnyFace) {
  ASSERT_TRUE(BecomesAtTheGateway(bob_, 200));
  EXPECT_EQ(Seen(bob_), (std::vector<int>{1, 1, 1, 1}));
  ShowTo("consumer:alice");
  EXPECT_EQ(Seen(bob_), (std::vector<int>{0, 0, 0, 0}));
  EXPECT_TRUE(BecomesAtTheGateway(bob_, 404));
  EXPECT_EQ(StatusAtTheGateway(""), 404);
  EXPECT_EQ(StatusAtTheGateway(alice_), 200);
  EXPECT_EQ(Seen(alice_), (std::vector<int>{1, 1, 1, 1}));
  const auto hidden = portolan_.Call("pay", "echo", "{}", "X-Request-Id: r\r\n" + Proof(bob_));
  const auto unknown = portolan_.Call("nay", "echo", "{}", "X-Request-Id: r\r\n" + Proof(bob_));
  EXPECT_EQ(hidden.body, unknown.body);
  // Who administers calls with a token of the registry's, which says what they may see.
  EXPECT_EQ(portolan_.Cli({"call", "pay.echo", "message=x"}).exit_code, 0);
  EXPECT_EQ(portolan_.Cli({"--key", bob_, "call", "pay.echo", "message=x"}).exit_code, 3);
}

TEST_F(VisibilityTest, WhoAsksAndIsGrantedIsServedAndFindsItAtOnce) {
  std::string approver = portolan_.CliOk(
      {"token", "create", "app", "--role", "approver", "--namespace", "io.github.acme"});
  while (approver.ends_with('\n')) approver.pop_back();
  ShowTo("consumer:alice");
  ASSERT_TRUE(BecomesAtTheGateway(bob_, 404));

  const Finished asked = portolan_.Cli(
      {"--key", bob_, "access", "request", "pay", "--reason", "refunds", "-o", "name"});
  ASSERT_EQ(asked.exit_code, 0) << asked.err;
  std::string request = asked.out;
  while (request.ends_with('\n')) request.pop_back();
  // The asker sees the request, and not what it hit.
  const std::string own = portolan_.Cli({"--key", bob_, "access", "ls", "-o", "json"}).out;
  EXPECT_THAT(own, HasSubstr(request));
  EXPECT_THAT(own, Not(HasSubstr("acme")));
  EXPECT_EQ(portolan_.Cli({"--key", alice_, "access", "ls", "-o", "name"}).out, "");
  EXPECT_EQ(portolan_.Cli({"--token", bob_, "access", "approve", request}).exit_code, 4);

  EXPECT_THAT(portolan_.Cli({"--token", approver, "access", "ls"}).out,
              HasSubstr("portolan access approve " + request));
  const Finished granted = portolan_.Cli(
      {"--token", approver, "access", "approve", request, "--reason", "team payments"});
  ASSERT_EQ(granted.exit_code, 0) << granted.err;
  EXPECT_EQ(Seen(bob_), (std::vector<int>{1, 1, 1, 1}));
  EXPECT_TRUE(BecomesAtTheGateway(bob_, 200));
  EXPECT_THAT(portolan_.CliOk({"audit", "ls", "--kind", "AccessRequest", "-o", "json"}),
              HasSubstr("team payments"));

  EXPECT_EQ(portolan_.Cli({"--key", bob_, "access", "request", "pay"}).exit_code, 2);
}

TEST_F(VisibilityTest, AnAgentAsksByItsTool) {
  ShowTo("consumer:alice");
  const auto asked = support::Exchange(
      portolan_.http(),
      support::PostBytes(
          "/mcp",
          support::ModernCall("1", "request_access", R"({"id":"pay.echo","reason":"refunds"})"),
          support::ModernHead("tools/call", "request_access") + Proof(bob_)));
  const json result = json::parse(asked.body)["result"];
  ASSERT_FALSE(result.value("isError", false)) << asked.body;
  const std::string request = result["structuredContent"]["request"];
  portolan_.CliOk({"access", "approve", request});
  EXPECT_TRUE(BecomesAtTheGateway(bob_, 200));
  EXPECT_THAT(portolan_.CliOk({"audit", "ls", "--kind", "AccessRequest", "-o", "json"}),
              HasSubstr("\"face\":\"mcp\""));
}

}  // namespace
