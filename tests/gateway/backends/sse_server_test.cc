#include "gateway/backends/sse_server.h"

#include <gmock/gmock.h>

#include "gateway/backends/upstream_table.h"
#include "mcp/legacy/sse_client.h"
#include "tests/support/fake_clock.h"
#include "tests/support/older_server.h"

namespace gateway {
namespace {

using base::http::Exchange;
using support::IdOf;
using support::MethodOf;
using support::ResultFor;
using support::ScriptedServer;
using support::TestCall;
using testing::HasSubstr;

constexpr auto kModern = mcp::Revision::k2026_07_28;
constexpr auto kOldest = mcp::Revision::k2024_11_05;
constexpr const char* kCall =
    R"({"jsonrpc":"2.0","id":"mine","method":"tools/call","params":{"name":"echo","_meta":{"progressToken":"p"}}})";

// A server of 2024-11-05: each GET is a session, whose number the POST names.
struct OldestServer {
  std::map<std::string, Exchange*> streams;
  int opened = 0;
  std::string endpoint = "message?session=";
  // What it does with a request, besides what every server does.
  std::function<base::Task<void>(Exchange& stream, const ScriptedServer::Request&)> calls;

  base::Task<void> Answer(base::Loop& loop, Exchange& exchange,
                          const ScriptedServer::Request& request) {
    if (request.method == "GET") {
      const std::string number = std::to_string(++opened);
      co_await support::StartEvents(exchange);
      const std::string first = "event: endpoint\ndata: " + endpoint + number + "\n\n";
      (void)co_await exchange.Write(first);
      streams[number] = &exchange;
      (void)co_await loop.timers.Sleep(std::chrono::seconds(30), exchange.cancel());
      streams.erase(number);
      co_return;
    }
    const std::string number = request.query.substr(request.query.find('=') + 1);
    const auto found = streams.find(number);
    if (request.path != "/message" || found == streams.end())
      co_return co_await support::RespondJson(exchange, 404, "{}");
    Exchange& stream = *found->second;
    (void)co_await exchange.Respond(202, {}, std::string_view("Accepted"));
    if (MethodOf(request) == "initialize") {
      std::string result = ResultFor(
          request,
          R"({"protocolVersion":"2024-11-05","capabilities":{"tools":{},"resources":{"subscribe":true}},"serverInfo":{"name":"oldest","version":"1"}})");
      co_return co_await support::WriteEvent(stream, std::move(result));
    }
    if (IdOf(request).empty() || MethodOf(request).empty()) co_return;
    if (calls) co_return co_await calls(stream, request);
    std::string result = ResultFor(request, R"({"content":[]})");
    co_await support::WriteEvent(stream, std::move(result));
  }
};

class SseServerTest : public support::BackendTest {
 protected:
  void SetUp() override {
    server_ = std::make_unique<ScriptedServer>(
        loop_, [this](Exchange& exchange, const ScriptedServer::Request& request) {
          return oldest_.Answer(loop_, exchange, request);
        });
    std::string url = server_->url();
    url.replace(url.find("/mcp"), 4, "/sse");
    SseServer::Options options{"local/x", *base::http::Url::Parse(url), false};
    backend_ = SseServer::Make(std::move(options), upstream_, context_);
  }
  void TearDown() override {
    backend_.reset();
    RunUntil([&] { return upstream_.use_count() == 1 && oldest_.streams.empty(); });
  }

  support::FakeClock clock_;
  BackendLimits limits_;
  UpstreamTable upstreams_{clock_};
  const std::shared_ptr<Upstream> upstream_ = upstreams_.Find("x");
  std::unique_ptr<base::http::Client> client_ =
      base::http::Client::Create(loop_, limits_.ForClient());
  BackendContext context_{loop_, *client_, upstreams_, nullptr, limits_};
  OldestServer oldest_;
  std::unique_ptr<ScriptedServer> server_;
  std::shared_ptr<SseServer> backend_;
};

TEST_F(SseServerTest, ACallIsPostedAndAnsweredOnTheStreamUnderItsOwnIdAndToken) {
  oldest_.calls = [](Exchange& stream, const ScriptedServer::Request& request) -> base::Task<void> {
    std::string progress =
        R"({"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":)" +
        IdOf(request) + R"(,"progress":1}})";
    co_await support::WriteEvent(stream, std::move(progress));
    std::string result = ResultFor(request, R"({"content":[]})");
    co_await support::WriteEvent(stream, std::move(result));
  };
  TestCall call(kCall, kOldest, "one");
  EXPECT_EQ(Ask(*backend_, call).body, R"({"jsonrpc":"2.0","id":"mine", "result":{"content":[]}})");
  ASSERT_EQ(call.client.notifications.size(), 1U);
  EXPECT_THAT(call.client.notifications[0], HasSubstr(R"("progressToken":"p")"));
  EXPECT_EQ(upstream_->revision(), kOldest);
}

TEST_F(SseServerTest, ModernCallersAreTranslated) {
  TestCall call(
      R"({"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"echo","_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28"}}})",
      kModern);
  EXPECT_THAT(Ask(*backend_, call).body, HasSubstr(R"("resultType":"complete")"));
}

TEST_F(SseServerTest, EachCallersSessionIsAStreamOfItsOwn) {
  TestCall first(kCall, kOldest, "one");
  TestCall again(kCall, kOldest, "one");
  TestCall other(kCall, kOldest, "two");
  Ask(*backend_, first);
  Ask(*backend_, again);
  Ask(*backend_, other);
  EXPECT_EQ(oldest_.opened, 2);
}

TEST_F(SseServerTest, AQuestionIsPutToTheCallThatCanAnswerIt) {
  oldest_.calls = [&](Exchange& stream,
                      const ScriptedServer::Request& request) -> base::Task<void> {
    co_await support::WriteEvent(stream, R"({"jsonrpc":"2.0","id":9,"method":"roots/list"})");
    while (MethodOf(server_->requests.back()) != "")
      (void)co_await loop_.timers.Sleep(std::chrono::milliseconds(1), stream.cancel());
    std::string result = ResultFor(request, "{}");
    co_await support::WriteEvent(stream, std::move(result));
  };
  TestCall call(kCall, kOldest, "one");
  call.client_capabilities = R"({"roots":{}})";
  call.client.answer_asked = [](const std::string&) {
    return R"({"jsonrpc":"2.0","id":9,"result":{"roots":[]}})";
  };
  Ask(*backend_, call);
  EXPECT_EQ(call.client.asked.size(), 1U);
  EXPECT_EQ(server_->requests.back().body, R"({"jsonrpc":"2.0","id":9,"result":{"roots":[]}})");
}

TEST_F(SseServerTest, ASessionThatTheServerForgotIsOpenedAgainAndTheCallReplayed) {
  TestCall first(kCall, kOldest, "one");
  Ask(*backend_, first);
  Exchange* stream = oldest_.streams.begin()->second;
  oldest_.streams.clear();
  oldest_.streams["gone"] = stream;
  TestCall again(kCall, kOldest, "one");
  EXPECT_THAT(Ask(*backend_, again).body, HasSubstr("content"));
  EXPECT_EQ(oldest_.opened, 2);
  oldest_.streams.erase("gone");
}

TEST_F(SseServerTest, AnEndpointOnAnotherOriginGetsNothing) {
  oldest_.endpoint = "http://127.0.0.1:1/message?session=";
  TestCall call(kCall, kOldest, "one");
  EXPECT_THAT(Ask(*backend_, call).body, HasSubstr("-31502"));
  EXPECT_THAT(call.record.message, HasSubstr("another origin"));
}

TEST(ResolveEndpointTest, IsRelativeToTheStreamAndStaysOnItsOrigin) {
  const auto stream = *base::http::Url::Parse("http://h:8080/a/sse?x=1");
  const auto target = [&](std::string_view reference) {
    const auto url = mcp::legacy::ResolveEndpoint(stream, reference);
    return url ? url->target : std::string("refused");
  };
  EXPECT_EQ(target("/message?sessionId=1"), "/message?sessionId=1");
  EXPECT_EQ(target("message?sessionId=1"), "/a/message?sessionId=1");
  EXPECT_EQ(target("?s=1"), "/a/sse?s=1");
  EXPECT_EQ(target("http://h:8080/m"), "/m");
  EXPECT_EQ(target("http://h:8081/m"), "refused");
  EXPECT_EQ(target("https://h:8080/m"), "refused");
  EXPECT_EQ(target("//other/m"), "refused");
  EXPECT_EQ(target("ftp://h:8080/m"), "refused");
  EXPECT_EQ(target("http://user@h:8080/m"), "refused");
  EXPECT_EQ(target("/a b"), "refused");
}

}  // namespace
}  // namespace gateway
