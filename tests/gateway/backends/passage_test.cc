#include "gateway/backends/passage.h"

#include <gmock/gmock.h>

#include "mcp/raw_json.h"
#include "tests/support/backend_fixture.h"

namespace gateway {
namespace {

using mcp::Revision;
using support::TestCall;
using testing::HasSubstr;

constexpr auto kModern = Revision::k2026_07_28;
constexpr auto kOlder = Revision::k2025_11_25;

std::string Request(std::string_view method) {
  return R"({"jsonrpc":"2.0","id":1,"method":")" + std::string(method) + "\"}";
}
Passage Of(std::string_view method, Revision caller, bool modern_server) {
  TestCall test(Request(method), caller);
  return PassageOf(test.Make(), modern_server, false);
}

TEST(PassageTest, WhatBothErasHaveCrosses) {
  for (const char* method : {"tools/call", "prompts/get", "resources/read", "completion/complete",
                             "resources/templates/list", "example.com/own"}) {
    EXPECT_EQ(Of(method, kModern, false), Passage::kToOlder) << method;
    EXPECT_EQ(Of(method, kOlder, true), Passage::kToModern) << method;
    EXPECT_EQ(Of(method, kModern, true), Passage::kUntouched) << method;
    EXPECT_EQ(Of(method, kOlder, false), Passage::kUntouched) << method;
  }
}

TEST(PassageTest, WhatASessionIsAboutIsAnsweredHereForAModernServer) {
  for (const char* method : {"resources/subscribe", "logging/setLevel", "ping"}) {
    EXPECT_EQ(Of(method, kOlder, true), Passage::kNone);
    TestCall test(Request(method), kOlder, "session");
    mcp::Call call = test.Make();
    EXPECT_EQ(AnswerInstead(call, "s").body, R"({"jsonrpc":"2.0","id":1,"result":{}})");
  }
}

TEST(PassageTest, TasksStayInTheirEra) {
  EXPECT_EQ(Of("tasks/get", kModern, true), Passage::kUntouched);
  EXPECT_EQ(Of("tasks/get", kModern, false), Passage::kNone);
  TestCall test(Request("tasks/get"), kModern);
  mcp::Call call = test.Make();
  EXPECT_THAT(AnswerInstead(call, "s").body, HasSubstr("-32601"));
}

TEST(PassageTest, AModernServerHearsWhoReallyCalls) {
  TestCall test(Request("tools/call"), kOlder, "session");
  test.client_info = R"({"name":"c"})";
  test.client_capabilities = R"({"sampling":{}})";
  test.log_level = "\"error\"";
  const mcp::Identity identity = IdentityOf(test.Make());
  EXPECT_EQ(identity.info, R"({"name":"c"})");
  EXPECT_EQ(identity.capabilities, R"({"sampling":{}})");
  EXPECT_EQ(identity.log_level, "\"error\"");
}

TEST(PassageTest, ASessionWithoutALevelHearsEverything) {
  TestCall test(Request("tools/call"), kOlder, "session");
  EXPECT_EQ(IdentityOf(test.Make()).log_level, "\"debug\"");
  TestCall ours(Request("tools/list"), kOlder);
  EXPECT_EQ(IdentityOf(ours.Make()).log_level, "");
}

std::string Log(std::string_view level) {
  return R"({"jsonrpc":"2.0","method":"notifications/message","params":{"level":")" +
         std::string(level) + "\"}}";
}

TEST(MayHearTest, LogMessagesComeFromTheLevelOn) {
  TestCall test(Request("tools/call"), kModern);
  EXPECT_FALSE(MayHear(test.Make(), Log("emergency")));
  test.log_level = "\"warning\"";
  EXPECT_FALSE(MayHear(test.Make(), Log("notice")));
  EXPECT_TRUE(MayHear(test.Make(), Log("warning")));
  TestCall older(Request("tools/call"), kOlder, "session");
  EXPECT_TRUE(MayHear(older.Make(), Log("debug")));
}

TEST(MayHearTest, AModernCallHearsOnlyWhatBelongsToIt) {
  TestCall modern(Request("tools/call"), kModern);
  TestCall older(Request("tools/call"), kOlder, "session");
  const char* changed = R"({"jsonrpc":"2.0","method":"notifications/tools/list_changed"})";
  EXPECT_FALSE(MayHear(modern.Make(), changed));
  EXPECT_TRUE(MayHear(older.Make(), changed));
  EXPECT_TRUE(MayHear(modern.Make(), R"({"jsonrpc":"2.0","method":"notifications/progress"})"));
}

TEST(LogLevelToSetTest, ASharedSessionOnlyBecomesMoreTalkative) {
  TestCall test(Request("tools/call"), kModern);
  EXPECT_EQ(LogLevelToSet(test.Make(), ""), "");
  test.log_level = "\"info\"";
  EXPECT_EQ(LogLevelToSet(test.Make(), ""), "\"info\"");
  EXPECT_EQ(LogLevelToSet(test.Make(), "\"error\""), "\"info\"");
  EXPECT_EQ(LogLevelToSet(test.Make(), "\"debug\""), "");
}

TEST(AnswerToTest, AnErrorWithoutAnIdGetsTheCallersOwn) {
  TestCall test(R"({"jsonrpc":"2.0","id":"a","method":"resources/read"})", kModern);
  const std::string error = R"({"jsonrpc":"2.0","error":{"code":-32002,"message":"gone"}})";
  EXPECT_EQ(AnswerTo(test.Make(), Passage::kToOlder, error, *mcp::Scan(error)),
            R"({"id":"a","jsonrpc":"2.0","error":{"code":-32602,"message":"gone"}})");
}

}  // namespace
}  // namespace gateway
