#include "registry/import/resources.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "registry/import/server_json.h"

namespace registry::import {
namespace {

using testing::IsEmpty;

portolan::v1::Resource Routed() {
  portolan::v1::Resource resource;
  resource.set_name("local/everything");
  resource.mutable_server()->set_base_path("everything");
  resource.mutable_server()->mutable_endpoint()->mutable_stdio()->set_command("npx");
  return resource;
}

TEST(ResourcesTest, ReadsAServerAndItsVersion) {
  std::string text =
      R"({"name":"io.github.acme/weather","title":"Weather","description":"All of it","version":"1.2.3",
    "websiteUrl":"https://acme.example","repository":{"url":"https://github.com/acme/weather","source":"github"}})";
  auto imported = ToResources(text);
  ASSERT_TRUE(imported);
  EXPECT_EQ(imported->server.name(), "io.github.acme/weather");
  EXPECT_EQ(imported->server.server().title(), "Weather");
  EXPECT_EQ(imported->server.server().current_version(), "1.2.3");
  EXPECT_EQ(imported->server.server().repository_url(), "https://github.com/acme/weather");
  EXPECT_FALSE(imported->server.server().has_endpoint());
  EXPECT_EQ(imported->version.name(), "io.github.acme/weather@1.2.3");
  EXPECT_EQ(imported->version.server_version().server_json(), text);
}

TEST(ResourcesTest, SaysWhyAnEntryIsRefused) {
  auto imported = ToResources(R"({"name":"a/b","version":"1"})");
  ASSERT_FALSE(imported);
  EXPECT_EQ(imported.error().message, "/description: is missing");
}

TEST(ResourcesTest, MakesAValidServerJsonForAServerWithout) {
  portolan::v1::Resource server = Routed();
  nlohmann::json document = MakeServerJson(server);
  EXPECT_THAT(CheckServerJson(document), IsEmpty());
  EXPECT_EQ(document["version"], "1.0.0");
  EXPECT_EQ(document["description"], "MCP server local/everything");
  server.mutable_server()->set_description(std::string(4000, 'x'));
  server.mutable_server()->set_title("T");
  server.mutable_server()->set_repository_url("https://git.example/x");
  EXPECT_THAT(CheckServerJson(nlohmann::json(MakeServerJson(server))), IsEmpty());
}

TEST(ResourcesTest, LeadsThroughTheGateway) {
  EXPECT_EQ(GatewayRemote(Routed(), "http://127.0.0.1:8900").dump(),
            R"({"type":"streamable-http","url":"http://127.0.0.1:8900/everything/mcp"})");
  portolan::v1::Resource external = Routed();
  external.mutable_server()->clear_endpoint();
  EXPECT_TRUE(GatewayRemote(external, "http://127.0.0.1:8900").is_null());
}

}  // namespace
}  // namespace registry::import
