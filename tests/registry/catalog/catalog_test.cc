#include "registry/catalog/catalog.h"

#include <gtest/gtest.h>

#include "registry/catalog/call_log.h"
#include "registry/store/sqlite_store.h"
#include "tests/support/installation.h"

namespace registry {
namespace {

using base::Code;

base::auth::Principal Admin() {
  base::auth::Principal admin;
  admin.id = "token/admin";
  admin.kind = base::auth::PrincipalKind::kUser;
  admin.roles = {base::auth::RoleGrant("admin")};
  return admin;
}

base::auth::Principal Publisher() {
  base::auth::Principal publisher = Admin();
  publisher.roles = {base::auth::RoleGrant("publisher")};
  return publisher;
}

v1::Resource HttpServer(const std::string& name, const std::string& base_path = "") {
  v1::Resource resource;
  resource.set_name(name);
  resource.mutable_server()->mutable_endpoint()->mutable_streamable_http()->set_url(
      "http://127.0.0.1:9000/mcp");
  resource.mutable_server()->set_base_path(base_path);
  return resource;
}

v1::PutRequest Put(v1::Resource resource) {
  v1::PutRequest request;
  *request.mutable_resource() = std::move(resource);
  return request;
}

class Notebook final : public Observer {
 public:
  void OnChanges(std::span<const v1::Change> changes) override {
    for (const v1::Change& change : changes)
      seen.push_back((change.deleted() ? "-" : "+") + change.resource().name());
  }
  void OnDefinitions(const v1::ServerDefinitions& definitions) override {
    seen.push_back(definitions.server() + ": " + std::to_string(definitions.definitions_size()));
  }
  std::vector<std::string> seen;
};

class CatalogTest : public ::testing::Test {
 protected:
  CatalogTest()
      : store_(*SqliteStore::Open(folder_.path() + "/portolan.db")), catalog_(*store_, clock_) {}

  v1::Resource Add(v1::Resource resource) {
    auto put = catalog_.Put({Admin()}, Put(std::move(resource)));
    EXPECT_TRUE(put.has_value()) << put.error().message;
    return put.has_value() ? *put : v1::Resource();
  }
  base::Error Refusal(const v1::PutRequest& request,
                      const base::auth::Principal& writer = Admin()) {
    const auto put = catalog_.Put({writer}, request);
    EXPECT_TRUE(put.has_error());
    return put.has_error() ? put.error() : base::Error{Code::kOk, ""};
  }
  void Delete(const std::string& kind, const std::string& name) {
    v1::DeleteRequest request;
    request.set_kind(kind);
    request.set_name(name);
    EXPECT_TRUE(catalog_.Delete({Admin()}, request).has_value());
  }
  static v1::ServerDefinitions OneTool(const std::string& server,
                                       const std::string& json = R"({"name":"add"})") {
    v1::ServerDefinitions report;
    report.set_server(server);
    auto& tool = *report.add_definitions();
    tool.set_kind(v1::DefinitionKind::TOOL);
    tool.set_name("add");
    tool.set_json(json);
    return report;
  }

  support::TemporaryFolder folder_;
  base::SystemClock clock_;
  std::unique_ptr<SqliteStore> store_;
  Catalog catalog_;
};

TEST_F(CatalogTest, WhatAnAdminAddsIsApprovedAndInProduction) {
  const v1::Resource server = Add(HttpServer("local/weather"));
  EXPECT_EQ(server.server().approval(), v1::Approval::APPROVED);
  EXPECT_EQ(server.server().lifecycle(), v1::Lifecycle::PRODUCTION);
  EXPECT_EQ(server.server().base_path(), "weather");
  EXPECT_EQ(server.kind(), "Server");
  EXPECT_EQ(server.revision(), 1);
}

TEST_F(CatalogTest, ADraftStaysADraft) {
  v1::Resource draft = HttpServer("local/weather");
  draft.mutable_server()->set_approval(v1::Approval::DRAFT);
  EXPECT_EQ(Add(draft).server().approval(), v1::Approval::DRAFT);
}

TEST_F(CatalogTest, RevisionZeroMeansThatItMustNotExist) {
  Add(HttpServer("local/a"));
  const base::Error error = Refusal(Put(HttpServer("local/a")));
  EXPECT_EQ(error.code, Code::kAlreadyExists);
  EXPECT_TRUE(error.message.starts_with("/name: ")) << error.message;
}

TEST_F(CatalogTest, AStaleRevisionIsAborted) {
  v1::Resource server = Add(HttpServer("local/a"));
  server.mutable_server()->set_title("new");
  const v1::Resource newer = Add(server);
  EXPECT_GT(newer.revision(), server.revision());
  server.mutable_server()->set_title("other");
  const base::Error error = Refusal(Put(server));
  EXPECT_EQ(error.code, Code::kAborted);
  EXPECT_TRUE(error.message.starts_with("/revision: ")) << error.message;
  EXPECT_EQ(catalog_.Get("Server", "local/a")->server().title(), "new");
}

TEST_F(CatalogTest, TheSameSpecKeepsItsRevision) {
  const v1::Resource server = Add(HttpServer("local/a"));
  EXPECT_EQ(Add(server).revision(), server.revision());
  EXPECT_EQ(catalog_.revision(), 1);
}

TEST_F(CatalogTest, ATakenBasePathIsRefusedWithOneThatIsFree) {
  Add(HttpServer("local/weather"));
  const base::Error error = Refusal(Put(HttpServer("io.github.acme/weather")));
  EXPECT_EQ(error.code, Code::kAlreadyExists);
  EXPECT_EQ(error.message,
            "/spec/base_path: 'weather' leads to local/weather already; 'acme-weather' is free");
}

TEST_F(CatalogTest, AnOldBasePathStaysAsAnAlias) {
  v1::Resource server = Add(HttpServer("local/a", "one"));
  server.mutable_server()->set_base_path("two");
  server = Add(server);
  ASSERT_EQ(server.server().base_path_aliases_size(), 1);
  EXPECT_EQ(server.server().base_path_aliases(0), "one");
  EXPECT_EQ(catalog_.Get("Server", "one")->name(), "local/a");
  EXPECT_EQ(Refusal(Put(HttpServer("local/b", "one"))).code, Code::kAlreadyExists);
}

TEST_F(CatalogTest, OnlyAnAdminWritesAProgram) {
  v1::Resource server;
  server.set_name("local/fs");
  server.mutable_server()->mutable_endpoint()->mutable_stdio()->set_command("npx");
  const base::Error error = Refusal(Put(server), Publisher());
  EXPECT_EQ(error.code, Code::kPermissionDenied);
  EXPECT_TRUE(error.message.starts_with("/spec/endpoint/stdio: ")) << error.message;
}

TEST_F(CatalogTest, WhatAPublisherAddsIsADraft) {
  EXPECT_EQ(catalog_.Put({Publisher()}, Put(HttpServer("local/a")))->server().approval(),
            v1::Approval::DRAFT);
  v1::Resource approved = HttpServer("local/b");
  approved.mutable_server()->set_approval(v1::Approval::APPROVED);
  EXPECT_EQ(Refusal(Put(approved), Publisher()).code, Code::kPermissionDenied);
}

TEST_F(CatalogTest, ADryRunWritesNothing) {
  v1::PutRequest request = Put(HttpServer("local/a"));
  request.set_dry_run(true);
  EXPECT_TRUE(catalog_.Put({Admin()}, request).has_value());
  EXPECT_EQ(catalog_.Get("Server", "local/a").error().code, Code::kNotFound);
  EXPECT_EQ(catalog_.revision(), 0);
}

TEST_F(CatalogTest, ApplyWritesAllOrNothing) {
  v1::ApplyRequest request;
  *request.add_resources() = HttpServer("local/a");
  *request.add_resources() = HttpServer("other/a");  // the same base path
  const auto applied = catalog_.Apply({Admin()}, request);
  EXPECT_EQ(applied.error().code, Code::kAlreadyExists);
  EXPECT_NE(applied.error().message.find("resource 1, Server 'other/a': /spec/base_path"),
            std::string::npos)
      << applied.error().message;
  EXPECT_EQ(catalog_.Get("Server", "local/a").error().code, Code::kNotFound);
}

TEST_F(CatalogTest, ApplyingTwiceChangesNothing) {
  v1::ApplyRequest request;
  auto& version = *request.add_resources();  // before its server: the order does not matter
  version.set_name("local/a@1.0.0");
  version.mutable_server_version()->set_server_json(
      R"({"$schema":"https://static.modelcontextprotocol.io/schemas/2025-12-11/server.schema.json","name":"local/a","description":"d","version":"1.0.0"})");
  *request.add_resources() = HttpServer("local/a");
  const auto first = catalog_.Apply({Admin()}, request);
  ASSERT_TRUE(first.has_value()) << first.error().message;
  EXPECT_EQ(first->results(0).outcome(), v1::Outcome::CREATED);
  const auto second = catalog_.Apply({Admin()}, request);
  EXPECT_EQ(second->results(0).outcome(), v1::Outcome::UNCHANGED);
  EXPECT_EQ(second->results(1).outcome(), v1::Outcome::UNCHANGED);
  EXPECT_EQ(second->results(1).revision(), first->results(1).revision());
}

TEST_F(CatalogTest, APolicyForNobodyIsRefused) {
  v1::Resource set;
  set.set_name("limits");
  set.mutable_policy_set()->mutable_attach()->set_server("local/wether");
  EXPECT_TRUE(Refusal(Put(set)).message.starts_with("/spec/attach/server: "));
}

TEST_F(CatalogTest, WithAServerGoItsVersionsDefinitionsAndStatus) {
  Add(HttpServer("local/a"));
  v1::Resource version;
  version.set_name("local/a@1.0.0");
  version.mutable_server_version()->set_server_json(
      R"({"$schema":"https://static.modelcontextprotocol.io/schemas/2025-12-11/server.schema.json","name":"local/a","description":"d","version":"1.0.0"})");
  Add(version);
  ASSERT_TRUE(catalog_.ReportDefinitions(OneTool("local/a")).has_value());
  Delete("Server", "local/a");
  EXPECT_EQ(catalog_.Get("ServerVersion", "local/a@1.0.0").error().code, Code::kNotFound);
  EXPECT_EQ(catalog_.GetDefinitions("local/a").error().code, Code::kNotFound);
}

TEST_F(CatalogTest, ListsInPagesThatNameTheNext) {
  for (const char* name : {"local/a", "local/b", "local/c"}) Add(HttpServer(name));
  v1::ListRequest request;
  request.set_kind("Server");
  request.set_page_size(2);
  const auto first = catalog_.List(request);
  EXPECT_EQ(first->resources_size(), 2);
  request.set_page_token(first->next_page_token());
  const auto second = catalog_.List(request);
  EXPECT_EQ(second->resources(0).name(), "local/c");
  EXPECT_EQ(second->next_page_token(), "");
}

TEST_F(CatalogTest, AnObserverHearsTheOldThenTheNewBeforeTheWriterDoes) {
  Add(HttpServer("local/a"));
  ASSERT_TRUE(catalog_.ReportDefinitions(OneTool("local/a")).has_value());
  Notebook notebook;
  ASSERT_TRUE(catalog_.Attach(notebook).has_value());
  Add(HttpServer("local/b"));
  EXPECT_EQ(notebook.seen, (std::vector<std::string>{"local/a: 1", "+local/a", "+local/b"}));
  Delete("Server", "local/b");
  EXPECT_EQ(notebook.seen.back(), "-local/b");
}

TEST_F(CatalogTest, TheSameDefinitionsAgainAreNoNews) {
  Add(HttpServer("local/a"));
  Notebook notebook;
  ASSERT_TRUE(catalog_.Attach(notebook).has_value());
  ASSERT_TRUE(catalog_.ReportDefinitions(OneTool("local/a")).has_value());
  ASSERT_TRUE(catalog_.ReportDefinitions(OneTool("local/a")).has_value());
  EXPECT_EQ(notebook.seen.size(), 2U);
  EXPECT_EQ(catalog_.revision(), 1);
}

TEST_F(CatalogTest, TheHashOfADefinitionIgnoresWhiteSpaceAndOrderButTheBytesStay) {
  Add(HttpServer("local/a"));
  ASSERT_TRUE(catalog_.ReportDefinitions(OneTool("local/a", R"({"name":"add","description":"x"})"))
                  .has_value());
  const std::string hash = catalog_.GetDefinitions("local/a")->definitions(0).hash();
  const std::string spread = R"({ "description" : "x", "name" : "add" })";
  ASSERT_TRUE(catalog_.ReportDefinitions(OneTool("local/a", spread)).has_value());
  EXPECT_EQ(catalog_.GetDefinitions("local/a")->definitions(0).hash(), hash);
  EXPECT_EQ(catalog_.GetDefinitions("local/a")->definitions(0).json(), spread);
}

TEST_F(CatalogTest, DefinitionsOfAnUnknownServerAreRefused) {
  EXPECT_EQ(catalog_.ReportDefinitions(OneTool("local/none")).error().code, Code::kNotFound);
}

TEST_F(CatalogTest, ChangesReplayFromZeroAndFromAPosition) {
  Add(HttpServer("local/a"));
  Catalog::Position position;
  EXPECT_EQ(catalog_.ChangesAfter(position, {})->changes.size(), 1U);
  EXPECT_EQ(position.revision, 1);
  Delete("Server", "local/a");
  const auto after = catalog_.ChangesAfter(position, {});
  ASSERT_EQ(after->changes.size(), 1U);
  EXPECT_TRUE(after->changes[0].deleted());
}

TEST_F(CatalogTest, APositionThatIsNotOursIsOutOfRange) {
  Catalog::Position future{.revision = 99};
  EXPECT_EQ(catalog_.ChangesAfter(future, {}).error().code, Code::kOutOfRange);
}

TEST_F(CatalogTest, AKeyKeepsItsHashWhenItIsAppliedWithoutOne) {
  v1::Resource consumer;
  consumer.set_name("alice");
  consumer.mutable_consumer();
  Add(consumer);
  v1::Resource key;
  key.set_name("k1");
  key.mutable_api_key()->set_consumer("alice");
  EXPECT_TRUE(Refusal(Put(key)).message.starts_with("/spec/sha256: "));
  key.mutable_api_key()->set_sha256(std::string(32, 'h'));
  key = Add(key);
  key.mutable_api_key()->clear_sha256();
  key.mutable_api_key()->set_revoked(true);
  EXPECT_EQ(Add(key).api_key().sha256(), std::string(32, 'h'));
}

TEST_F(CatalogTest, WithAConsumerGoItsKeys) {
  for (const char* name : {"alice", "bob"}) {
    v1::Resource consumer;
    consumer.set_name(name);
    consumer.mutable_consumer();
    Add(consumer);
    v1::Resource key;
    key.set_name(std::string("key-of-") + name);
    key.mutable_api_key()->set_consumer(name);
    key.mutable_api_key()->set_sha256(std::string(32, 'h'));
    Add(key);
  }
  Delete("Consumer", "alice");
  EXPECT_EQ(catalog_.Get("ApiKey", "key-of-alice").error().code, Code::kNotFound);
  EXPECT_TRUE(catalog_.Get("ApiKey", "key-of-bob").has_value());
}

TEST_F(CatalogTest, StatusMovesNoRevisionAndRingsItsOwnBell) {
  Add(HttpServer("local/a"));
  int rung = 0;
  Bell::Listener listener(catalog_.status_bell(), [&] { ++rung; });
  v1::ServerStatus status;
  status.set_server("local/a");
  status.set_health(v1::Health::HEALTHY);
  v1::ServerStatus stranger;
  stranger.set_server("local/none");
  const v1::ServerStatus both[] = {status, stranger};
  ASSERT_TRUE(catalog_.ReportStatus(both).has_value());
  EXPECT_EQ(rung, 1);
  EXPECT_EQ(catalog_.revision(), 1);
  EXPECT_EQ(catalog_.ListStatus({})->statuses_size(), 1);
}

}  // namespace
}  // namespace registry
