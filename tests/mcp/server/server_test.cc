#include "mcp/server/server.h"

#include "mcp/server/logging.h"
#include "mcp/server/subscriptions.h"
#include "mcp/server/tools.h"
#include "tests/mcp/server/server_fixture.h"

namespace mcp {
namespace {

base::Task<base::Result<ToolResult>> Log(ServedCall& call) {
  for (const LogLevel level : {LogLevel::kDebug, LogLevel::kInfo, LogLevel::kError}) {
    const base::Result<void> told = co_await call.Log(level, R"("said")");
    if (!told) co_return told.error();
  }
  co_return ToolResult::Text("logged");
}

class ServerTest : public ServerFixture {
 protected:
  static std::vector<Tool> MakeTools() {
    std::vector<Tool> made(1);
    made[0].name = "log";
    made[0].run = Log;
    return made;
  }
  std::size_t Heard(Revision revision, std::string level) {
    TestCall test;
    test.revision = revision;
    test.log_level = std::move(level);
    Fill(test, "tools/call", R"("name":"log")");
    Begin(server, test);
    return test.client.heard.size();
  }
  Subscriptions subscriptions{loop};
  Tools tools{MakeTools(), {}, {&subscriptions}};
  Logging logging;
  Server server{{.name = "s"}, {&tools, &logging, &subscriptions}};
};

TEST_F(ServerTest, DeclaresWhatItsFeaturesCanDo) {
  TestCall test;
  Fill(test, "server/discover", "");
  Begin(server, test);
  EXPECT_EQ(Member(test.result(), "capabilities"),
            R"({"tools":{"listChanged":true},"logging":{}})");
}

TEST_F(ServerTest, LogsWhatTheCallerWants) {
  EXPECT_EQ(Heard(kLatest, ""), 0u);
  EXPECT_EQ(Heard(kLatest, R"("info")"), 2u);
  EXPECT_EQ(Heard(kLatestLegacy, ""), 3u);
  EXPECT_EQ(Heard(kLatestLegacy, R"("emergency")"), 0u);
}

TEST_F(ServerTest, AnOlderResultHasNothingOfTheNewerRevision) {
  for (const std::string_view method : {"tools/list", "tools/call"}) {
    TestCall older;
    older.revision = kLatestLegacy;
    Fill(older, method, R"("name":"log")");
    Begin(server, older);
    for (const std::string_view member : {"resultType", "ttlMs", "cacheScope"})
      EXPECT_EQ(Member(older.result(), member), "") << method;
  }
}

TEST_F(ServerTest, PingIsOfOlderRevisionsOnly) {
  TestCall modern, older;
  older.revision = kLatestLegacy;
  for (TestCall* test : {&modern, &older}) {
    Fill(*test, "ping", "");
    Begin(server, *test);
  }
  EXPECT_EQ(modern.code(), kMethodNotFound);
  EXPECT_EQ(older.result(), "{}");
}

}  // namespace
}  // namespace mcp
