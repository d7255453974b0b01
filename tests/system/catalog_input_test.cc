// Bad input to the registry: an error that names the field, and nothing half-written.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cli/local_data.h"
#include "cli/registry_client.h"
#include "tests/support/installation.h"

namespace {

using nlohmann::json;
using support::Finished;
using support::Installation;
using ::testing::HasSubstr;
namespace v1 = portolan::v1;

class CatalogInputTest : public ::testing::Test {
 protected:
  CatalogInputTest()
      : registry(base::rpc::Peer{.address = portolan.grpc()},
                 cli::ReadSmallFile(portolan.data() + "/admin.token").value_or("")) {}
  ~CatalogInputTest() override {
    // Whatever was refused left nothing behind.
    v1::ListRequest list;
    list.set_kind("Server");
    auto servers = registry.List(list);
    EXPECT_EQ(servers ? servers->size() : 0, expected_servers);
  }

  base::Result<v1::PutResponse> Put(const std::string& name, const std::string& base_path = "",
                                    std::int64_t revision = 0, std::string description = "") {
    v1::PutRequest request;
    v1::Resource& resource = *request.mutable_resource();
    resource.set_name(name);
    resource.set_revision(revision);
    resource.mutable_server()->set_description(std::move(description));
    if (!base_path.empty()) {
      resource.mutable_server()->set_base_path(base_path);
      resource.mutable_server()->mutable_endpoint()->mutable_streamable_http()->set_url(
          "http://127.0.0.1:9/mcp");
    }
    return registry.Put(request);
  }
  void ExpectRefused(const base::Result<v1::PutResponse>& result, base::Code code,
                     const std::string& field) {
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, code) << result.error().message;
    EXPECT_THAT(result.error().message, HasSubstr(field));
  }

  Installation portolan;
  cli::RegistryClient registry;
  std::size_t expected_servers = 0;
};

TEST_F(CatalogInputTest, AnUnknownFieldIsNamedByItsPointer) {
  Finished finished =
      portolan.Cli({"apply", "-f", "-"}, "kind: Server\nname: local/a\nspec: {base_pth: a}\n");
  EXPECT_EQ(finished.exit_code, 2);
  EXPECT_THAT(finished.err, HasSubstr("/spec/base_pth: unknown field; did you mean 'base_path'?"));
}

TEST_F(CatalogInputTest, AnUnknownFieldIsNamedOverTheJsonFaceToo) {
  std::string token = cli::ReadSmallFile(portolan.data() + "/admin.token").value_or("");
  auto response = support::Exchange(
      portolan.http(),
      support::PostBytes("/api/portolan.v1.CatalogService/Put",
                         R"({"resource":{"name":"local/a","server":{"basePth":"a"}}})",
                         "Authorization: Bearer " + token + "\r\n"));
  EXPECT_EQ(response.status, 400);
  json body = json::parse(response.body, nullptr, false);
  EXPECT_EQ(body["code"], "invalid_argument");
  EXPECT_THAT(body["message"].get<std::string>(), HasSubstr("/resource/server/basePth"));
}

TEST_F(CatalogInputTest, AWriteWithoutATokenIsRefused) {
  cli::RegistryClient stranger(base::rpc::Peer{.address = portolan.grpc()}, "");
  v1::PutRequest request;
  request.mutable_resource()->set_name("local/a");
  request.mutable_resource()->mutable_server();
  auto result = stranger.Put(request);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, base::Code::kUnauthenticated);
}

TEST_F(CatalogInputTest, ABasePathThatIsTakenIsRefused) {
  ASSERT_TRUE(Put("local/a", "same"));
  expected_servers = 1;
  ExpectRefused(Put("local/b", "same"), base::Code::kAlreadyExists, "base_path");
}

TEST_F(CatalogInputTest, AReservedBasePathIsRefused) {
  ExpectRefused(Put("local/a", "mcp"), base::Code::kInvalidArgument, "base_path");
}

TEST_F(CatalogInputTest, AStaleRevisionIsRefused) {
  auto first = Put("local/a", "a");
  ASSERT_TRUE(first);
  expected_servers = 1;
  ASSERT_TRUE(Put("local/a", "a", first->resource().revision(), "changed"));
  ExpectRefused(Put("local/a", "a", first->resource().revision(), "again"), base::Code::kAborted,
                "revision");
  ExpectRefused(Put("local/a", "a"), base::Code::kAlreadyExists, "local/a");
}

TEST_F(CatalogInputTest, ADescriptionOfTenMegabytesIsRefused) {
  ExpectRefused(Put("local/a", "", 0, std::string(10 * 1024 * 1024, 'x')),
                base::Code::kInvalidArgument, "description");
}

TEST_F(CatalogInputTest, ANameThatClimbsIsRefused) {
  ExpectRefused(Put("local/../a"), base::Code::kInvalidArgument, "name");
  ExpectRefused(Put(".."), base::Code::kInvalidArgument, "name");
}

TEST_F(CatalogInputTest, OneBadResourceAmongManyStopsThemAll) {
  Finished finished = portolan.Cli(
      {"apply", "-f", "-"},
      "kind: Server\nname: local/a\nspec: {}\n---\nkind: Server\nname: local/..\nspec: {}\n");
  EXPECT_EQ(finished.exit_code, 2);
}

TEST_F(CatalogInputTest, APolicyThatCannotBeMeantIsRefusedWithItsPlace) {
  Finished finished = portolan.Cli({"apply", "-f", "-"},
                                   "kind: PolicySet\nname: p\nspec: {attach: {global: true}, "
                                   "rules: [{id: a, ip: {allow: [nonsense]}}]}\n");
  EXPECT_EQ(finished.exit_code, 2);
  EXPECT_THAT(finished.err, HasSubstr("/rules/0/ip/allow/0"));
}

}  // namespace
