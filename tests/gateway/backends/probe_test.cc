#include "gateway/backends/probe.h"

#include <gmock/gmock.h>

#include "gateway/backends/definitions_watcher.h"
#include "gateway/backends/listing.h"
#include "gateway/backends/upstream_table.h"
#include "mcp/raw_json.h"
#include "portolan/v1/server.pb.h"
#include "tests/support/backend_fixture.h"
#include "tests/support/fake_handler.h"

namespace gateway {
namespace {

namespace v1 = portolan::v1;
using support::FakeHandler;
using support::ScriptedServer;
using testing::ElementsAre;
using testing::HasSubstr;

// Keeps what it is told.
class RecordingReporter final : public Reporter {
 public:
  void Call(const mcp::Record&) override {}
  void Status(v1::ServerStatus&& status) override { statuses.push_back(std::move(status)); }
  void Definitions(v1::ServerDefinitions&& told) override {
    definitions.push_back(std::move(told));
  }
  void Probe(v1::ProbeReport&& report) override { probes.push_back(std::move(report)); }
  void InForce(std::int64_t) override {}
  void Reject(v1::Rejection&&) override {}

  std::vector<v1::ServerStatus> statuses;
  std::vector<v1::ServerDefinitions> definitions;
  std::vector<v1::ProbeReport> probes;
};

class ProbeTest : public support::BackendTest {
 protected:
  // A server of 2026-07-28 with `tools` tools on two pages, and two prompts.
  void StartServer() {
    server_ = std::make_unique<ScriptedServer>(
        loop_,
        [this](base::http::Exchange& exchange,
               const ScriptedServer::Request& request) -> base::Task<void> {
          if (status_ != 200) co_return co_await support::RespondJson(exchange, status_, "{}");
          const bool listen = request.body.find("subscriptions/listen") != std::string::npos;
          if (listen && listen_) co_return co_await listen_(exchange);
          std::string body =
              R"({"jsonrpc":"2.0","id":)" + std::string(mcp::Member(request.body, "id"));
          body += listen ? R"(,"error":{"code":-32601,"message":"no"}})"
                         : ",\"result\":" + ResultOf(request.body) + "}";
          co_await support::RespondJson(exchange, 200, std::move(body));
        });
    spec_.mutable_endpoint()->mutable_streamable_http()->set_url(server_->url());
    spec_.set_approval(v1::Approval::APPROVED);
  }
  std::string ResultOf(const std::string& body) const {
    const std::string method = mcp::DecodeString(mcp::Member(body, "method"));
    if (method == "server/discover") {
      return R"({"supportedVersions":["2026-07-28"],"capabilities":{"tools":{"listChanged":true},"prompts":{}},"instructions":"Be kind."})";
    }
    if (method == "prompts/list") return prompts_;
    const bool second = body.find("\"cursor\":\"next\"") != body.npos;
    if (second) return R"({"tools":[{"name":"b"})" + extra_tool_ + "]" + more_ + "}";
    return R"({"tools":[{"name":"a", "x" : 1}],"nextCursor":"next"})";
  }

  ProbeResult Probe() {
    const auto backend = MakeBackend("local/x", spec_, context_);
    std::function<void(const v1::Stage&)> on_stage = [this](const v1::Stage& stage) {
      stages_.push_back(stage.name() + (stage.outcome() == v1::StageOutcome::PASSED ? " ok"
                                        : stage.outcome() == v1::StageOutcome::SKIPPED
                                            ? " -"
                                            : " failed"));
    };
    return Run(ProbeServer("local/x", spec_, backend, context_, cancel_, on_stage));
  }

  base::SystemClock clock_;
  BackendLimits limits_;
  UpstreamTable upstreams_{clock_};
  std::unique_ptr<base::http::Client> client_ =
      base::http::Client::Create(loop_, limits_.ForClient());
  BackendContext context_{loop_, *client_, upstreams_, nullptr, limits_};
  base::CancelSignal cancel_;
  std::unique_ptr<ScriptedServer> server_;
  int status_ = 200;
  std::string more_;
  std::string extra_tool_;
  std::string prompts_ = R"({"prompts":[{"name":"p1"},{"name":"p2"}]})";
  // Answers subscriptions/listen; absent: it is not known.
  std::function<base::Task<void>(base::http::Exchange&)> listen_;
  v1::Server spec_;
  std::vector<std::string> stages_;
};

TEST_F(ProbeTest, AHealthyServerPassesEveryStageAndItsPagesAreGathered) {
  StartServer();
  const ProbeResult result = Probe();
  EXPECT_THAT(stages_, ElementsAre("dns -", "tcp ok", "tls -", "http ok", "auth ok", "handshake ok",
                                   "list ok"));
  EXPECT_EQ(result.status.health(), v1::Health::HEALTHY);
  EXPECT_EQ(result.status.stages(6).message(), "2 tools, 2 prompts");
  ASSERT_EQ(result.definitions.definitions_size(), 4);
  EXPECT_EQ(result.definitions.definitions(0).json(), R"({"name":"a", "x" : 1})");
  EXPECT_EQ(result.definitions.info().instructions(), "Be kind.");
  EXPECT_EQ(result.definitions.info().protocol_revisions(0), "2026-07-28");
}

TEST_F(ProbeTest, NobodyListeningFailsAtTcpWithTheNextStep) {
  spec_.mutable_endpoint()->mutable_streamable_http()->set_url("http://127.0.0.1:1/mcp");
  const ProbeResult result = Probe();
  EXPECT_THAT(stages_, ElementsAre("dns -", "tcp failed"));
  EXPECT_EQ(result.status.health(), v1::Health::UNREACHABLE);
  EXPECT_THAT(result.status.stages(1).fix(), HasSubstr("portolan add x -- COMMAND"));
  EXPECT_FALSE(result.listed);
}

TEST_F(ProbeTest, AnUnknownNameFailsAtDns) {
  spec_.mutable_endpoint()->mutable_streamable_http()->set_url("http://no-such-host.invalid/mcp");
  Probe();
  EXPECT_THAT(stages_, ElementsAre("dns failed"));
}

TEST_F(ProbeTest, AServerThatWantsCredentialsFailsAtAuth) {
  StartServer();
  status_ = 401;
  Probe();
  EXPECT_THAT(stages_, ElementsAre("dns -", "tcp ok", "tls -", "http ok", "auth failed"));
}

TEST_F(ProbeTest, WhatIsNoMcpServerFailsAtTheHandshake) {
  StartServer();
  status_ = 404;
  const ProbeResult result = Probe();
  EXPECT_EQ(stages_.back(), "handshake failed");
}

TEST_F(ProbeTest, ACursorThatComesTwiceFailsTheList) {
  StartServer();
  more_ = R"(,"nextCursor":"next")";
  const ProbeResult result = Probe();
  EXPECT_EQ(stages_.back(), "list failed");
  EXPECT_EQ(result.status.health(), v1::Health::DEGRADED);
  EXPECT_THAT(result.status.message(), HasSubstr("the same cursor came twice"));
}

TEST_F(ProbeTest, AToolWhoseHeadersCannotBeMadeIsLeftOut) {
  StartServer();
  extra_tool_ =
      R"(,{"name":"c","inputSchema":{"properties":{"n":{"type":"number","x-mcp-header":"N"}}}})";
  EXPECT_EQ(Probe().definitions.definitions_size(), 4);
}

TEST_F(ProbeTest, MoreThanTheBoundFailsTheList) {
  StartServer();
  limits_.max_definitions = 1;
  EXPECT_THAT(Probe().status.message(), HasSubstr("more than 1 items"));
}

TEST(CanonicalHashTest, OrderAndSpacesDoNotCountAndTwiceTheSameKeyIsRefused) {
  EXPECT_EQ(*CanonicalHash(R"({"a":1,"b":[{"c":2,"d":3}]})"),
            *CanonicalHash(R"({ "b" : [ {"d":3, "c":2} ], "a":1 })"));
  EXPECT_NE(*CanonicalHash(R"({"a":1})"), *CanonicalHash(R"({"a":2})"));
  EXPECT_FALSE(CanonicalHash(R"({"a":1,"a":2})").has_value());
}

class DefinitionsWatcherTest : public ProbeTest {
 protected:
  // What it listens with ends before the loop does.
  ~DefinitionsWatcherTest() override {
    watcher_->Stop();
    RunUntil([&] { return !watcher_->busy(); });
  }

  RecordingReporter reporter_;
  std::unique_ptr<DefinitionsWatcher> watcher_ =
      std::make_unique<DefinitionsWatcher>(context_, reporter_);
};

TEST_F(DefinitionsWatcherTest, AServerIsTriedWhenItIsFirstSeenAndWhenItsEndpointChanges) {
  StartServer();
  watcher_->Put("local/x", spec_);
  RunUntil([&] { return reporter_.statuses.size() == 1; });
  EXPECT_EQ(reporter_.definitions.at(0).definitions_size(), 4);
  spec_.set_description("another word");
  watcher_->Put("local/x", spec_);
  spec_.mutable_endpoint()->mutable_streamable_http()->set_url(server_->url() + "2");
  watcher_->Put("local/x", spec_);
  RunUntil([&] { return reporter_.statuses.size() == 2; });
}

TEST_F(DefinitionsWatcherTest, AnOrderedProbeTellsEachStageAndTheStatusLast) {
  StartServer();
  v1::ProbeOrder order;
  order.set_probe_id("p-1");
  order.set_server("local/x");
  watcher_->Order(order);  // a moment before the server itself
  watcher_->Put("local/x", spec_);
  RunUntil(
      [&] { return !reporter_.probes.empty() && reporter_.probes.back().event().has_status(); });
  EXPECT_EQ(reporter_.probes.size(), 8u);
  EXPECT_EQ(reporter_.probes[0].probe_id(), "p-1");
  EXPECT_EQ(reporter_.probes.back().event().status().tools(), 2);
}

TEST_F(DefinitionsWatcherTest, AnOrderForAServerThatIsNotHereIsAnswered) {
  v1::ProbeOrder order;
  order.set_probe_id("p-1");
  order.set_server("local/nobody");
  watcher_->Order(order);
  RunUntil([&] { return !reporter_.probes.empty(); });
  EXPECT_THAT(reporter_.probes[0].event().status().message(), HasSubstr("does not serve it"));
}

TEST_F(DefinitionsWatcherTest, WhatIsNotApprovedIsNotContacted) {
  StartServer();
  spec_.set_approval(v1::Approval::PENDING);
  watcher_->Put("local/x", spec_);
  loop_.io.poll();
  EXPECT_TRUE(server_->requests.empty());
}

TEST_F(DefinitionsWatcherTest, AListThatChangedIsReadAgain) {
  StartServer();
  watcher_->Put("local/x", spec_);
  RunUntil([&] { return reporter_.statuses.size() == 1; });
  watcher_->ListChanged("local/x");
  RunUntil([&] { return reporter_.statuses.size() == 2; });
  EXPECT_EQ(reporter_.definitions.size(), 1u);  // they were the same
}

std::string Event(std::string_view method, std::string_view params) {
  return R"(data: {"jsonrpc":"2.0","method":")" + std::string(method) + R"(","params":)" +
         std::string(params) + "}\n\n";
}

TEST_F(DefinitionsWatcherTest, AServerThatSaysThatItsListsChangedIsReadAgain) {
  StartServer();
  base::http::Exchange* stream = nullptr;
  listen_ = [&](base::http::Exchange& exchange) -> base::Task<void> {
    constexpr base::http::Field kFields[] = {{"Content-Type", "text/event-stream"}};
    (void)co_await exchange.StartStream(200, kFields);
    (void)co_await exchange.Write(Event("notifications/subscriptions/acknowledged",
                                        R"({"notifications":{"toolsListChanged":true}})"));
    stream = &exchange;
    (void)co_await loop_.timers.Sleep(std::chrono::hours(1), exchange.cancel());
  };
  watcher_->Put("local/x", spec_);
  // Once when it is seen, and once when it is listened to: nobody heard what changed between.
  RunUntil([&] { return reporter_.statuses.size() == 2; });
  ASSERT_NE(stream, nullptr);
  prompts_ = R"({"prompts":[{"name":"p1"}]})";
  base::Spawn([](base::http::Exchange& to) -> base::Task<> {
    const std::string changed = Event("notifications/tools/list_changed", "{}");
    (void)co_await to.Write(changed);
  }(*stream));
  RunUntil([&] { return reporter_.definitions.size() == 2; });
  EXPECT_EQ(reporter_.definitions[1].definitions_size(), 3);
}

}  // namespace
}  // namespace gateway
