// The platform engineer says who may call and how often; it holds from the next call on, exactly.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "tests/support/installation.h"

namespace {

using nlohmann::json;
using support::DemoServer;
using support::Finished;
using support::Installation;
using ::testing::HasSubstr;

constexpr std::chrono::seconds kWithinASecond{1};

class GovernanceTest : public ::testing::Test {
 protected:
  GovernanceTest() { portolan.CliOk({"add", "demo", server.url()}); }

  std::string CreateKey(const std::string& consumer) {
    std::string key = portolan.CliOk({"key", "create", consumer});
    if (!key.empty()) key.pop_back();
    return key;
  }
  int StatusWithKey(const std::string& key) {
    return portolan.Call("demo", "echo", R"({"message":"x"})", "X-Api-Key: " + key + "\r\n").status;
  }
  void LimitTo(int calls, int per_s) {
    portolan.Apply(
        "kind: PolicySet\nname: limits\nspec:\n  attach: {server: local/demo}\n  explain: true\n  "
        "rules:\n"
        "  - id: burst\n    select: {methods: [tools/call]}\n    rate_limit: {calls: " +
        std::to_string(calls) + ", per_s: " + std::to_string(per_s) + "}\n");
  }
  // Until the gateway serves what the registry says now.
  void WaitForRevision() {
    ASSERT_TRUE(support::Becomes(kWithinASecond, [&] {
      json gateway = json::parse(portolan.CliOk({"gateway", "ls", "-o", "json"}));
      json policy = json::parse(portolan.CliOk({"policy", "ls", "-o", "json"}));
      return gateway["revision"].get<int>() >= policy["revision"].get<int>();
    }));
  }
  json CallEcho(const std::string& raw_id = "1") {
    auto response = portolan.Call("demo", "echo", R"({"message":"x"})", "", raw_id);
    return json::parse(response.body, nullptr, false);
  }
  bool IsRefused() {
    json answer = CallEcho();
    return answer.contains("error") && answer["error"]["code"] == -31429;
  }

  DemoServer server;
  Installation portolan;
};

TEST_F(GovernanceTest, ARevokedKeyIsRefusedWithinASecond) {
  portolan.Apply(
      "kind: PolicySet\nname: who\nspec:\n  attach: {server: local/demo}\n  rules:\n"
      "  - id: key\n    authenticate: {any_of: [{api_key: {header: X-Api-Key}}]}\n");
  std::string key = CreateKey("alice");
  ASSERT_TRUE(support::Becomes(kWithinASecond, [&] { return StatusWithKey(key) == 200; }));
  EXPECT_EQ(StatusWithKey("ptk_abcdefghijkl_wrong"), 401);
  EXPECT_EQ(portolan.Cli({"call", "demo.echo", "message=x", "--key", key}).exit_code, 0);

  portolan.CliOk({"key", "revoke", key});
  EXPECT_TRUE(support::Becomes(kWithinASecond, [&] { return StatusWithKey(key) == 401; }));
  auto refused = portolan.Call("demo", "echo", "{}", "X-Api-Key: " + key + "\r\n");
  EXPECT_THAT(refused.body, HasSubstr("KeyRevoked"));
  EXPECT_EQ(portolan.Cli({"call", "demo.echo", "message=x", "--key", key}).exit_code, 4);
}

TEST_F(GovernanceTest, AChangedLimitHoldsWithinASecond) {
  LimitTo(1, 60);
  ASSERT_TRUE(support::Becomes(kWithinASecond, [&] { return IsRefused(); }));
  LimitTo(10'000, 60);
  EXPECT_TRUE(support::Becomes(kWithinASecond, [&] { return !IsRefused(); }));
  portolan.CliOk({"policy", "show", "demo"});
}

TEST_F(GovernanceTest, ARefusalSaysWhatHappenedInTheFormThatClientsDeliver) {
  LimitTo(1, 60);
  ASSERT_TRUE(support::Becomes(kWithinASecond, [&] { return IsRefused(); }));
  auto response = portolan.Call("demo", "echo", R"({"message":"x"})", "", "\"my own id\"");
  EXPECT_EQ(response.status, 200);
  json body = json::parse(response.body);
  EXPECT_EQ(body.size(), 3u);
  EXPECT_EQ(body["jsonrpc"], "2.0");
  EXPECT_EQ(body["id"], "my own id");
  const json& error = body["error"];
  EXPECT_EQ(error["code"], -31429);
  EXPECT_THAT(error["message"].get<std::string>(), HasSubstr("1 call"));
  EXPECT_THAT(error["message"].get<std::string>(), HasSubstr("Retry in "));
  EXPECT_EQ(error["data"]["reason"], "RateLimitExceeded");
  EXPECT_EQ(error["data"]["kind"], "rate");
  EXPECT_EQ(error["data"]["limit"], 1);
  EXPECT_EQ(error["data"]["remaining"], 0);
  EXPECT_THAT(error["data"]["rule"].get<std::string>(), HasSubstr("burst"));
  EXPECT_EQ(error["data"]["request_id"], response.Header("x-request-id"));
  EXPECT_EQ(std::to_string(error["data"]["retry_after_s"].get<int>()),
            response.Header("retry-after"));
  EXPECT_EQ(response.Header("ratelimit-policy"), "\"burst\";q=1;w=60");
  EXPECT_THAT(response.Header("ratelimit"), HasSubstr("\"burst\";r=0;t="));
  EXPECT_EQ(portolan.Cli({"call", "demo.echo", "message=x"}).exit_code, 4);
  EXPECT_TRUE(support::Becomes(std::chrono::seconds(2), [&] {
    return portolan.CliOk({"log", "--denied"}).find("RateLimitExceeded") != std::string::npos;
  }));
}

TEST_F(GovernanceTest, ALimitAdmitsExactlyItsNumberUnder64ConcurrentCallers) {
  LimitTo(100, 3600);
  WaitForRevision();
  Finished finished = portolan.Cli(
      {"call", "demo.echo", "message=x", "--repeat", "600", "--concurrency", "64", "-o", "json"});
  json summary = json::parse(finished.out);
  EXPECT_EQ(summary["outcomes"]["ok"], 100) << finished.out;
  EXPECT_EQ(summary["outcomes"]["RateLimitExceeded"], 500) << finished.out;
}

TEST_F(GovernanceTest, ALimitStaysExactWhileNewSnapshotsArrive) {
  LimitTo(200, 3600);
  WaitForRevision();
  std::atomic<bool> calling{true};
  std::thread changes([&] {
    for (int i = 0; calling; ++i) {
      portolan.Cli({"apply", "-f", "-"},
                   "kind: Server\nname: local/other\nspec: {description: change " +
                       std::to_string(i) + "}\n");
    }
  });
  Finished finished = portolan.Cli(
      {"call", "demo.echo", "message=x", "--repeat", "2000", "--concurrency", "64", "-o", "json"});
  calling = false;
  changes.join();
  json summary = json::parse(finished.out);
  EXPECT_EQ(summary["outcomes"]["ok"], 200) << finished.out;
}

}  // namespace
