// Answers that are given again: to whom, for how long, and to whom never.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>
#include <mutex>
#include <thread>

#include "base/doorbell.h"
#include "tests/gateway/gateway_fixture.h"

namespace gateway {
namespace {

using support::GatewayFixture;
using support::HttpAnswer;
using support::ModernRequest;
using testing::HasSubstr;
using testing::Not;

constexpr const char* kOffered =
    R"(server: 'local/geo'
       info { protocol_revisions: '2026-07-28' capabilities_json: '{"tools":{}}' }
       definitions { kind: TOOL name: 'find' json: '{"name":"find","annotations":{"readOnlyHint":true}}' }
       definitions { kind: TOOL name: 'write' json: '{"name":"write"}' })";

// An empty result, as it is given again.
constexpr std::string_view kKeptResult =
    R"({"_meta":{"io.portolan.gateway/cache":{"age_s":0}},"resultType":"complete","content":[]})";

class CacheTest : public testing::Test {
 protected:
  explicit CacheTest(int workers = 1) : gateway_(GatewayFixture::Options{.workers = workers}) {
    gateway_.PutServer("geo");
    gateway_.PutDefinitions(kOffered);
    // Each answer is another.
    Answer([](int count) {
      return R"({"resultType":"complete","content":[{"type":"text","text":"answer )" +
             std::to_string(count) + "\"}]}";
    });
  }
  void Answer(std::function<std::string(int)> result) {
    gateway_.server = [this, result](mcp::Call& call, base::Loop&) -> base::Task<mcp::Response> {
      std::string body = R"({"jsonrpc":"2.0","id":)";
      body.append(call.id()).append(R"(,"result":)").append(result(gateway_.server_calls));
      body += '}';
      co_return mcp::Response::Message(std::move(body));
    };
  }
  void Keep(const std::string& cache, const std::string& select = "") {
    gateway_.Put("PolicySet",
                 "name: 'base' policy_set { attach { global: true } rules { id: 'keep' " + select +
                     " cache { " + cache + " } } }");
    gateway_.Publish();
  }
  // The header line of a new consumer's key.
  std::string Caller(const std::string& name, const std::string& tenant = "") {
    const std::string key = gateway_.PutKey(name);
    gateway_.Put("Consumer", "name: '" + name + "' consumer { tenant: '" + tenant + "' }");
    gateway_.Put("PolicySet",
                 "name: 'keys' policy_set { attach { server: 'local/geo' } rules { id: 'k' "
                 "authenticate { any_of { api_key { } } } } }");
    gateway_.Publish();
    return "X-Api-Key: " + key + "\r\n";
  }
  std::string Ask(const std::string& tool, const std::string& arguments,
                  const std::string& more = "", const std::string& id = "41") {
    return gateway_
        .Post(
            "/geo/mcp",
            ModernRequest(id, "tools/call", R"("name":")" + tool + R"(","arguments":)" + arguments),
            "MCP-Protocol-Version: 2026-07-28\r\nMcp-Method: tools/call\r\nMcp-Name: " + tool +
                "\r\n" + more)
        .body;
  }
  std::string List(const std::string& more = "") {
    return gateway_
        .Post("/geo/mcp", ModernRequest("41", "tools/list", ""),
              "MCP-Protocol-Version: 2026-07-28\r\nMcp-Method: tools/list\r\n" + more)
        .body;
  }

  GatewayFixture gateway_;
};

TEST_F(CacheTest, TheSameQuestionIsAskedOnceAndAnsweredUnderItsOwnId) {
  Keep("ttl_s: 300");
  const std::string alice = Caller("alice");
  EXPECT_THAT(Ask("find", R"({"a":1,"b":[1, 2]})", alice), HasSubstr("answer 1"));
  EXPECT_EQ(gateway_.LastRecord().cache, mcp::CacheUse::kMiss);
  EXPECT_EQ(
      Ask("find", R"({ "b":[1,2], "a":1 })", alice, "\"x\""),
      R"({"jsonrpc":"2.0","id":"x","result":{"_meta":{"io.portolan.gateway/cache":{"age_s":0}},"resultType":"complete","content":[{"type":"text","text":"answer 1"}]}})");
  EXPECT_EQ(gateway_.LastRecord().cache, mcp::CacheUse::kHit);
  EXPECT_EQ(gateway_.LastRecord().answer_fields.at(0).second, "HIT");
  EXPECT_THAT(Ask("find", R"({"a":2,"b":[1,2]})", alice), HasSubstr("answer 2"));
  EXPECT_EQ(gateway_.server_calls, 2);
}

TEST_F(CacheTest, NumbersThatAreWrittenDifferentlyAreDifferentQuestions) {
  Keep("ttl_s: 300");
  const std::string alice = Caller("alice");
  EXPECT_THAT(Ask("find", R"({"n":123456789012345678901})", alice), HasSubstr("answer 1"));
  EXPECT_THAT(Ask("find", R"({"n":123456789012345678902})", alice), HasSubstr("answer 2"));
  EXPECT_THAT(Ask("find", R"({"n":1})", alice), HasSubstr("answer 3"));
  EXPECT_THAT(Ask("find", R"({"n":1.0})", alice), HasSubstr("answer 4"));
  EXPECT_THAT(Ask("find", R"({"n":"1"})", alice), HasSubstr("answer 5"));
}

TEST_F(CacheTest, WithoutAWordCallersShareNothing) {
  Keep("ttl_s: 300");
  const std::string alice = Caller("alice"), bob = Caller("bob");
  EXPECT_THAT(Ask("find", "{}", alice), HasSubstr("answer 1"));
  EXPECT_THAT(Ask("find", "{}", bob), HasSubstr("answer 2"));
  EXPECT_THAT(Ask("find", "{}", alice), HasSubstr("answer 1"));
}

TEST_F(CacheTest, AnonymousCallersShareNothingAcrossConnections) {
  Keep("ttl_s: 300");
  EXPECT_THAT(Ask("find", "{}"), HasSubstr("answer 1"));
  EXPECT_THAT(Ask("find", "{}"), HasSubstr("answer 2"));
}

TEST_F(CacheTest, VarySaysWhoSharesAndWhoHasNoneIsLeftToItself) {
  Keep("ttl_s: 300 vary: 'principal.tenant'");
  const std::string alice = Caller("alice", "acme"), bob = Caller("bob", "acme");
  const std::string carol = Caller("carol", "other"), dan = Caller("dan"), eve = Caller("eve");
  EXPECT_THAT(Ask("find", "{}", alice), HasSubstr("answer 1"));
  EXPECT_THAT(Ask("find", "{}", bob), HasSubstr("answer 1"));
  EXPECT_THAT(Ask("find", "{}", carol), HasSubstr("answer 2"));
  EXPECT_THAT(Ask("find", "{}", dan), HasSubstr("answer 3"));
  EXPECT_THAT(Ask("find", "{}", eve), HasSubstr("answer 4"));
  EXPECT_THAT(Ask("find", "{}", dan), HasSubstr("answer 3"));
}

TEST_F(CacheTest, AVaryThatFailsForACallerSharesNothing) {
  Keep("ttl_s: 300 vary: 'principal.claims.team'");
  const std::string alice = Caller("alice"), bob = Caller("bob");
  EXPECT_THAT(Ask("find", "{}", alice), HasSubstr("answer 1"));
  EXPECT_THAT(Ask("find", "{}", bob), HasSubstr("answer 2"));
}

TEST_F(CacheTest, AConstantSharesWithEverybody) {
  Keep("ttl_s: 300 vary: \"'all'\"");
  EXPECT_THAT(Ask("find", "{}"), HasSubstr("answer 1"));
  EXPECT_THAT(Ask("find", "{}"), HasSubstr("answer 1"));
}

TEST_F(CacheTest, WhatTravelsToTheServerIsAPartOfTheQuestion) {
  Keep("ttl_s: 300 vary: \"'all'\"");
  EXPECT_THAT(Ask("find", "{}", "Mcp-Param-Region: eu\r\n"), HasSubstr("answer 1"));
  EXPECT_THAT(Ask("find", "{}", "Mcp-Param-Region: us\r\n"), HasSubstr("answer 2"));
  EXPECT_THAT(Ask("find", "{}", "baggage: a=b\r\n"), HasSubstr("answer 3"));
  EXPECT_THAT(Ask("find", "{}", "traceparent: 00-ab-cd-01\r\n"), HasSubstr("answer 4"));
  EXPECT_THAT(Ask("find", "{}", "traceparent: 00-ef-01-01\r\n"), HasSubstr("answer 4"));
  EXPECT_THAT(Ask("find", R"({},"requestState":"s")"), HasSubstr("answer 5"));
  EXPECT_THAT(Ask("find", R"({},"requestState":"s")"), HasSubstr("answer 6"));
}

TEST_F(CacheTest, OnlyToolsThatReadAreKeptUnlessTheRuleChoosesThem) {
  Keep("ttl_s: 300 vary: \"'all'\"");
  EXPECT_THAT(Ask("write", "{}"), HasSubstr("answer 1"));
  EXPECT_THAT(Ask("write", "{}"), HasSubstr("answer 2"));
  EXPECT_EQ(gateway_.LastRecord().cache, mcp::CacheUse::kNone);
  Keep("ttl_s: 300 vary: \"'all'\"", "select { tools: 'write' }");
  EXPECT_THAT(Ask("write", "{}"), HasSubstr("answer 3"));
  EXPECT_THAT(Ask("write", "{}"), HasSubstr("answer 3"));
}

TEST_F(CacheTest, ErrorsAndQuestionsAreNotKept) {
  Keep("ttl_s: 300 vary: \"'all'\"");
  Answer([](int) { return R"({"resultType":"complete","content":[],"isError":true})"; });
  Ask("find", "{}");
  Ask("find", "{}");
  EXPECT_EQ(gateway_.server_calls, 2);
  Answer([](int) { return R"({"resultType":"input_required","inputRequests":{}})"; });
  Ask("find", "{}");
  Ask("find", "{}");
  EXPECT_EQ(gateway_.server_calls, 4);
}

TEST_F(CacheTest, AnswersThatAreTooLongPassAndAreNotKept) {
  Keep("ttl_s: 300 vary: \"'all'\" max_bytes: 100");
  Answer([](int count) {
    return R"({"resultType":"complete","content":[{"type":"text","text":")" +
           std::string(100, 'x') + std::to_string(count) + "\"}]}";
  });
  EXPECT_THAT(Ask("find", "{}"), HasSubstr("x1\""));
  EXPECT_THAT(Ask("find", "{}"), HasSubstr("x2\""));
}

TEST_F(CacheTest, AnAnswerThatIsRelayedIsKeptAsItPasses) {
  Keep("ttl_s: 300 vary: \"'all'\"");
  using Form = mcp::Source::Form;
  std::atomic<Form> form = Form::kJson;
  gateway_.server = [&](mcp::Call& call, base::Loop&) -> base::Task<mcp::Response> {
    std::string head = R"({"jsonrpc":"2.0","id":)";
    head.append(call.id()).append(R"(,"result":{"resultType":"complete",)");
    std::string rest = R"("content":[]}})";
    if (form == Form::kEventStream) {
      head = "data: {\"jsonrpc\":\"2.0\",\"method\":\"notifications/progress\"}\n\ndata: " + head;
      rest += "\n\n";
    }
    std::vector<std::string> pieces;
    pieces.push_back(std::move(head));
    pieces.push_back(std::move(rest));
    support::PiecedAnswer answer(form, std::move(pieces));
    const auto relayed = co_await call.client.Relay(answer);
    co_return relayed ? mcp::Response::Relayed() : mcp::Response::Gone();
  };
  EXPECT_THAT(Ask("find", "{}"), HasSubstr(R"("content":[]}})"));
  EXPECT_EQ(Ask("find", "{}", "", "7"),
            R"({"jsonrpc":"2.0","id":7,"result":)" + std::string(kKeptResult) + "}");
  form = Form::kEventStream;
  EXPECT_THAT(Ask("find", R"({"a":1})"), HasSubstr("notifications/progress"));
  EXPECT_EQ(Ask("find", R"({"a":1})", "", "8"),
            R"({"jsonrpc":"2.0","id":8,"result":)" + std::string(kKeptResult) + "}");
  EXPECT_EQ(gateway_.server_calls, 2);
}

TEST_F(CacheTest, WhatTheRulesOrTheDefinitionsOrTheServerChangeIsAskedAnew) {
  Keep("ttl_s: 300 vary: \"'all'\"");
  EXPECT_THAT(Ask("find", "{}"), HasSubstr("answer 1"));
  gateway_.PutServer("other");
  gateway_.Publish();
  EXPECT_THAT(Ask("find", "{}"), HasSubstr("answer 1"));
  Keep("ttl_s: 301 vary: \"'all'\"");
  EXPECT_THAT(Ask("find", "{}"), HasSubstr("answer 2"));
  gateway_.PutDefinitions(kOffered);
  gateway_.Publish();
  EXPECT_THAT(Ask("find", "{}"), HasSubstr("answer 3"));
  gateway_.PutServer("geo", "approval: APPROVED description: 'moved'");
  gateway_.Publish();
  EXPECT_THAT(Ask("find", "{}"), HasSubstr("answer 4"));
  Keep("ttl_s: 300 vary: \"'all'\"");
  EXPECT_THAT(Ask("find", "{}"), HasSubstr("answer 5"));
}

TEST_F(CacheTest, WhoMayNotAskIsNotAnsweredFromWhatOthersAsked) {
  Keep("ttl_s: 300 vary: \"'all'\"");
  const std::string alice = Caller("alice", "acme"), bob = Caller("bob", "other");
  gateway_.Put("PolicySet",
               "name: 'who' policy_set { attach { server: 'local/geo' } rules { id: 'acme' "
               "authorize { permit_if: \"principal.tenant == 'acme' && args.n < 5\" } } }");
  gateway_.Publish();
  EXPECT_THAT(Ask("find", R"({"n":1})", alice), HasSubstr("answer 1"));
  EXPECT_THAT(Ask("find", R"({"n":1})", alice), HasSubstr("answer 1"));
  EXPECT_THAT(Ask("find", R"({"n":1})", bob), HasSubstr("Unknown tool"));
}

TEST_F(CacheTest, AHitCountsForTheRate) {
  gateway_.Put("PolicySet",
               "name: 'rate' policy_set { attach { global: true } rules { id: 'two' rate_limit { "
               "calls: 2 per_s: 60 } } }");
  Keep("ttl_s: 300 vary: \"'all'\"");
  EXPECT_THAT(Ask("find", "{}"), HasSubstr("answer 1"));
  EXPECT_THAT(Ask("find", "{}"), HasSubstr("answer 1"));
  EXPECT_THAT(Ask("find", "{}"), HasSubstr("-31429"));
}

TEST_F(CacheTest, ARefusedResultIsNotKept) {
  gateway_.Put("PolicySet",
               "name: 'v' policy_set { attach { global: true } rules { id: 'v' validate { results: "
               "PREVENT } } }");
  gateway_.PutDefinitions(
      R"(server: 'local/geo' info { protocol_revisions: '2026-07-28' capabilities_json: '{"tools":{}}' }
         definitions { kind: TOOL name: 'find' json: '{"name":"find","annotations":{"readOnlyHint":true},"outputSchema":{"type":"object"}}' })");
  Keep("ttl_s: 300 vary: \"'all'\"");
  EXPECT_THAT(Ask("find", "{}"), HasSubstr("ResultInvalid"));
  EXPECT_THAT(Ask("find", "{}"), HasSubstr("ResultInvalid"));
  EXPECT_EQ(gateway_.server_calls, 2);
}

TEST_F(CacheTest, ANarrowerScopeSwitchesItOff) {
  Keep("ttl_s: 300 vary: \"'all'\"");
  gateway_.Put("PolicySet",
               "name: 'geo' policy_set { attach { server: 'local/geo' } rules { id: 'off' cache { "
               "ttl_s: 0 } } }");
  gateway_.Publish();
  EXPECT_THAT(Ask("find", "{}"), HasSubstr("answer 1"));
  EXPECT_THAT(Ask("find", "{}"), HasSubstr("answer 2"));
}

// A server whose lists are asked for: the catalog has none, or each caller is shown its own.
class CachedListTest : public CacheTest {
 protected:
  CachedListTest() {
    gateway_.PutServer("geo", "approval: APPROVED definitions: PER_PRINCIPAL");
    Keep("ttl_s: 300 vary: \"'all'\"");
  }
  void Lists(const std::string& freshness) {
    Answer([freshness](int count) {
      return R"({"resultType":"complete","tools":[{"name":"t)" + std::to_string(count) + "\"}]," +
             freshness + "}";
    });
  }
};

TEST_F(CachedListTest, ListsOfEachCallerAreNeverShared) {
  Lists(R"("ttlMs":60000,"cacheScope":"public")");
  const std::string alice = Caller("alice"), bob = Caller("bob");
  EXPECT_THAT(List(alice), HasSubstr("t1"));
  EXPECT_THAT(List(bob), HasSubstr("t2"));
  EXPECT_THAT(List(alice), HasSubstr("t1"));
}

TEST_F(CachedListTest, WhatTheServerCallsStaleIsNotKept) {
  Lists(R"("ttlMs":0,"cacheScope":"public")");
  const std::string alice = Caller("alice");
  EXPECT_THAT(List(alice), HasSubstr("t1"));
  EXPECT_THAT(List(alice), HasSubstr("t2"));
}

TEST_F(CachedListTest, AKeptListSaysHowLongItIsStillGood) {
  Lists(R"("ttlMs":900000,"cacheScope":"private")");
  const std::string alice = Caller("alice");
  EXPECT_THAT(List(alice), HasSubstr(R"("ttlMs":900000)"));
  const std::string kept = List(alice);
  EXPECT_THAT(kept, HasSubstr("t1"));
  EXPECT_THAT(kept, Not(HasSubstr("900000")));
  EXPECT_THAT(kept, HasSubstr(R"("ttlMs":)"));
}

class UnlistedServerTest : public CacheTest {
 protected:
  UnlistedServerTest() {
    gateway_.PutServer("plain");
    Keep("ttl_s: 300 vary: \"'all'\"");
    Answer([this](int count) {
      return R"({"resultType":"complete","tools":[{"name":"t)" + std::to_string(count) +
             R"("}],"ttlMs":60000,"cacheScope":")" + scope_ + "\"}";
    });
  }
  std::string ListPlain(const std::string& key) {
    return gateway_
        .Post("/plain/mcp", ModernRequest("41", "tools/list", ""),
              "MCP-Protocol-Version: 2026-07-28\r\nMcp-Method: tools/list\r\n" + key)
        .body;
  }
  std::string scope_ = "public";
};

TEST_F(UnlistedServerTest, APublicListIsSharedAndAPrivateOneIsItsCallersAlone) {
  EXPECT_THAT(ListPlain(""), HasSubstr("t1"));
  EXPECT_THAT(ListPlain(""), HasSubstr("t1"));
  scope_ = "private";
  Keep("ttl_s: 299 vary: \"'all'\"");
  EXPECT_THAT(ListPlain(""), HasSubstr("t2"));
  EXPECT_THAT(ListPlain(""), HasSubstr("t3"));
}

class CacheOfWorkersTest : public CacheTest {
 protected:
  CacheOfWorkersTest() : CacheTest(2) {}
};

TEST_F(CacheOfWorkersTest, WhoAsksTheSameMeanwhileWaitsForTheAnswerOnEveryWorker) {
  Keep("ttl_s: 300 vary: \"'all'\"");
  std::mutex mutex;
  base::Doorbell* bell = nullptr;
  std::promise<void> asked;
  gateway_.server = [&](mcp::Call& call, base::Loop& loop) -> base::Task<mcp::Response> {
    base::Doorbell here(loop);
    {
      const std::lock_guard lock(mutex);
      bell = &here;
    }
    asked.set_value();
    co_await here.Wait(std::chrono::seconds(10), call.cancel);
    {
      const std::lock_guard lock(mutex);
      bell = nullptr;
    }
    std::string body = R"({"jsonrpc":"2.0","id":)";
    body.append(call.id()).append(R"(,"result":{"resultType":"complete","content":[]}})");
    co_return mcp::Response::Message(std::move(body));
  };
  std::vector<std::string> bodies(16);
  std::vector<std::thread> callers;
  for (std::size_t i = 0; i < bodies.size(); ++i)
    callers.emplace_back([&, i] { bodies[i] = Ask("find", "{}", "", std::to_string(i)); });
  asked.get_future().wait();
  {
    const std::lock_guard lock(mutex);
    bell->Ring();
  }
  for (std::thread& caller : callers) caller.join();
  EXPECT_EQ(gateway_.server_calls, 1);
  for (std::size_t i = 0; i < bodies.size(); ++i) {
    const std::string head = R"({"jsonrpc":"2.0","id":)" + std::to_string(i) + R"(,"result":)";
    EXPECT_THAT(bodies[i], testing::AnyOf(head + std::string(kKeptResult) + "}",
                                          head + R"({"resultType":"complete","content":[]}})"));
  }
}

}  // namespace
}  // namespace gateway
