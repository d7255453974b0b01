// What a call token may do follows the catalog at once: roles, and the token or key that it was given for.
#include <gtest/gtest.h>

#include "tests/support/installation.h"

namespace {

using nlohmann::json;
using support::DemoServer;
using support::Installation;

constexpr std::chrono::seconds kWithinASecond{1};

class CallTokensTest : public ::testing::Test {
 protected:
  CallTokensTest() {
    Apply(R"(
kind: Server
name: io.github.acme/pay
spec:
  base_path: pay
  visibility: {audiences: ["group:corp/web"]}
  endpoint: {streamable_http: {url: ')" +
          server_.url() + "'}}\n");
  }

  void Apply(const std::string& yaml) { portolan_.Apply(yaml); }
  std::string Line(const std::vector<std::string>& words) {
    std::string line = portolan_.CliOk(words);
    while (line.ends_with('\n')) line.pop_back();
    return line;
  }
  // Of the registry, by a JSON method; `proof` is a header line.
  json Ask(const std::string& method, const json& request, const std::string& proof) {
    const auto answer = support::Exchange(
        portolan_.http(),
        support::PostBytes("/api/portolan.v1." + method, request.dump(),
                           "Content-Type: application/json\r\n" + proof, "localhost"));
    EXPECT_EQ(answer.status, 200) << answer.body;
    return json::parse(answer.body, nullptr, false);
  }
  void Delete(const std::string& kind, const std::string& name) {
    std::string token = support::WaitForFile(portolan_.data() + "/admin.token");
    while (token.ends_with('\n')) token.pop_back();
    Ask("CatalogService/Delete", {{"kind", kind}, {"name", name}},
        "Authorization: Bearer " + token + "\r\n");
  }
  // A call token of who shows that.
  std::string CallToken(const std::string& proof) {
    return Ask("AccessService/IssueCallToken", json::object(), proof)["token"];
  }
  int Call(const std::string& call_token) {
    return portolan_
        .Call("pay", "echo", R"({"message":"x"})", "Authorization: Bearer " + call_token + "\r\n")
        .status;
  }
  // From the return of the command that came before.
  bool Becomes(const std::string& call_token, int status) {
    return support::Becomes(kWithinASecond, [&] { return Call(call_token) == status; });
  }

  DemoServer server_;
  Installation portolan_;
};

TEST_F(CallTokensTest, ARoleThatIsGivenOrTakenAwayCountsWithinASecond) {
  const std::string token =
      Line({"token", "create", "ci", "--role", "viewer", "--namespace", "local"});
  const std::string call_token = CallToken("Authorization: Bearer " + token + "\r\n");
  EXPECT_TRUE(Becomes(call_token, 404));
  const std::string binding =
      "kind: RoleBinding\nname: token-ci\nspec:\n  role: VIEWER\n"
      "  subjects: ['token:ci']\n  namespaces: ['";
  Apply(binding + "io.github.*']\n");
  EXPECT_TRUE(Becomes(call_token, 200));
  Apply(binding + "local']\n");
  EXPECT_TRUE(Becomes(call_token, 404));
}

TEST_F(CallTokensTest, ARevokedTokenTakesItsCallTokensWithItWithinASecond) {
  const std::string token = Line({"token", "create", "ci", "--role", "viewer"});
  const std::string call_token = CallToken("Authorization: Bearer " + token + "\r\n");
  ASSERT_TRUE(Becomes(call_token, 200));
  portolan_.CliOk({"token", "revoke", "ci"});
  EXPECT_TRUE(Becomes(call_token, 401));
}

TEST_F(CallTokensTest, ADeletedTokenTakesItsCallTokensWithItAndItsNameProvesNobodyElse) {
  const std::string token = Line({"token", "create", "ci", "--role", "viewer"});
  const std::string call_token = CallToken("Authorization: Bearer " + token + "\r\n");
  ASSERT_TRUE(Becomes(call_token, 200));
  Delete("Token", "ci");
  EXPECT_TRUE(Becomes(call_token, 401));
  const std::string other = Line({"token", "create", "ci", "--role", "viewer"});
  const std::string others = CallToken("Authorization: Bearer " + other + "\r\n");
  EXPECT_TRUE(Becomes(others, 200));
  EXPECT_EQ(Call(call_token), 401);
}

TEST_F(CallTokensTest, ARevokedKeyTakesItsCallTokensWithItWithinASecond) {
  const std::string key = Line({"key", "create", "bot"});
  Apply(
      "kind: RoleBinding\nname: bot\nspec:\n  role: VIEWER\n"
      "  subjects: ['principal:consumer/bot']\n");
  const std::string call_token = CallToken("X-Api-Key: " + key + "\r\n");
  ASSERT_TRUE(Becomes(call_token, 200));
  portolan_.CliOk({"key", "revoke", key.substr(4, key.find('_', 4) - 4)});
  EXPECT_TRUE(Becomes(call_token, 401));
}

TEST_F(CallTokensTest, ADeletedConsumerTakesItsCallTokensWithItWithinASecond) {
  const std::string key = Line({"key", "create", "bot"});
  Apply(
      "kind: RoleBinding\nname: bot\nspec:\n  role: VIEWER\n"
      "  subjects: ['principal:consumer/bot']\n");
  const std::string call_token = CallToken("X-Api-Key: " + key + "\r\n");
  ASSERT_TRUE(Becomes(call_token, 200));
  Delete("Consumer", "bot");
  EXPECT_TRUE(Becomes(call_token, 401));
}

}  // namespace
