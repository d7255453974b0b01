#include "gateway/routing/listening.h"

#include <gmock/gmock.h>
#include <google/protobuf/text_format.h>

#include <boost/asio/executor_work_guard.hpp>

#include "gateway/backends/subscription.h"
#include "gateway/routing/snapshot.h"
#include "mcp/raw_json.h"
#include "tests/support/backend_fixture.h"
#include "tests/support/fake_handler.h"

namespace gateway {
namespace {

namespace v1 = portolan::v1;
using support::FakeHandler;
using support::TestCall;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::SizeIs;

constexpr auto kModern = mcp::Revision::k2026_07_28;

std::string ListenTo(std::string_view what) {
  return R"({"jsonrpc":"2.0","id":"L","method":"subscriptions/listen","params":{"notifications":{)" +
         std::string(what) + "}}}";
}
constexpr const char* kServersAcknowledgement =
    R"({"jsonrpc":"2.0","method":"notifications/subscriptions/acknowledged","params":{"_meta":{"io.modelcontextprotocol/subscriptionId":"L"}}})";
constexpr const char* kAllLists =
    R"("toolsListChanged":true,"promptsListChanged":true,"resourcesListChanged":true)";

class ListeningTest : public support::BackendTest {
 protected:
  ListeningTest() {
    PutServer("");
    PutTools("one");
    Publish();
  }
  ~ListeningTest() override {
    listeners_.EndAll();
    RunUntil([&] { return open_ == 0; });
  }

  void PutServer(const std::string& more, const std::string& name = "x") {
    v1::Changes changes;
    const std::string text = "changes { resource { kind: 'Server' name: 'local/" + name +
                             "' server { base_path: '" + name + "' " +
                             (more.starts_with("approval") ? "" : "approval: APPROVED ") +
                             "endpoint { streamable_http { "
                             "url: 'http://127.0.0.1:1/mcp' } } " +
                             more + " } } }";
    EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &changes)) << text;
    snapshot_.Apply(changes);
  }
  void Remove(const std::string& kind = "Server", const std::string& name = "local/x") {
    v1::Changes changes;
    EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(
        "changes { deleted: true resource { kind: '" + kind + "' name: '" + name + "' } }",
        &changes));
    snapshot_.Apply(changes);
  }
  void Put(const std::string& resource) {
    v1::Changes changes;
    EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(
        "changes { resource { " + resource + " } }", &changes));
    EXPECT_TRUE(snapshot_.Apply(changes).empty());
  }
  // A key of the consumer alice.
  void PutKey(const std::string& id, const std::string& more) {
    v1::Changes changes;
    EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(
        "changes { resource { kind: 'Consumer' name: 'alice' consumer {} } } "
        "changes { resource { kind: 'ApiKey' name: '" +
            id + "' api_key { consumer: 'alice' sha256: '" + std::string(32, '5') + "' " + more +
            " } } }",
        &changes));
    snapshot_.Apply(changes);
  }
  void PutTools(const std::string& tool, const std::string& more = "") {
    v1::ServerDefinitions definitions;
    EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(
        "server: 'local/x' info { protocol_revisions: '2025-11-25' capabilities_json: "
        "'{\"tools\":{},\"resources\":{\"subscribe\":true}}' } definitions { kind: TOOL name: '" +
            tool + "' json: '{\"name\":\"" + tool + "\"}' } " + more,
        &definitions));
    snapshot_.Apply(definitions);
  }
  void Publish() {
    table_ = Compile(snapshot_, *table_, state_);
    listeners_.Follow(*table_);
  }

  // Lives as long as who listens by it.
  TestCall& New(std::string bytes, mcp::Revision revision, std::string session = {}) {
    return *tests_.emplace_back(
        std::make_unique<TestCall>(std::move(bytes), revision, std::move(session)));
  }
  void Start(TestCall& test) {
    mcp::Call& call = *calls_.emplace_back(std::make_unique<mcp::Call>(test.Make()));
    ++open_;
    base::Spawn([](ListeningTest& self, mcp::Call& of) -> base::Task<> {
      self.response_ = co_await self.listeners_.Listen(of, self.table_->FindServer("local/x"));
      --self.open_;
    }(*this, call));
  }
  void WaitForNotifications(TestCall& test, std::size_t count) {
    RunUntil([&] { return test.client.notifications.size() >= count; });
  }

  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> keep_running_{
      loop_.io.get_executor()};
  std::vector<std::unique_ptr<TestCall>> tests_;
  base::SystemClock clock_;
  state::RuleState state_{clock_};
  Snapshot snapshot_;
  std::shared_ptr<const RouteTable> table_ = std::make_shared<RouteTable>();
  // Says what it is told to, then waits.
  std::vector<std::string> says_;
  std::shared_ptr<FakeHandler> server_ =
      std::make_shared<FakeHandler>([this](mcp::Call& call) -> base::Task<mcp::Response> {
        requests_.emplace_back(call.bytes);
        for (const std::string& message : says_) (void)co_await call.client.Notify(message);
        (void)co_await loop_.timers.Sleep(std::chrono::hours(1), call.cancel);
        ++ended_listens_;
        co_return mcp::Response::Gone();
      });
  int ended_listens_ = 0;
  std::vector<std::string> requests_;
  Listeners listeners_{loop_, [this](const Route&) { return server_; }};
  std::vector<std::unique_ptr<mcp::Call>> calls_;
  std::optional<mcp::Response> response_;
  int open_ = 0;
};

TEST_F(ListeningTest, WhatIsServedIsAcknowledgedFirst) {
  TestCall& test = New(ListenTo(kAllLists), kModern);
  Start(test);
  WaitForNotifications(test, 1);
  EXPECT_EQ(
      test.client.notifications[0],
      R"({"jsonrpc":"2.0","method":"notifications/subscriptions/acknowledged","params":{"_meta":)"
      R"({"io.modelcontextprotocol/subscriptionId":"L"},"notifications":{"toolsListChanged":true,)"
      R"("resourcesListChanged":true}}})");
  EXPECT_THAT(server_->methods, SizeIs(0));
}

TEST_F(ListeningTest, AChangedListIsToldUnderTheListenersId) {
  TestCall& test = New(ListenTo(kAllLists), kModern);
  Start(test);
  WaitForNotifications(test, 1);
  PutTools("two");
  Publish();
  WaitForNotifications(test, 2);
  EXPECT_EQ(test.client.notifications[1],
            R"({"params":{"_meta":{"io.modelcontextprotocol/subscriptionId":"L"}},)"
            R"("jsonrpc":"2.0","method":"notifications/tools/list_changed"})");
  PutTools("two", "definitions { kind: RESOURCE name: 'r' json: '{\"uri\":\"r\"}' }");
  Publish();
  WaitForNotifications(test, 3);
  EXPECT_THAT(test.client.notifications[2], HasSubstr("resources/list_changed"));
}

TEST_F(ListeningTest, ATableThatChangesNothingIsNotTold) {
  TestCall& test = New(ListenTo(kAllLists), kModern);
  Start(test);
  WaitForNotifications(test, 1);
  PutServer("", "other");
  PutServer("tags: 'new'");
  Publish();
  PutTools("two");
  Publish();
  WaitForNotifications(test, 2);
  EXPECT_THAT(test.client.notifications, SizeIs(2));
}

TEST_F(ListeningTest, OnlyWhatWasAskedForIsTold) {
  TestCall& test = New(ListenTo(R"("promptsListChanged":true)"), kModern);
  Start(test);
  WaitForNotifications(test, 1);
  PutTools("two");
  Publish();
  Remove();
  Publish();
  RunUntil([&] { return open_ == 0; });
  EXPECT_THAT(test.client.notifications, SizeIs(1));
}

TEST_F(ListeningTest, AListenerOfARemovedServerIsSentHomePolitely) {
  TestCall& test = New(ListenTo(kAllLists), kModern);
  Start(test);
  WaitForNotifications(test, 1);
  Remove();
  Publish();
  RunUntil([&] { return open_ == 0; });
  EXPECT_EQ(response_->body,
            R"({"jsonrpc":"2.0","id":"L","result":{"resultType":"complete","_meta":)"
            R"({"io.modelcontextprotocol/subscriptionId":"L"}}})");
}

TEST_F(ListeningTest, ADrainingWorkerSendsEverybodyHomeAndTakesNobody) {
  TestCall& test = New(ListenTo(kAllLists), kModern);
  Start(test);
  WaitForNotifications(test, 1);
  listeners_.EndAll();
  RunUntil([&] { return open_ == 0; });
  EXPECT_THAT(response_->body, HasSubstr("complete"));
  TestCall& late = New(ListenTo(kAllLists), kModern);
  Start(late);
  EXPECT_THAT(response_->body, HasSubstr("complete"));
}

TEST_F(ListeningTest, ACallerThatHangsUpIsGone) {
  TestCall& test = New(ListenTo(R"("resourceSubscriptions":["a"])"), kModern);
  Start(test);
  RunUntil([&] { return !requests_.empty(); });
  test.cancel.Request();
  RunUntil([&] { return open_ == 0; });
  EXPECT_EQ(response_->kind, mcp::Response::Kind::kGone);
}

TEST_F(ListeningTest, ResourcesAreListenedToAtTheServer) {
  says_ = {R"({"jsonrpc":"2.0","method":"notifications/subscriptions/acknowledged"})",
           R"({"jsonrpc":"2.0","method":"notifications/tools/list_changed"})",
           R"({"jsonrpc":"2.0","method":"notifications/message","params":{"level":"error"}})",
           R"({"jsonrpc":"2.0","method":"notifications/resources/updated","params":{"uri":"b"}})",
           R"({"jsonrpc":"2.0","method":"notifications/resources/updated","params":{"uri":"a"}})"};
  TestCall& test =
      New(ListenTo(std::string(kAllLists) + R"(,"resourceSubscriptions":["a"])"), kModern);
  Start(test);
  WaitForNotifications(test, 2);
  EXPECT_THAT(test.client.notifications[0], HasSubstr(R"("resourceSubscriptions":["a"])"));
  EXPECT_THAT(test.client.notifications[1], HasSubstr(R"("uri":"a")"));
  EXPECT_THAT(test.client.notifications[1],
              HasSubstr(R"("io.modelcontextprotocol/subscriptionId":"L")"));
  EXPECT_THAT(requests_.at(0), HasSubstr(R"("notifications":{"resourceSubscriptions":["a"]})"));
  EXPECT_THAT(requests_.at(0), HasSubstr(R"("io.modelcontextprotocol/protocolVersion")"));
}

TEST_F(ListeningTest, InASessionTheServerMayLogAndAsk) {
  says_ = {R"({"jsonrpc":"2.0","method":"notifications/message","params":{"level":"info"}})"};
  TestCall& test = New(ListenTo(kAllLists), kModern, "session");
  Start(test);
  WaitForNotifications(test, 2);
  EXPECT_THAT(test.client.notifications[1], HasSubstr("notifications/message"));
}

TEST_F(ListeningTest, WhatIsAcknowledgedIsHeardFromThenOn) {
  base::CancelSignal begun;
  server_ = std::make_shared<FakeHandler>([&](mcp::Call& call) -> base::Task<mcp::Response> {
    requests_.emplace_back(call.bytes);
    (void)co_await loop_.timers.Sleep(std::chrono::hours(1), begun);
    (void)co_await call.client.Notify(kServersAcknowledgement);
    (void)co_await loop_.timers.Sleep(std::chrono::hours(1), call.cancel);
    co_return mcp::Response::Gone();
  });
  TestCall& test = New(ListenTo(R"("resourceSubscriptions":["a"])"), kModern);
  Start(test);
  RunUntil([&] { return !requests_.empty(); });
  loop_.io.poll();
  EXPECT_THAT(test.client.notifications, SizeIs(0));
  begun.Request();
  WaitForNotifications(test, 1);
  EXPECT_THAT(test.client.notifications[0], HasSubstr("subscriptions/acknowledged"));
}

TEST_F(ListeningTest, AServerThatCannotBeHeardHoldsNobodyUp) {
  server_ = std::make_shared<FakeHandler>([this](mcp::Call& call) -> base::Task<mcp::Response> {
    requests_.emplace_back(call.bytes);
    co_return mcp::Response::Message("{}");
  });
  TestCall& test = New(ListenTo(R"("resourceSubscriptions":["a"])"), kModern);
  Start(test);
  WaitForNotifications(test, 1);
  EXPECT_THAT(requests_, SizeIs(1));
}

TEST_F(ListeningTest, ASessionIsToldThatItsServerIsHeardInIt) {
  says_ = {HearingItsSession(kServersAcknowledgement)};
  TestCall& test = New(ListenTo(kAllLists), kModern, "session");
  Start(test);
  WaitForNotifications(test, 1);
  EXPECT_TRUE(HearsItsSession(test.client.notifications[0]));
}

TEST_F(ListeningTest, AServerThatEndsItsListenIsListenedToAgain) {
  server_ = std::make_shared<FakeHandler>([this](mcp::Call& call) -> base::Task<mcp::Response> {
    requests_.emplace_back(call.bytes);
    if (requests_.size() == 1) co_return mcp::Response::Message("{}");
    (void)co_await loop_.timers.Sleep(std::chrono::hours(1), call.cancel);
    co_return mcp::Response::Gone();
  });
  TestCall& test = New(ListenTo(R"("resourceSubscriptions":["a"])"), kModern);
  Start(test);
  RunUntil([&] { return requests_.size() == 2; });
  EXPECT_EQ(open_, 1);
}

TEST_F(ListeningTest, AnotherEndpointIsListenedToInsteadOfTheOld) {
  TestCall& test = New(ListenTo(R"("resourceSubscriptions":["a"])"), kModern);
  Start(test);
  RunUntil([&] { return requests_.size() == 1; });
  PutServer("sessions: SHARED");
  Publish();
  RunUntil([&] { return requests_.size() == 2; });
}

TEST_F(ListeningTest, ListsThatAreNotInTheCatalogAreTheServersToTell) {
  PutServer("definitions: PER_PRINCIPAL");
  Publish();
  says_ = {R"({"jsonrpc":"2.0","method":"notifications/tools/list_changed"})"};
  TestCall& test = New(ListenTo(R"("toolsListChanged":true)"), kModern);
  Start(test);
  WaitForNotifications(test, 2);
  EXPECT_THAT(test.client.notifications[1], HasSubstr("tools/list_changed"));
}

TEST_F(ListeningTest, AServerThatIsHeldIsNotHeardUntilItIsApprovedAgain) {
  TestCall& test = New(ListenTo(R"("resourceSubscriptions":["a"])"), kModern);
  Start(test);
  RunUntil([&] { return requests_.size() == 1; });
  PutServer("approval: PENDING");
  Publish();
  RunUntil([&] { return ended_listens_ == 1; });
  PutServer("");
  Publish();
  RunUntil([&] { return requests_.size() == 2; });
  EXPECT_EQ(open_, 1);
}

TEST_F(ListeningTest, WhoCameByAKeyThatIsRevokedHearsNothingMoreAndOtherKeysOfTheConsumerDo) {
  PutKey("one", "");
  PutKey("other", "");
  Publish();
  const auto listen_by = [this](const std::string& key) -> TestCall& {
    TestCall& test = New(ListenTo(kAllLists), kModern);
    test.principal.id = "consumer/alice";
    test.principal.authentication = "api_key";
    test.principal.credential = key;
    Start(test);
    WaitForNotifications(test, 1);
    return test;
  };
  listen_by("one");
  TestCall& other = listen_by("other");
  PutKey("one", "revoked: true");
  Publish();
  RunUntil([&] { return open_ == 1; });
  PutTools("two");
  Publish();
  WaitForNotifications(other, 2);
  Remove("ApiKey", "other");
  Publish();
  RunUntil([&] { return open_ == 0; });
}

TEST_F(ListeningTest, WhoCameByASubscriptionThatEndsHearsNothingMore) {
  Put("kind: 'Product' name: 'gold' product { state: PUBLISHED servers: 'local/x' }");
  Put("kind: 'Subscription' name: 's' subscription { product: 'gold' principal: 'entra/ann' state: "
      "ACTIVE }");
  Publish();
  TestCall& ann = New(ListenTo(kAllLists), kModern);
  ann.principal.id = "entra/ann";
  ann.principal.kind = base::auth::PrincipalKind::kUser;
  Start(ann);
  WaitForNotifications(ann, 1);
  PutTools("two");
  Publish();
  WaitForNotifications(ann, 2);
  Put("kind: 'Subscription' name: 's' subscription { product: 'gold' principal: 'entra/ann' state: "
      "SUSPENDED }");
  Publish();
  RunUntil([&] { return open_ == 0; });
}

TEST_F(ListeningTest, WhoSawAHiddenServerByARoleHearsNothingMoreWhenTheRoleIsTakenAway) {
  Put("kind: 'RoleBinding' name: 'b' role_binding { role: VIEWER subjects: 'principal:entra/ann' "
      "}");
  PutServer("visibility { audiences: 'consumer:alice' }");
  Publish();
  TestCall& ann = New(ListenTo(kAllLists), kModern);
  ann.principal.id = "entra/ann";
  ann.principal.kind = base::auth::PrincipalKind::kUser;
  ann.principal.roles = {{"viewer"}};
  Start(ann);
  WaitForNotifications(ann, 1);
  PutTools("two");
  Publish();
  WaitForNotifications(ann, 2);
  Remove("RoleBinding", "b");
  Publish();
  RunUntil([&] { return open_ == 0; });
}

TEST_F(ListeningTest, WhoCameByATokenThatIsRevokedHearsNothingMore) {
  Put("kind: 'Token' name: 'ci' token { created_at_ms: 5 }");
  Publish();
  TestCall& ci = New(ListenTo(kAllLists), kModern);
  ci.principal.id = "token/ci";
  ci.principal.kind = base::auth::PrincipalKind::kUser;
  ci.principal.authentication = "call_token";
  ci.principal.credential = "5";
  Start(ci);
  WaitForNotifications(ci, 1);
  Put("kind: 'Token' name: 'ci' token { created_at_ms: 5 revoked: true }");
  Publish();
  RunUntil([&] { return open_ == 0; });
}

TEST_F(ListeningTest, WhoCameByATokenOfAnIdentityProviderThatIsGoneHearsNothingMore) {
  Put("kind: 'IdentityProvider' name: 'corp' identity_provider { issuer: 'https://id.example' "
      "audiences: 'x' }");
  Publish();
  TestCall& ann = New(ListenTo(kAllLists), kModern);
  ann.principal.id = "corp/ann";
  ann.principal.kind = base::auth::PrincipalKind::kUser;
  ann.principal.authentication = "jwt";
  Start(ann);
  WaitForNotifications(ann, 1);
  Remove("IdentityProvider", "corp");
  Publish();
  RunUntil([&] { return open_ == 0; });
}

TEST_F(ListeningTest, FromWhomAServerIsHiddenThatOneHearsNothingMore) {
  const auto listen_as = [this](const std::string& id) -> TestCall& {
    TestCall& test = New(ListenTo(kAllLists), kModern);
    test.principal.id = id;
    test.principal.kind = base::auth::PrincipalKind::kAgent;
    Start(test);
    WaitForNotifications(test, 1);
    return test;
  };
  listen_as("consumer/bob");
  TestCall& alice = listen_as("consumer/alice");
  PutServer("visibility { audiences: 'consumer:alice' }");
  Publish();
  RunUntil([&] { return open_ == 1; });
  EXPECT_THAT(response_->body, HasSubstr("complete"));
  PutTools("two");
  Publish();
  WaitForNotifications(alice, 2);
  TestCall& late = New(ListenTo(kAllLists), kModern);
  Start(late);
  EXPECT_EQ(open_, 1);
  EXPECT_THAT(late.client.notifications, SizeIs(0));
}

TEST_F(ListeningTest, WithoutAFilterItIsRefused) {
  TestCall& test =
      New(R"({"jsonrpc":"2.0","id":1,"method":"subscriptions/listen","params":{}})", kModern);
  Start(test);
  EXPECT_THAT(response_->body, HasSubstr("-32602"));
}

}  // namespace
}  // namespace gateway
