// Typed metadata: what an organisation says about its servers beyond what Portolan knows.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "registry/catalog/catalog.h"
#include "registry/store/sqlite_store.h"
#include "tests/support/installation.h"

namespace registry {
namespace {

using base::Code;
using testing::HasSubstr;
using testing::StartsWith;

base::auth::Principal Admin() {
  base::auth::Principal principal;
  principal.id = "token/admin";
  principal.kind = base::auth::PrincipalKind::kUser;
  principal.roles = {base::auth::RoleGrant("admin")};
  return principal;
}

v1::Resource Schema(const std::string& name, const std::string& json, bool required = false) {
  v1::Resource resource;
  resource.set_name(name);
  resource.mutable_metadata_schema()->set_schema_json(json);
  resource.mutable_metadata_schema()->set_required(required);
  return resource;
}

v1::Resource Server(const std::string& name, const std::string& metadata = "") {
  v1::Resource resource;
  resource.set_name(name);
  resource.mutable_server()->set_description("x");
  resource.mutable_server()->set_metadata_json(metadata);
  return resource;
}

constexpr char kNumber[] = R"({"type":"integer","minimum":1000})";

class MetadataTest : public ::testing::Test {
 protected:
  MetadataTest()
      : store_(*SqliteStore::Open(folder_.path() + "/portolan.db")), catalog_(*store_, clock_) {}

  base::Result<v1::Resource> Put(const v1::Resource& resource) {
    v1::PutRequest request;
    *request.mutable_resource() = resource;
    const auto known =
        catalog_.Get(resource.has_server() ? "Server" : "MetadataSchema", resource.name());
    if (known.has_value()) request.mutable_resource()->set_revision(known->revision());
    return catalog_.Put({admin_}, request);
  }
  // Empty: it was written.
  std::string WhyNot(const v1::Resource& resource) {
    const auto put = Put(resource);
    return put.has_error() ? put.error().message : "";
  }

  const base::auth::Principal admin_ = Admin();
  support::TemporaryFolder folder_;
  const base::SystemClock clock_;
  std::unique_ptr<SqliteStore> store_;
  Catalog catalog_;
};

TEST_F(MetadataTest, AValueThatFitsItsSchemaIsKeptSortedAndWithoutSpaces) {
  ASSERT_EQ(WhyNot(Schema("costCenter", kNumber)), "");
  ASSERT_EQ(WhyNot(Schema("aTeam", "true")), "");
  const auto put = Put(Server("local/a", R"({ "costCenter": 4711, "aTeam": "x" })"));
  ASSERT_TRUE(put.has_value()) << put.error().message;
  EXPECT_EQ(put->server().metadata_json(), R"({"aTeam":"x","costCenter":4711})");
}

TEST_F(MetadataTest, AValueThatDoesNotFitIsRefusedWithItsPlace) {
  ASSERT_EQ(
      WhyNot(Schema("owner", R"({"type":"object","properties":{"mail":{"format":"email"}}})")), "");
  EXPECT_THAT(WhyNot(Server("local/a", R"({"owner":{"mail":"nobody"}})")),
              StartsWith("/spec/metadata_json/owner/mail: "));
}

TEST_F(MetadataTest, AMemberWithoutASchemaIsRefused) {
  EXPECT_THAT(WhyNot(Server("local/a", R"({"costCenter":1})")),
              HasSubstr("/spec/metadata_json/costCenter: there is no MetadataSchema"));
}

TEST_F(MetadataTest, WhatIsNoObjectIsRefused) {
  EXPECT_THAT(WhyNot(Server("local/a", "[]")), StartsWith("/spec/metadata_json"));
  EXPECT_THAT(WhyNot(Server("local/a", "{")), StartsWith("/spec/metadata_json"));
  EXPECT_THAT(WhyNot(Server("local/a", R"({"a/b":1})")), StartsWith("/spec/metadata_json/a~1b"));
}

TEST_F(MetadataTest, ANewServerWithoutARequiredValueIsRefused) {
  ASSERT_EQ(WhyNot(Schema("costCenter", kNumber, true)), "");
  EXPECT_THAT(WhyNot(Server("local/a")), StartsWith("/spec/metadata_json/costCenter: is missing"));
  EXPECT_EQ(WhyNot(Server("local/a", R"({"costCenter":4711})")), "");
  EXPECT_THAT(WhyNot(Server("local/a")), HasSubstr("is missing"));
}

TEST_F(MetadataTest, AServerFromBeforeTheRequirementIsStillChanged) {
  ASSERT_EQ(WhyNot(Server("local/a")), "");
  ASSERT_EQ(WhyNot(Schema("costCenter", kNumber, true)), "");
  v1::Resource changed = Server("local/a");
  changed.mutable_server()->set_description("another");
  EXPECT_EQ(WhyNot(changed), "");
}

TEST_F(MetadataTest, AChangedSchemaStopsNoOtherChangeOfAServer) {
  ASSERT_EQ(WhyNot(Schema("costCenter", "true")), "");
  ASSERT_EQ(WhyNot(Server("local/a", R"({"costCenter":"old"})")), "");
  ASSERT_EQ(WhyNot(Schema("costCenter", kNumber)), "");
  v1::Resource changed = Server("local/a", R"({"costCenter":"old"})");
  changed.mutable_server()->set_description("another");
  EXPECT_EQ(WhyNot(changed), "");
  changed.mutable_server()->set_metadata_json(R"({"costCenter":"new"})");
  EXPECT_THAT(WhyNot(changed), StartsWith("/spec/metadata_json/costCenter: "));
}

TEST_F(MetadataTest, ASchemaThatDoesNotCompileIsRefusedWithItsPlace) {
  EXPECT_THAT(WhyNot(Schema("a", R"({"properties":{"x":{"type":7}}})")),
              StartsWith("/spec/schema_json/properties/x/type"));
  EXPECT_THAT(WhyNot(Schema("a", "{")), StartsWith("/spec/schema_json"));
  EXPECT_THAT(WhyNot(Schema("a", "")), StartsWith("/spec/schema_json: is missing"));
  EXPECT_THAT(WhyNot(Schema("Capital", "true")), StartsWith("/name"));
}

TEST_F(MetadataTest, WhoDeletesASchemaIsToldWhoHasAValueOfIt) {
  ASSERT_EQ(WhyNot(Schema("costCenter", kNumber)), "");
  ASSERT_EQ(WhyNot(Server("local/a", R"({"costCenter":4711})")), "");
  const auto leaning = catalog_.ListDependencies(admin_, "MetadataSchema", "costCenter");
  ASSERT_TRUE(leaning.has_value()) << leaning.error().message;
  ASSERT_EQ(leaning->dependents_size(), 1);
  EXPECT_EQ(leaning->dependents(0).name(), "local/a");
}

TEST_F(MetadataTest, AppliedTogetherSchemasComeBeforeServers) {
  v1::ApplyRequest request;
  *request.add_resources() = Server("local/a", R"({"costCenter":4711})");
  *request.add_resources() = Schema("costCenter", kNumber, true);
  const auto applied = catalog_.Apply({admin_}, request);
  EXPECT_TRUE(applied.has_value()) << applied.error().message;
}

}  // namespace
}  // namespace registry
