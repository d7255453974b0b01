// A publisher, an approver and the gateway: what is decided about a server holds with its next call.
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

class ReviewsBySystemTest : public ::testing::Test {
 protected:
  std::string Token(const std::string& name, const std::string& role) {
    std::string token =
        portolan.CliOk({"token", "create", name, "--role", role, "--namespace", "io.github.acme"});
    while (token.ends_with('\n')) token.pop_back();
    return token;
  }
  support::RawResponse CallEcho() { return portolan.Call("fs", "echo", R"({"message":"x"})"); }
  int ErrorCode() {
    const json body = json::parse(CallEcho().body, nullptr, false);
    return body.is_object() && body.contains("error") ? body["error"]["code"].get<int>() : 0;
  }
  bool WorksSoon() {
    return support::Becomes(kWithinASecond,
                            [&] { return CallEcho().status == 200 && ErrorCode() == 0; });
  }
  bool FailsSoon(int code) {
    return support::Becomes(kWithinASecond, [&] { return ErrorCode() == code; });
  }

  DemoServer server;
  Installation portolan;
};

TEST_F(ReviewsBySystemTest, APublisherSubmitsIsRejectedMendsIsApprovedAndServed) {
  const std::string publisher = Token("pub", "publisher");
  const std::string approver = Token("app", "approver");
  const auto as = [&](const std::string& token, std::vector<std::string> words) {
    words.insert(words.begin(), {"--token", token});
    return portolan.Cli(std::move(words));
  };
  ASSERT_EQ(as(publisher, {"add", "io.github.acme/fs", server.url()}).exit_code, 0);
  ASSERT_TRUE(FailsSoon(-31409));
  EXPECT_EQ(portolan.Cli({"call", "fs.echo", "message=x"}).exit_code, 6);
  EXPECT_EQ(as(publisher, {"approve", "fs"}).exit_code, 4);
  ASSERT_EQ(as(publisher, {"submit", "fs"}).exit_code, 0);
  EXPECT_THAT(as(approver, {"ls", "--pending"}).out, HasSubstr("portolan approve fs --revision "));

  ASSERT_EQ(as(approver, {"reject", "fs", "--reason", "say who owns it"}).exit_code, 0);
  EXPECT_THAT(as(publisher, {"show", "fs"}).out, HasSubstr("REJECTED   say who owns it"));
  EXPECT_EQ(portolan.Cli({"call", "fs.echo", "message=x"}).exit_code, 6);

  // The approver looked at this; then somebody mends it.
  const std::string seen = std::to_string(
      json::parse(as(approver, {"show", "fs", "-o", "json"}).out)["revision"].get<int>());
  portolan.Apply(
      "kind: Server\nname: io.github.acme/fs\nspec:\n  owner: team-files\n"
      "  endpoint: {streamable_http: {url: '" +
      server.url() + "'}}\n");
  ASSERT_EQ(as(publisher, {"submit", "fs"}).exit_code, 0);
  const Finished late = as(approver, {"approve", "fs", "--revision", seen});
  EXPECT_EQ(late.exit_code, 2);
  EXPECT_THAT(late.err, HasSubstr("it has changed since"));
  EXPECT_THAT(late.err, HasSubstr("portolan show fs"));

  ASSERT_EQ(as(approver, {"approve", "fs", "--reason", "owned now"}).exit_code, 0);
  EXPECT_TRUE(WorksSoon());
  EXPECT_THAT(portolan.CliOk({"show", "fs"}), Not(HasSubstr("say who owns it")));
  const std::string audit = portolan.CliOk({"audit", "ls", "--kind", "Server", "-o", "json"});
  EXPECT_THAT(audit, HasSubstr("say who owns it"));
  EXPECT_THAT(audit, HasSubstr("owned now"));
}

TEST_F(ReviewsBySystemTest, ADeprecatedServerTellsItsEndAndARetiredOneIsDenied) {
  portolan.CliOk({"add", "fs", server.url()});
  portolan.CliOk({"add", "fs2", server.url()});
  ASSERT_TRUE(WorksSoon());
  portolan.CliOk({"deprecate", "fs", "--sunset", "2027-01-01", "--use", "fs2"});
  ASSERT_TRUE(
      support::Becomes(kWithinASecond, [&] { return !CallEcho().Header("deprecation").empty(); }));
  EXPECT_EQ(CallEcho().Header("sunset"), "Fri, 01 Jan 2027 00:00:00 GMT");
  EXPECT_EQ(CallEcho().Header("link"), "</fs2/mcp>; rel=\"successor-version\"");
  EXPECT_THAT(portolan.CliOk({"show", "fs"}),
              HasSubstr("DEPRECATED   ends on 2027-01-01   use local/fs2"));

  portolan.CliOk({"retire", "fs"});
  ASSERT_TRUE(FailsSoon(-31410));
  EXPECT_EQ(CallEcho().status, 410);
  EXPECT_EQ(portolan.Cli({"call", "fs.echo", "message=x"}).exit_code, 3);
  portolan.CliOk({"stage", "fs", "production"});
  EXPECT_TRUE(WorksSoon());
  EXPECT_EQ(CallEcho().Header("deprecation"), "");
}

}  // namespace
