// The wall clock goes back an hour and forward a year while the registry runs: nothing is lost, nothing goes too early.
#include "registry/service/audit_keeper.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <spdlog/sinks/ostream_sink.h>
#include <spdlog/spdlog.h>

#include <future>
#include <sstream>

#include "base/auth/api_key.h"
#include "base/auth/identity_providers.h"
#include "base/http/outward_client.h"
#include "registry/service/authenticator.h"
#include "registry/service/own_keys.h"
#include "registry/service/role_book.h"
#include "registry/store/sqlite_store.h"
#include "tests/support/fake_clock.h"
#include "tests/support/installation.h"

namespace registry {
namespace {

using std::chrono::hours;
using testing::ElementsAre;
using testing::HasSubstr;

constexpr hours kDay{24};
constexpr hours kYear{24 * 365};

class AuditKeeperTest : public ::testing::Test {
 protected:
  AuditKeeperTest() {
    admin_.id = "token/admin";
    admin_.kind = base::auth::PrincipalKind::kUser;
    admin_.roles = {base::auth::RoleGrant("admin")};
  }

  std::int64_t AddServer(const std::string& name) {
    v1::PutRequest request;
    request.mutable_resource()->set_name(name);
    request.mutable_resource()->mutable_server()->set_approval(v1::Approval::APPROVED);
    request.mutable_resource()->mutable_server()->mutable_visibility()->add_audiences("group:x/y");
    const auto put = catalog_.Put({admin_}, request);
    EXPECT_TRUE(put.has_value()) << put.error().message;
    return put.has_value() ? put->revision() : 0;
  }
  // A token that ends in so many hours.
  std::string AddToken(const std::string& name, int expires_in_h) {
    const std::string token = std::string(kTokenPrefix) + name + "_secret";
    v1::PutRequest request;
    request.mutable_resource()->set_name(name);
    v1::Token& spec = *request.mutable_resource()->mutable_token();
    spec.set_sha256(base::auth::Sha256(token));
    spec.set_created_at_ms(clock_.UnixMillis());
    spec.set_expires_at_ms(clock_.UnixMillis() + expires_in_h * 3'600'000LL);
    EXPECT_TRUE(catalog_.Put({admin_}, request).has_value());
    return token;
  }
  bool Proves(const std::string& token) {
    const std::string authorization = "Bearer " + token;
    return authenticator_.Identify({.authorization = authorization, .api_key = {}, .session = {}})
        .has_value();
  }
  std::string AskAndDecide(v1::AccessDecision::Value decision, const std::string& server) {
    base::auth::Principal alice;
    alice.id = "consumer/alice";
    alice.kind = base::auth::PrincipalKind::kAgent;
    v1::RequestAccessRequest ask;
    ask.set_server(server);
    const auto name = catalog_.RequestAccess({alice}, ask);
    EXPECT_TRUE(name.has_value()) << name.error().message;
    if (decision == v1::AccessDecision::UNSPECIFIED) return *name;
    v1::DecideAccessRequest decide;
    decide.set_request(*name);
    decide.set_decision(decision);
    EXPECT_TRUE(catalog_.DecideAccess({admin_}, decide).has_value());
    return *name;
  }
  bool HasRequest(const std::string& name) {
    return catalog_.Get("AccessRequest", name).has_value();
  }
  std::size_t Records() { return static_cast<std::size_t>(audit_.List({}).value().records_size()); }
  // One second of the registry's, and what it makes the pool do.
  void Tick() {
    keeper_.Tick();
    std::promise<void> done;
    pool_.Post([&] { done.set_value(); });
    done.get_future().wait();
  }
  void Pass(hours time) {
    for (hours passed{0}; passed < time; ++passed) {
      clock_.Advance(hours(1));
      Tick();
    }
  }

  support::TemporaryFolder folder_;
  support::FakeClock clock_;
  std::unique_ptr<SqliteStore> store_ = *SqliteStore::Open(folder_.path() + "/portolan.db");
  Catalog catalog_{*store_, clock_};
  Audit audit_{*store_, clock_};
  RoleBook roles_;
  base::Loop loop_;
  const OwnKeys keys_ = *OwnKeys::Open(folder_.path(), *store_);
  const std::unique_ptr<base::http::Client> client_ = base::http::CreateOutwardClient(loop_, {});
  base::auth::IdentityProviders providers_{loop_, *client_, clock_};
  Authenticator authenticator_{keys_, catalog_, *store_, roles_, providers_, clock_};
  WorkerPool pool_{1};
  AuditKeeper keeper_{audit_, catalog_, pool_, clock_};
  base::auth::Principal admin_;
};

TEST_F(AuditKeeperTest, RevisionsTheAuditAndTheChangeLogGoOnWhateverTheClockDoes) {
  EXPECT_EQ(AddServer("io.acme/a"), 1);
  clock_.SetWall(-hours(1));
  EXPECT_EQ(AddServer("io.acme/b"), 2);
  clock_.SetWall(kYear);
  EXPECT_EQ(AddServer("io.acme/c"), 3);
  clock_.SetWall(-kYear);
  EXPECT_EQ(AddServer("io.acme/d"), 4);
  const auto verified = audit_.Verify();
  ASSERT_TRUE(verified.has_value()) << verified.error().message;
  EXPECT_EQ(Records(), 4U);
  Catalog::Position position{.revision = 1, .began_at = -1};
  const auto changes = catalog_.ChangesAfter(position, {});
  ASSERT_TRUE(changes.has_value());
  std::vector<std::string> names;
  for (const v1::Change& change : changes->changes) names.push_back(change.resource().name());
  EXPECT_THAT(names, ElementsAre("io.acme/b", "io.acme/c", "io.acme/d"));
}

TEST_F(AuditKeeperTest, ATokenEndsByTheClockAsItIsAndIsBackWhenTheClockIs) {
  const std::string token = AddToken("ci", 2);
  clock_.SetWall(-hours(1));
  EXPECT_TRUE(Proves(token));
  clock_.SetWall(kYear);
  EXPECT_FALSE(Proves(token));
  clock_.SetWall(-kYear);
  EXPECT_TRUE(Proves(token));
}

TEST_F(AuditKeeperTest, NothingIsDroppedBeforeItsTimeHasPassedWhenTheClockJumpsAhead) {
  keeper_.SetRetention(30);
  AddServer("io.acme/a");
  const std::string decided = AskAndDecide(v1::AccessDecision::DENIED, "io.acme/a");
  const std::size_t before = Records();
  clock_.SetWall(kYear);
  AddServer("io.acme/b");
  Pass(29 * kDay);
  EXPECT_EQ(Records(), before + 1);
  EXPECT_TRUE(HasRequest(decided));
  Pass(3 * kDay);
  EXPECT_FALSE(HasRequest(decided));
  // What was written with the wrong time stays, and so does the chain.
  EXPECT_LT(Records(), before + 1);
  EXPECT_TRUE(audit_.Verify().has_value());
}

TEST_F(AuditKeeperTest, AClockThatWasWrongAtTheStartHasAnHourToBeMended) {
  keeper_.SetRetention(30);
  AddServer("io.acme/a");
  clock_.SetWall(kYear);
  AuditKeeper started(audit_, catalog_, pool_, clock_);
  started.SetRetention(30);
  started.Tick();
  clock_.Advance(std::chrono::minutes(10));
  clock_.SetWall(-kYear);
  clock_.Advance(kDay);
  started.Tick();
  Tick();
  EXPECT_EQ(Records(), 1U);
}

TEST_F(AuditKeeperTest, AJumpIsToldInTheLog) {
  std::ostringstream log;
  const auto logger = spdlog::default_logger();
  spdlog::set_default_logger(std::make_shared<spdlog::logger>(
      "test", std::make_shared<spdlog::sinks::ostream_sink_mt>(log)));
  Tick();
  EXPECT_EQ(log.str(), "");
  clock_.SetWall(-hours(1));
  Tick();
  Tick();
  clock_.SetWall(kYear);
  Tick();
  spdlog::set_default_logger(logger);
  EXPECT_THAT(log.str(), HasSubstr("the clock was set back by 3600 s"));
  EXPECT_THAT(log.str(), HasSubstr("the clock was set forward by 31536000 s"));
  EXPECT_EQ(log.str().find("set back"), log.str().rfind("set back"));
}

TEST_F(AuditKeeperTest, WithADecisionsAgeItsRequestGoesAndWhatWaitsStays) {
  keeper_.SetRetention(30);
  AddServer("io.acme/a");
  AddServer("io.acme/b");
  const std::string denied = AskAndDecide(v1::AccessDecision::DENIED, "io.acme/a");
  const std::string waits = AskAndDecide(v1::AccessDecision::UNSPECIFIED, "io.acme/b");
  Pass(32 * kDay);
  EXPECT_FALSE(HasRequest(denied));
  EXPECT_TRUE(HasRequest(waits));
}

TEST_F(AuditKeeperTest, WithoutARetentionEverythingStays) {
  AddServer("io.acme/a");
  const std::string denied = AskAndDecide(v1::AccessDecision::DENIED, "io.acme/a");
  Pass(32 * kDay);
  EXPECT_TRUE(HasRequest(denied));
}

}  // namespace
}  // namespace registry
