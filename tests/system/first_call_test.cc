// A developer registers a server, finds a tool and calls it, all from the command line.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/installation.h"

namespace {

using nlohmann::json;
using support::DemoServer;
using support::Finished;
using support::Installation;
using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr std::chrono::seconds kWithinASecond{1};

class FirstCallTest : public ::testing::Test {
 protected:
  Installation portolan;
};

TEST_F(FirstCallTest, AServerOverHttpIsAddedListedSearchedCalledAndRemoved) {
  DemoServer server;
  std::string added =
      portolan.CliOk({"add", "weather", server.url(), "--tag", "demo", "--owner", "me"});
  EXPECT_THAT(added, StartsWith("✓ stored local/weather at revision "));
  EXPECT_THAT(added, HasSubstr("✓ tcp"));
  EXPECT_THAT(added, HasSubstr("✓ list 5 tools"));

  EXPECT_THAT(portolan.CliOk({"ls"}), HasSubstr("● healthy"));
  EXPECT_EQ(portolan.CliOk({"ls", "-o", "name"}), "local/weather\n");
  EXPECT_THAT(portolan.CliOk({"tools", "weather", "-o", "name"}), HasSubstr("weather.add\n"));
  EXPECT_THAT(portolan.CliOk({"search", "add two numbers", "-o", "name"}),
              StartsWith("weather.add\n"));
  EXPECT_EQ(portolan.CliOk({"call", "weather.add", "a=2", "b=3"}), "5\n");
  EXPECT_EQ(portolan.CliOk({"call", "local/weather.add", "a=2", "b=3", "-o", "json"}),
            "{\"sum\":5}\n");

  portolan.CliOk({"rm", "weather"});
  EXPECT_TRUE(support::Becomes(kWithinASecond,
                               [&] { return portolan.Call("weather", "add").status == 404; }));
  EXPECT_EQ(portolan.Cli({"call", "weather.add", "a=2", "b=3"}).exit_code, 3);
}

TEST_F(FirstCallTest, AGatewayFollowsWhenUpSaysThatItIsReady) {
  EXPECT_THAT(portolan.CliOk({"gateway", "ls"}), HasSubstr("connected"));
}

TEST_F(FirstCallTest, ArgumentsHaveTheirTypesBeforeTheCatalogKnowsTheTool) {
  DemoServer server;
  for (const char* name : {"one", "two", "three"}) {
    portolan.Apply("kind: Server\nname: local/" + std::string(name) +
                   "\nspec:\n  endpoint: {streamable_http: {url: '" + server.url() + "'}}\n");
    ASSERT_TRUE(support::Becomes(kWithinASecond, [&] {
      return portolan.Call(name, "add", R"({"a":1,"b":1})").status == 200;
    }));
    EXPECT_EQ(portolan.CliOk({"call", std::string(name) + ".add", "a=2", "b=3"}), "5\n");
  }
  const Finished unknown = portolan.Cli({"call", "one.subtract", "a=2"});
  EXPECT_EQ(unknown.exit_code, 3);
  EXPECT_THAT(unknown.err, HasSubstr("nobody lists one.subtract yet"));
}

TEST_F(FirstCallTest, AServerThatIsACommandIsStartedByTheGateway) {
  std::string added =
      portolan.CliOk({"add", "demo", "--", support::BinaryFolder() + "/portolan-demo", "--stdio"});
  EXPECT_THAT(added, HasSubstr("✓ list 5 tools"));
  EXPECT_EQ(portolan.CliOk({"call", "demo.echo", "message=ahoy"}), "ahoy\n");
}

TEST_F(FirstCallTest, ServersOfEitherEraAreCalledAlike) {
  DemoServer old_server("legacy");
  DemoServer new_server("modern");
  portolan.CliOk({"add", "old", old_server.url()});
  portolan.CliOk({"add", "new", new_server.url()});
  EXPECT_EQ(portolan.CliOk({"call", "old.add", "a=2", "b=3"}), "5\n");
  EXPECT_EQ(portolan.CliOk({"call", "new.add", "a=2", "b=3"}), "5\n");
}

TEST_F(FirstCallTest, AnOlderClientIsServedByAModernServer) {
  DemoServer server("modern");
  portolan.CliOk({"add", "new", server.url()});
  std::string initialize =
      R"({"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"t","version":"1"}}})";
  auto opened = support::Exchange(portolan.gateway(), support::PostBytes("/new/mcp", initialize));
  ASSERT_EQ(opened.status, 200) << opened.body;
  std::string head =
      "MCP-Protocol-Version: 2025-11-25\r\nMcp-Session-Id: " + opened.Header("mcp-session-id") +
      "\r\n";
  auto called = support::Exchange(
      portolan.gateway(),
      support::PostBytes(
          "/new/mcp",
          R"({"jsonrpc":"2.0","id":"x","method":"tools/call","params":{"name":"add","arguments":{"a":2,"b":3}}})",
          head));
  ASSERT_EQ(called.status, 200) << called.body;
  EXPECT_EQ(json::parse(called.body)["result"]["content"][0]["text"], "5") << called.body;
}

TEST_F(FirstCallTest, AToolsErrorExitsWithOneAndPrintsWhatItSaid) {
  DemoServer server;
  portolan.CliOk({"add", "demo", server.url()});
  Finished finished = portolan.Cli({"call", "demo.fail", "message=broken"});
  EXPECT_EQ(finished.exit_code, 1);
  EXPECT_EQ(finished.out, "broken\n");
}

TEST_F(FirstCallTest, AnUnknownToolExitsWithThree) {
  DemoServer server;
  portolan.CliOk({"add", "demo", server.url()});
  EXPECT_EQ(portolan.Cli({"call", "demo.nothing"}).exit_code, 3);
  EXPECT_EQ(portolan.Cli({"call", "nobody.nothing"}).exit_code, 3);
}

TEST_F(FirstCallTest, AServerThatIsNotThereIsKeptAndTheStageNamed) {
  Finished finished = portolan.Cli({"add", "bad", "http://127.0.0.1:9/mcp"});
  EXPECT_EQ(finished.exit_code, 5);
  EXPECT_THAT(finished.out, StartsWith("✓ stored local/bad at revision "));
  EXPECT_THAT(finished.err, HasSubstr("✗ tcp"));
  EXPECT_THAT(portolan.CliOk({"ls"}), HasSubstr("✗ unreachable"));
  EXPECT_EQ(portolan.Cli({"doctor", "bad"}).exit_code, 5);
}

TEST_F(FirstCallTest, ADraftIsStoredAndNotServed) {
  DemoServer server;
  portolan.CliOk({"add", "later", server.url(), "--draft"});
  EXPECT_THAT(portolan.CliOk({"ls"}), HasSubstr("○ draft"));
  EXPECT_EQ(portolan.Cli({"call", "later.add", "a=2", "b=3"}).exit_code, 6);
}

TEST_F(FirstCallTest, ADryRunChangesNothing) {
  portolan.CliOk({"add", "x", "http://127.0.0.1:9/mcp", "--dry-run"});
  EXPECT_EQ(portolan.CliOk({"ls", "-o", "name"}), "");
}

TEST_F(FirstCallTest, ProgressIsShownWhileASlowToolWorks) {
  DemoServer server;
  portolan.CliOk({"add", "demo", server.url()});
  Finished finished = portolan.Cli({"call", "demo.slow", "steps=3", "duration_ms=30"});
  EXPECT_EQ(finished.exit_code, 0) << finished.err;
  EXPECT_EQ(finished.out, "done after 3 steps\n");
  EXPECT_THAT(finished.err, HasSubstr("3 of 3"));
}

TEST_F(FirstCallTest, WhatWasCalledIsInTheLogWithinASecond) {
  DemoServer server;
  portolan.CliOk({"add", "demo", server.url()});
  portolan.CliOk({"call", "demo.echo", "message=x"});
  EXPECT_TRUE(support::Becomes(std::chrono::seconds(2), [&] {
    return portolan.CliOk({"log"}).find("demo.echo") != std::string::npos;
  }));
}

TEST_F(FirstCallTest, WhatIsExportedAndAppliedAgainChangesNothing) {
  DemoServer server;
  portolan.CliOk({"add", "demo", server.url(), "--tag", "a"});
  std::string exported = portolan.CliOk({"export"});
  std::string applied = portolan.CliOk({"apply", "-f", "-", "-o", "json"}, exported);
  EXPECT_THAT(applied, HasSubstr("UNCHANGED"));
  EXPECT_EQ(applied.find("CHANGED\"", applied.find("UNCHANGED") + 9), std::string::npos) << applied;
  EXPECT_EQ(portolan.CliOk({"export"}), exported);
}

TEST(DemoInstallationTest, ComesUpWithSomethingToCall) {
  Installation portolan({"--demo"});
  EXPECT_THAT(portolan.CliOk({"ls", "-o", "name"}), HasSubstr("local/demo\n"));
  EXPECT_TRUE(support::Becomes(std::chrono::seconds(5), [&] {
    return portolan.Cli({"call", "demo.add", "a=2", "b=3"}).out == "5\n";
  }));
  EXPECT_THAT(portolan.CliOk({"policy", "show", "demo"}),
              HasSubstr("10 per 60 s per principal.id"));
  EXPECT_THAT(portolan.CliOk({"policy", "ls", "-o", "name"}), HasSubstr("demo\n"));
}

}  // namespace
