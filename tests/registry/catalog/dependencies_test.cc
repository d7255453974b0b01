// What leans on a resource, as those see it who may.
#include "registry/catalog/dependencies.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/manifest.h"
#include "base/yaml.h"
#include "registry/catalog/catalog.h"
#include "registry/store/sqlite_store.h"
#include "tests/support/installation.h"

namespace registry {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

base::auth::Principal With(std::string_view role) {
  base::auth::Principal principal;
  principal.id = "token/x";
  principal.kind = base::auth::PrincipalKind::kUser;
  if (!role.empty()) principal.roles = {base::auth::RoleGrant(role)};
  return principal;
}

class DependenciesTest : public ::testing::Test {
 protected:
  DependenciesTest()
      : store_(*SqliteStore::Open(folder_.path() + "/portolan.db")), catalog_(*store_, clock_) {
    Apply(R"([
      {"kind": "Environment", "name": "eu", "spec": {"kind": "PRODUCTION"}},
      {"kind": "Server", "name": "local/a", "spec": {"description": "x", "environment": "eu"}},
      {"kind": "Server", "name": "local/old", "spec": {"lifecycle": "DEPRECATED", "successor": "local/a",
        "visibility": {"audiences": ["consumer:alice"]}}},
      {"kind": "Consumer", "name": "alice", "spec": {}},
      {"kind": "PolicySet", "name": "gold", "spec": {"attach": {"server": "local/a"}}}])");
  }

  void Apply(const std::string& json) {
    v1::ApplyRequest request;
    const auto documents = base::ParseYamlDocuments(json);
    ASSERT_TRUE(documents.has_value());
    for (const auto& tree : *documents) {
      const auto read = base::ReadJson(tree, *request.add_resources());
      ASSERT_TRUE(read.has_value()) << read.error().message;
    }
    const auto applied = catalog_.Apply({With("admin")}, request);
    ASSERT_TRUE(applied.has_value()) << applied.error().message;
  }
  std::vector<std::string> WarningsOf(const std::string& kind, const std::string& name,
                                      const std::string& role = "admin") {
    const auto found = catalog_.ListDependencies(With(role), kind, name);
    EXPECT_TRUE(found.has_value()) << found.error().message;
    return Warnings(found->dependents());
  }

  support::TemporaryFolder folder_;
  base::SystemClock clock_;
  std::unique_ptr<SqliteStore> store_;
  Catalog catalog_;
};

TEST_F(DependenciesTest, AServerIsLeanedOnByItsPoliciesAndByWhatItReplaces) {
  EXPECT_THAT(WarningsOf("Server", "local/a"),
              UnorderedElementsAre("PolicySet 'gold' is attached to it",
                                   "Server 'local/old' names it as its successor"));
}

TEST_F(DependenciesTest, WhatTheAskerMayNotSeeIsNotTold) {
  EXPECT_THAT(WarningsOf("Server", "local/a", ""),
              ElementsAre("PolicySet 'gold' is attached to it"));
}

TEST_F(DependenciesTest, AnEnvironmentAndAConsumerAreLeanedOnByTheirServers) {
  EXPECT_THAT(WarningsOf("Environment", "eu"), ElementsAre("Server 'local/a' runs in it"));
  EXPECT_THAT(WarningsOf("Consumer", "alice"), ElementsAre("Server 'local/old' is shown to it"));
}

TEST_F(DependenciesTest, WhatItNeedsIsToldToo) {
  const auto found = catalog_.ListDependencies(With("admin"), "Server", "local/old");
  ASSERT_EQ(found->dependencies_size(), 2);
  EXPECT_EQ(found->dependencies(0).name(), "local/a");
  EXPECT_EQ(found->dependencies(0).relation(), "is its successor");
  EXPECT_EQ(found->dependencies(1).kind(), "Consumer");
}

TEST_F(DependenciesTest, AnIdentityProviderIsLeanedOnByTheRulesThatDemandItsTokens) {
  Apply(R"([
      {"kind": "IdentityProvider", "name": "corp",
       "spec": {"issuer": "https://id.example", "audiences": ["x"]}},
      {"kind": "PolicySet", "name": "people", "spec": {"attach": {"global": true}, "rules": [
        {"id": "who", "authenticate": {"any_of": [{"jwt": {"provider": "corp"}}]}}]}}])");
  EXPECT_THAT(WarningsOf("IdentityProvider", "corp"),
              ElementsAre("PolicySet 'people' demands tokens of it"));
  const auto found = catalog_.ListDependencies(With("admin"), "PolicySet", "people");
  ASSERT_EQ(found->dependencies_size(), 1);
  EXPECT_EQ(found->dependencies(0).relation(), "is whose tokens it demands");
}

TEST_F(DependenciesTest, ARuleCannotDemandTokensOfAProviderThatIsNotThere) {
  v1::PutRequest request;
  request.mutable_resource()->set_name("people");
  v1::PolicySet& set = *request.mutable_resource()->mutable_policy_set();
  set.mutable_attach()->set_global(true);
  set.add_rules()->set_id("who");
  set.mutable_rules(0)->mutable_authenticate()->add_any_of()->mutable_jwt()->set_provider("corp");
  const auto put = catalog_.Put({With("admin")}, request);
  ASSERT_TRUE(put.has_error());
  EXPECT_EQ(
      put.error().message,
      "/spec/rules/0/authenticate/any_of/0/jwt/provider: there is no IdentityProvider 'corp'");
}

TEST_F(DependenciesTest, ADryRunOfADeletionRemovesNothing) {
  v1::DeleteRequest request;
  request.set_kind("Server");
  request.set_name("local/a");
  request.set_dry_run(true);
  ASSERT_TRUE(catalog_.Delete({With("admin")}, request).has_value());
  EXPECT_TRUE(catalog_.Get("Server", "local/a").has_value());
  EXPECT_THAT(WarningsOf("PolicySet", "gold"), IsEmpty());
}

}  // namespace
}  // namespace registry
