// What passes is looked at, what was said is kept as the rules have it, and what gateways keep of answers
// is forgotten by order: whole binaries, as an operator uses them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/installation.h"

namespace {

using nlohmann::json;
using support::DemoServer;
using support::Installation;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr std::chrono::seconds kWithinASecond{1};
// Put together here, so that nobody who searches this repository for secrets finds one.
const std::string kSecret = std::string("ghp_") + "Abcdefghij0123456789Abcdefghij012345";

class ContentTest : public ::testing::Test {
 protected:
  ContentTest() { portolan.CliOk({"add", "demo", server.url()}); }

  void Rules(const std::string& rules) {
    portolan.Apply(
        "kind: PolicySet\nname: content\nspec:\n  attach: {server: local/demo}\n  rules:\n" +
        rules);
  }
  support::RawResponse Echo(const std::string& arguments) {
    return portolan.Call("demo", "echo", arguments);
  }

  DemoServer server;
  Installation portolan;
};

TEST_F(ContentTest, WhatIsBlockedReachesNobodyAndWhatIsRedactedIsInNoRecord) {
  Rules(
      "  - id: guard\n    inspect: {detect: [{kind: SECRETS, on: [ARGUMENTS], action: BLOCK}]}\n"
      "  - id: log\n    record: {payload_bytes: 1000, redact: ['$.pin'], dimensions: [{name: tool, "
      "value: tool.name}]}\n");
  const std::string with_secret = R"({"message":")" + kSecret + "\"}";
  ASSERT_TRUE(support::Becomes(
      kWithinASecond, [&] { return Echo(with_secret).body.find("-31451") != std::string::npos; }));
  EXPECT_THAT(Echo(R"({"message":"hello there","pin":"zq-pin-7"})").body, HasSubstr("hello there"));
  EXPECT_TRUE(support::Becomes(std::chrono::seconds(3), [&] {
    return portolan.CliOk({"log", "-n", "100", "-o", "json"}).find("hello there") !=
           std::string::npos;
  }));
  const std::string log = portolan.CliOk({"log", "-n", "100", "-o", "json"});
  EXPECT_THAT(log, HasSubstr(R"(\"pin\":\"[redacted]\")"));
  EXPECT_THAT(log, HasSubstr("ContentBlocked"));
  EXPECT_THAT(log, HasSubstr("\"detector\""));
  EXPECT_THAT(log, Not(HasSubstr("zq-pin-7")));
  EXPECT_THAT(portolan.CliOk({"log", "--denied"}), HasSubstr("ContentBlocked, found secrets"));
  EXPECT_THAT(portolan.CliOk({"policy", "show", "demo"}), HasSubstr("inspect secrets"));
}

TEST_F(ContentTest, EveryGatewayForgetsWhatItKeepsWhenItIsTold) {
  Rules("  - id: keep\n    select: {tools: [echo]}\n    cache: {ttl_s: 300, vary: [\"'all'\"]}\n");
  const std::string question = R"({"message":"x"})";
  ASSERT_TRUE(
      support::Becomes(kWithinASecond, [&] { return Echo(question).Header("x-cache") == "HIT"; }));
  EXPECT_THAT(Echo(question).body, HasSubstr("io.portolan.gateway/cache"));
  EXPECT_THAT(portolan.CliOk({"cache", "clear", "demo", "--item", "other", "-o", "json"}),
              HasSubstr("\"done\""));
  EXPECT_EQ(Echo(question).Header("x-cache"), "HIT");
  portolan.CliOk({"cache", "clear", "demo", "--item", "echo"});
  EXPECT_EQ(Echo(question).Header("x-cache"), "MISS");
  EXPECT_EQ(Echo(question).Header("x-cache"), "HIT");
  portolan.CliOk({"cache", "clear"});
  EXPECT_EQ(Echo(question).Header("x-cache"), "MISS");
  EXPECT_EQ(portolan.Cli({"cache", "clear", "nobody"}).exit_code, 3);
}

}  // namespace
