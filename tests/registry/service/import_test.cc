// Lists of server.json into the catalog, entry by entry.
#include "registry/service/catalog_import.h"

#include "tests/registry/service/registry_api_fixture.h"

namespace registry {
namespace {

using testing::HasSubstr;

class ImportTest : public RegistryApiFixture {
 protected:
  ImportTest() {
    admin_.id = "token/admin";
    admin_.kind = base::auth::PrincipalKind::kUser;
    admin_.roles = {base::auth::RoleGrant("admin")};
  }

  void Put(v1::Resource resource) {
    v1::PutRequest request;
    *request.mutable_resource() = std::move(resource);
    const auto put = catalog_.Put({admin_}, request);
    ASSERT_TRUE(put.has_value()) << put.error().message;
  }

  base::auth::Principal admin_;
};

TEST_F(ImportTest, EachEntryIsToldWhichMetadataItLacks) {
  v1::Resource known;
  known.set_name("local/known");
  known.mutable_server()->set_description("d");
  Put(std::move(known));
  v1::Resource schema;
  schema.set_name("costCenter");
  schema.mutable_metadata_schema()->set_schema_json(R"({"type":"integer"})");
  schema.mutable_metadata_schema()->set_required(true);
  Put(std::move(schema));

  v1::ImportRequest request;
  for (const char* name : {"local/known", "local/new"}) {
    const json document = {{"name", name}, {"description", "d"}, {"version", "1.0.0"}};
    request.add_entries()->set_server_json(document.dump());
  }
  const ApplyAs apply = [&](const v1::ApplyRequest& all) { return catalog_.Apply({admin_}, all); };
  const auto imported = Import(catalog_, apply, request);
  ASSERT_TRUE(imported.has_value()) << imported.error().message;
  EXPECT_EQ(imported->results(0).reason(), "");
  EXPECT_THAT(imported->results(1).reason(),
              HasSubstr("/spec/metadata_json/costCenter: is missing"));
}

}  // namespace
}  // namespace registry
