// What a set made and no longer holds is pruned, and nothing else ever.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "registry/catalog/catalog.h"
#include "registry/catalog/difference.h"
#include "registry/store/sqlite_store.h"
#include "tests/support/fake_clock.h"
#include "tests/support/installation.h"

namespace registry {
namespace {

using base::Code;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class ApplySetTest : public ::testing::Test {
 protected:
  ApplySetTest()
      : store_(*SqliteStore::Open(folder_.path() + "/portolan.db")), catalog_(*store_, clock_) {}

  static base::auth::Principal Admin() {
    base::auth::Principal admin;
    admin.id = "token/admin";
    admin.roles = {base::auth::RoleGrant("admin")};
    return admin;
  }
  static v1::Resource External(const std::string& name, const std::string& description = "") {
    v1::Resource resource;
    resource.set_name(name);
    resource.mutable_server()->set_description(description);
    return resource;
  }
  static v1::Resource PolicyOf(const std::string& server) {
    v1::Resource resource;
    resource.set_name("gold");
    resource.mutable_policy_set()->mutable_attach()->set_server(server);
    v1::Rule& rule = *resource.mutable_policy_set()->add_rules();
    rule.set_id("a");
    rule.mutable_ip()->add_allow("10.0.0.0/8");
    return resource;
  }
  // Each result as `REMOVED local/b`, unchanged ones left out.
  std::vector<std::string> Apply(const std::vector<v1::Resource>& resources, const std::string& set,
                                 bool prune = true, bool dry_run = false) {
    v1::ApplyRequest request;
    for (const v1::Resource& resource : resources) *request.add_resources() = resource;
    request.set_set(set);
    request.set_prune(prune);
    request.set_dry_run(dry_run);
    const auto applied = catalog_.Apply({Admin()}, request);
    EXPECT_TRUE(applied.has_value()) << applied.error().message;
    std::vector<std::string> results;
    if (applied.has_error()) return results;
    last_ = *applied;
    for (const auto& result : applied->results()) {
      if (result.outcome() == v1::Outcome::UNCHANGED) continue;
      results.push_back(v1::Outcome::Value_Name(result.outcome()) + " " + result.name());
    }
    clock_.Advance(std::chrono::seconds(1));
    return results;
  }
  void Delete(const std::string& name) {
    v1::DeleteRequest request;
    request.set_kind("Server");
    request.set_name(name);
    EXPECT_TRUE(catalog_.Delete({Admin()}, request).has_value());
  }
  bool Exists(const std::string& name) { return catalog_.Get("Server", name).has_value(); }

  support::TemporaryFolder folder_;
  support::FakeClock clock_;
  std::unique_ptr<SqliteStore> store_;
  Catalog catalog_;
  v1::ApplyResponse last_;
};

TEST_F(ApplySetTest, RemovesWhatTheSetMadeAndNoLongerHolds) {
  EXPECT_THAT(Apply({External("local/a"), External("local/b")}, "conf"),
              ElementsAre("CREATED local/a", "CREATED local/b"));
  EXPECT_THAT(Apply({External("local/a")}, "conf"), ElementsAre("REMOVED local/b"));
  EXPECT_TRUE(Exists("local/a"));
  EXPECT_FALSE(Exists("local/b"));
  EXPECT_THAT(Apply({External("local/a")}, "conf"), IsEmpty());
}

TEST_F(ApplySetTest, NeverRemovesWhatOthersMade) {
  Apply({External("local/by-hand")}, "", false);
  Apply({External("local/of-others")}, "others");
  // Listing what is there makes it nobody's.
  Apply({External("local/by-hand"), External("local/of-others"), External("local/a")}, "conf");
  EXPECT_THAT(Apply({}, "conf"), ElementsAre("REMOVED local/a"));
  EXPECT_TRUE(Exists("local/by-hand"));
  EXPECT_TRUE(Exists("local/of-others"));
}

TEST_F(ApplySetTest, WhatSomebodyMadeAnewIsNotTheSetsAnyMore) {
  Apply({External("local/a")}, "conf");
  Delete("local/a");
  Apply({External("local/a")}, "", false);
  EXPECT_THAT(Apply({}, "conf"), IsEmpty());
  EXPECT_TRUE(Exists("local/a"));
}

TEST_F(ApplySetTest, WithoutPruneTheSetIsRememberedAndNothingGoes) {
  Apply({External("local/a"), External("local/b")}, "conf", false);
  EXPECT_THAT(Apply({External("local/a")}, "conf", false), IsEmpty());
  EXPECT_TRUE(Exists("local/b"));
  EXPECT_THAT(Apply({External("local/a")}, "conf"), ElementsAre("REMOVED local/b"));
}

TEST_F(ApplySetTest, ADryRunSaysWhatWouldGoAndRemovesNothing) {
  Apply({External("local/a"), External("local/b", "before")}, "conf");
  EXPECT_THAT(Apply({External("local/b", "after")}, "conf", true, true),
              ElementsAre("CHANGED local/b", "REMOVED local/a"));
  ASSERT_EQ(last_.results(0).changes_size(), 1);
  EXPECT_EQ(last_.results(0).changes(0).pointer(), "/spec/description");
  EXPECT_EQ(last_.results(0).changes(0).before_json(), "\"before\"");
  EXPECT_EQ(last_.results(0).changes(0).after_json(), "\"after\"");
  EXPECT_TRUE(Exists("local/a"));
  EXPECT_THAT(Apply({External("local/b", "before")}, "conf"), ElementsAre("REMOVED local/a"));
}

TEST_F(ApplySetTest, WarnsOfWhatLeansOnTheRemoved) {
  Apply({External("local/a")}, "conf");
  Apply({PolicyOf("local/a")}, "", false);
  Apply({}, "conf");
  ASSERT_EQ(last_.results_size(), 1);
  EXPECT_THAT(last_.results(0).warnings(), ElementsAre("PolicySet 'gold' is attached to it"));
}

TEST_F(ApplySetTest, WhatGoesTogetherWarnsOfNothing) {
  Apply({External("local/a"), PolicyOf("local/a")}, "conf");
  EXPECT_THAT(Apply({}, "conf"), ElementsAre("REMOVED gold", "REMOVED local/a"));
  EXPECT_THAT(last_.results(1).warnings(), IsEmpty());
}

TEST_F(ApplySetTest, PruneWithoutASetIsRefused) {
  v1::ApplyRequest request;
  request.set_prune(true);
  const auto applied = catalog_.Apply({Admin()}, request);
  ASSERT_TRUE(applied.has_error());
  EXPECT_EQ(applied.error().code, Code::kInvalidArgument);
  EXPECT_THAT(applied.error().message, HasSubstr("/set"));
}

TEST_F(ApplySetTest, ANameThatIsNoneIsRefused) {
  v1::ApplyRequest request;
  request.set_set("a/b");
  const auto applied = catalog_.Apply({Admin()}, request);
  ASSERT_TRUE(applied.has_error());
  EXPECT_THAT(applied.error().message, HasSubstr("/set"));
}

TEST_F(ApplySetTest, AMaskedValueStaysAsItIs) {
  v1::Resource program = External("local/p");
  v1::Stdio& stdio = *program.mutable_server()->mutable_endpoint()->mutable_stdio();
  stdio.set_command("npx");
  stdio.add_env()->set_name("TOKEN");
  stdio.mutable_env(0)->set_value("geheim");
  Apply({program}, "", false);
  stdio.mutable_env(0)->set_value("***");
  EXPECT_THAT(Apply({program}, "", false), IsEmpty());

  stdio.mutable_env(0)->set_name("OTHER");
  v1::ApplyRequest request;
  *request.add_resources() = program;
  const auto applied = catalog_.Apply({Admin()}, request);
  ASSERT_TRUE(applied.has_error());
  EXPECT_THAT(applied.error().message, HasSubstr("/spec/endpoint/stdio/env/0/value"));
}

TEST(DifferenceTest, NamesSecretsAndDoesNotTellThem) {
  v1::Resource before, after;
  auto& stdio = *before.mutable_server()->mutable_endpoint()->mutable_stdio();
  stdio.set_command("npx");
  stdio.add_env()->set_name("TOKEN");
  stdio.mutable_env(0)->set_value("geheim");
  after = before;
  after.mutable_server()->mutable_endpoint()->mutable_stdio()->mutable_env(0)->set_value("anders");
  auto changes = Difference(before, after);
  ASSERT_EQ(changes.size(), 1u);
  EXPECT_EQ(changes[0].pointer(), "/spec/endpoint/stdio/env/0/value");
  EXPECT_EQ(changes[0].before_json(), "\"***\"");
  EXPECT_EQ(changes[0].after_json(), "\"***\"");

  after.mutable_server()->mutable_endpoint()->mutable_streamable_http()->set_url("http://h/mcp");
  for (const auto& change : Difference(before, after)) {
    EXPECT_EQ(change.before_json().find("geheim"), std::string::npos) << change.pointer();
  }
}

}  // namespace
}  // namespace registry
