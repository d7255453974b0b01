// What one watcher is told while servers come into its sight and leave it.
#include "registry/service/watcher_sight.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "registry/service/disclosure.h"
#include "registry/store/sqlite_store.h"
#include "tests/support/fake_clock.h"
#include "tests/support/installation.h"

namespace registry {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class WatcherSightTest : public ::testing::Test {
 protected:
  WatcherSightTest() {
    admin_.id = "token/admin";
    admin_.kind = base::auth::PrincipalKind::kUser;
    admin_.roles = {base::auth::RoleGrant("admin")};
    alice_.principal.id = "consumer/alice";
    alice_.principal.kind = base::auth::PrincipalKind::kAgent;
  }

  void Apply(v1::Resource resource) {
    v1::ApplyRequest request;
    *request.add_resources() = std::move(resource);
    const auto applied = catalog_.Apply({admin_}, request);
    ASSERT_TRUE(applied.has_value()) << applied.error().message;
  }
  // For alice, or hidden from her.
  void PutServer(bool for_alice, const std::string& description = "") {
    v1::Resource server;
    server.set_name("io.acme/pay");
    server.mutable_server()->set_approval(v1::Approval::APPROVED);
    server.mutable_server()->set_description(description);
    server.mutable_server()->mutable_visibility()->add_audiences(for_alice ? "consumer:alice"
                                                                           : "consumer:bob");
    Apply(std::move(server));
  }
  void PutVersion(const std::string& version) {
    v1::Resource resource;
    resource.set_name("io.acme/pay@" + version);
    resource.mutable_server_version()->set_server_json(
        R"({"$schema":"https://static.modelcontextprotocol.io/schemas/2025-12-11/server.schema.json",)"
        R"("name":"io.acme/pay","description":"D","version":")" +
        version + "\"}");
    Apply(std::move(resource));
  }
  void Delete(const std::string& name) {
    v1::DeleteRequest request;
    request.set_kind("Server");
    request.set_name(name);
    const auto deleted = catalog_.Delete({admin_}, request);
    ASSERT_TRUE(deleted.has_value()) << deleted.error().message;
  }

  // Watches from a revision as alice does.
  struct Watch {
    Watch(WatcherSightTest& around, std::int64_t from)
        : catalog(around.catalog_),
          position{.revision = from, .began_at = -1},
          sight(catalog, {around.alice_, from != 0, true},
                [&around](const base::auth::Principal& who, const auto& each) {
                  const auto server = around.catalog_.Get("Server", "io.acme/pay");
                  if (server.has_value() && MaySee({.principal = who}, *server))
                    each("io.acme/pay");
                }) {}

    // What it is told of all that has changed: `+NAME`, `-NAME`; `again` when it must list again.
    std::vector<std::string> Told() {
      const std::vector<std::string> kinds = {"Server", "ServerVersion"};
      const auto read = catalog.ChangesAfter(position, kinds);
      EXPECT_TRUE(read.has_value());
      std::deque<v1::Change> changes;
      for (const v1::Change& change : read->changes) {
        const auto taken = sight.Take(change, changes);
        if (taken.has_error()) return {"again"};
      }
      sight.Follows();
      std::vector<std::string> told;
      for (const v1::Change& change : changes)
        told.push_back((change.deleted() ? "-" : "+") + change.resource().name());
      return told;
    }

    Catalog& catalog;
    Catalog::Position position;
    WatcherSight sight;
  };

  support::TemporaryFolder folder_;
  support::FakeClock clock_;
  std::unique_ptr<SqliteStore> store_ = *SqliteStore::Open(folder_.path() + "/portolan.db");
  Catalog catalog_{*store_, clock_};
  base::auth::Principal admin_;
  Caller alice_;
};

TEST_F(WatcherSightTest, WhatIsTakenFromItsSightIsToldAsGoneWithItsVersions) {
  PutServer(true);
  PutVersion("1.0.0");
  Watch watch(*this, 0);
  EXPECT_THAT(watch.Told(), ElementsAre("+io.acme/pay", "+io.acme/pay@1.0.0"));
  PutServer(false);
  EXPECT_THAT(watch.Told(), ElementsAre("-io.acme/pay@1.0.0", "-io.acme/pay"));
  PutServer(false, "Still hidden");
  PutVersion("2.0.0");
  EXPECT_THAT(watch.Told(), IsEmpty());
}

TEST_F(WatcherSightTest, WhatComesIntoItsSightBringsItsVersions) {
  PutServer(false);
  PutVersion("1.0.0");
  Watch watch(*this, 0);
  EXPECT_THAT(watch.Told(), IsEmpty());
  PutServer(true);
  EXPECT_THAT(watch.Told(), ElementsAre("+io.acme/pay", "+io.acme/pay@1.0.0"));
  PutServer(true, "Seen");
  EXPECT_THAT(watch.Told(), ElementsAre("+io.acme/pay"));
}

TEST_F(WatcherSightTest, OfWhatItNeverSawItDoesNotHearThatItIsGone) {
  PutServer(false);
  PutVersion("1.0.0");
  Watch watch(*this, 0);
  EXPECT_THAT(watch.Told(), IsEmpty());
  Delete("io.acme/pay");
  EXPECT_THAT(watch.Told(), IsEmpty());
}

TEST_F(WatcherSightTest, WhatItSawIsToldWhenItIsDeleted) {
  PutServer(true);
  PutVersion("1.0.0");
  Watch watch(*this, 0);
  watch.Told();
  Delete("io.acme/pay");
  EXPECT_THAT(watch.Told(), ElementsAre("-io.acme/pay@1.0.0", "-io.acme/pay"));
}

TEST_F(WatcherSightTest, OneThatResumesKnowsWhatItSees) {
  PutServer(true);
  Watch watch(*this, catalog_.revision());
  EXPECT_THAT(watch.Told(), IsEmpty());
  PutServer(false);
  EXPECT_THAT(watch.Told(), ElementsAre("-io.acme/pay"));
}

TEST_F(WatcherSightTest, WhatWasHiddenWhileItWasAwayMakesItListAgain) {
  PutServer(true);
  const std::int64_t seen = catalog_.revision();
  PutServer(false);
  Watch watch(*this, seen);
  EXPECT_THAT(watch.Told(), ElementsAre("again"));
}

TEST_F(WatcherSightTest, WhoSeesEverythingIsToldEverything) {
  alice_.principal.roles = {base::auth::RoleGrant("viewer")};
  PutServer(false);
  Watch watch(*this, 0);
  EXPECT_THAT(watch.Told(), ElementsAre("+io.acme/pay"));
  Delete("io.acme/pay");
  EXPECT_THAT(watch.Told(), ElementsAre("-io.acme/pay"));
}

}  // namespace
}  // namespace registry
