#include "registry/catalog/audit.h"

#include <gmock/gmock.h>
#include <sqlite3.h>

#include "registry/catalog/catalog.h"
#include "registry/store/sqlite_store.h"
#include "tests/support/installation.h"

namespace registry {
namespace {

using testing::HasSubstr;
using testing::Not;

class AuditTest : public ::testing::Test {
 protected:
  AuditTest() {
    alice_.id = "token/alice";
    alice_.kind = base::auth::PrincipalKind::kUser;
    alice_.authentication = "token";
    alice_.roles = {base::auth::RoleGrant("admin")};
  }

  v1::Resource Put(v1::Resource resource) {
    v1::PutRequest request;
    *request.mutable_resource() = std::move(resource);
    const Writer writer{alice_, "192.0.2.7", "grpc", "because"};
    auto put = catalog_.Put(writer, request);
    EXPECT_TRUE(put.has_value()) << put.error().message;
    return put.has_value() ? *put : v1::Resource();
  }
  v1::Resource AddServer(const std::string& name) {
    v1::Resource server;
    server.set_name(name);
    server.mutable_server()->set_description("first");
    return Put(server);
  }
  // The newest first.
  std::vector<v1::AuditRecord> Records(const v1::ListAuditRequest& request = {}) {
    const auto listed = audit_.List(request);
    EXPECT_TRUE(listed.has_value()) << listed.error().message;
    return {listed->records().begin(), listed->records().end()};
  }
  // Behind the registry's back.
  void Execute(const std::string& sql) {
    sqlite3* database = nullptr;
    ASSERT_EQ(sqlite3_open(path_.c_str(), &database), SQLITE_OK);
    EXPECT_EQ(sqlite3_exec(database, sql.c_str(), nullptr, nullptr, nullptr), SQLITE_OK)
        << sqlite3_errmsg(database);
    sqlite3_close(database);
  }
  std::string Fault() {
    const auto verified = audit_.Verify();
    return verified.has_error() ? verified.error().message : "";
  }

  support::TemporaryFolder folder_;
  const std::string path_ = folder_.path() + "/portolan.db";
  base::SystemClock clock_;
  std::unique_ptr<SqliteStore> store_ = *SqliteStore::Open(path_);
  Catalog catalog_{*store_, clock_};
  Audit audit_{*store_, clock_};
  base::auth::Principal alice_;
};

TEST_F(AuditTest, AChangeSaysWhoFromWhereAndWhatWasBeforeAndAfter) {
  v1::Resource server = AddServer("local/a");
  server.mutable_server()->set_description("second");
  Put(server);
  const auto records = Records();
  ASSERT_EQ(records.size(), 2u);
  const v1::AuditRecord& changed = records[0];
  EXPECT_EQ(changed.sequence(), 2);
  EXPECT_EQ(changed.action(), v1::AuditAction::CHANGED);
  EXPECT_EQ(changed.principal(), "token/alice");
  EXPECT_EQ(changed.authentication(), "token");
  EXPECT_EQ(changed.address(), "192.0.2.7");
  EXPECT_EQ(changed.face(), "grpc");
  EXPECT_EQ(changed.reason(), "because");
  EXPECT_EQ(changed.kind(), "Server");
  EXPECT_EQ(changed.name(), "local/a");
  EXPECT_EQ(changed.revision(), 2);
  EXPECT_THAT(changed.before_json(), HasSubstr("first"));
  EXPECT_THAT(changed.after_json(), HasSubstr("second"));
  EXPECT_EQ(records[1].action(), v1::AuditAction::CREATED);
  EXPECT_EQ(records[1].before_json(), "");
}

TEST_F(AuditTest, ADeletionIsRecordedWithEverythingThatWentWithIt) {
  AddServer("local/a");
  v1::Resource version;
  version.set_name("local/a@1.0.0");
  version.mutable_server_version()->set_server_json(
      R"({"$schema":"https://static.modelcontextprotocol.io/schemas/2025-12-11/server.schema.json","name":"local/a","description":"d","version":"1.0.0"})");
  Put(version);
  v1::DeleteRequest request;
  request.set_kind("Server");
  request.set_name("local/a");
  ASSERT_TRUE(catalog_.Delete({alice_}, request).has_value());
  const auto records = Records();
  ASSERT_EQ(records.size(), 4u);
  EXPECT_EQ(records[0].name(), "local/a");
  EXPECT_EQ(records[1].name(), "local/a@1.0.0");
  for (const int i : {0, 1}) {
    EXPECT_EQ(records[static_cast<std::size_t>(i)].action(), v1::AuditAction::DELETED);
    EXPECT_EQ(records[static_cast<std::size_t>(i)].after_json(), "");
  }
}

TEST_F(AuditTest, WhatWasNotWrittenIsNotRecorded) {
  const v1::Resource server = AddServer("local/a");
  Put(server);  // the same again
  v1::PutRequest dry;
  dry.mutable_resource()->set_name("local/b");
  dry.mutable_resource()->mutable_server();
  dry.set_dry_run(true);
  ASSERT_TRUE(catalog_.Put({alice_}, dry).has_value());
  v1::PutRequest stale;
  *stale.mutable_resource() = server;
  stale.mutable_resource()->set_revision(99);
  stale.mutable_resource()->mutable_server()->set_title("x");
  ASSERT_TRUE(catalog_.Put({alice_}, stale).has_error());
  EXPECT_EQ(Records().size(), 1u);
}

TEST_F(AuditTest, NoSecretIsRecorded) {
  v1::Resource program;
  program.set_name("local/p");
  auto& stdio = *program.mutable_server()->mutable_endpoint()->mutable_stdio();
  stdio.set_command("npx");
  stdio.add_env()->set_name("TOKEN");
  stdio.mutable_env(0)->set_value("s3cret");
  Put(program);
  v1::Resource token;
  token.set_name("ci");
  token.mutable_token()->set_sha256(std::string(32, 'h'));
  Put(token);
  for (const v1::AuditRecord& record : Records()) {
    EXPECT_THAT(record.after_json(), Not(HasSubstr("s3cret")));
    EXPECT_THAT(record.after_json(), Not(HasSubstr("sha256")));
  }
}

TEST_F(AuditTest, ListsByWhoAndWhatInPages) {
  for (int i = 0; i < 5; ++i) AddServer("local/s" + std::to_string(i));
  v1::ListAuditRequest request;
  request.set_page_size(2);
  const auto first = audit_.List(request);
  ASSERT_EQ(first->records_size(), 2);
  EXPECT_EQ(first->records(0).name(), "local/s4");
  request.set_before_sequence(first->next_before_sequence());
  const auto second = audit_.List(request);
  EXPECT_EQ(second->records(0).name(), "local/s2");
  v1::ListAuditRequest named;
  named.set_name("local/s1");
  EXPECT_EQ(Records(named).size(), 1u);
  v1::ListAuditRequest other;
  other.set_principal("token/bob");
  EXPECT_TRUE(Records(other).empty());
  request.set_page_size(1001);
  EXPECT_EQ(audit_.List(request).error().message, "/page_size: must be 1 to 1,000");
}

TEST_F(AuditTest, AnUntouchedChainIsWhole) {
  EXPECT_EQ(audit_.Verify()->last_sequence(), 0);
  for (int i = 0; i < 3; ++i) AddServer("local/s" + std::to_string(i));
  const auto verified = audit_.Verify();
  ASSERT_TRUE(verified.has_value()) << verified.error().message;
  EXPECT_EQ(verified->first_sequence(), 1);
  EXPECT_EQ(verified->last_sequence(), 3);
  EXPECT_EQ(verified->head().size(), 64u);
}

TEST_F(AuditTest, AFlippedByteIsNamed) {
  for (int i = 0; i < 3; ++i) AddServer("local/s" + std::to_string(i));
  Execute(
      "UPDATE audit SET body = CAST(replace(CAST(body AS TEXT), 'alice', 'alicf') AS BLOB) WHERE "
      "sequence = 2");
  EXPECT_THAT(Fault(), HasSubstr("audit record 2"));
}

TEST_F(AuditTest, ARecordTakenOutIsNamed) {
  for (int i = 0; i < 3; ++i) AddServer("local/s" + std::to_string(i));
  Execute("DELETE FROM audit WHERE sequence = 2");
  EXPECT_THAT(Fault(), HasSubstr("audit record 2: is missing"));
}

TEST_F(AuditTest, AnAlteredColumnIsNamedThoughTheBodyIsWhole) {
  AddServer("local/a");
  Execute("UPDATE audit SET principal = 'token/bob'");
  EXPECT_THAT(Fault(), HasSubstr("audit record 1"));
}

TEST_F(AuditTest, WhatIsTooOldGoesAndTheChainStaysWhole) {
  for (int i = 0; i < 3; ++i) AddServer("local/s" + std::to_string(i));
  ASSERT_TRUE(audit_.Trim(clock_.UnixMillis() + 1000).has_value());
  const auto records = Records();
  ASSERT_EQ(records.size(), 2u);  // the newest stays, and what was dropped is said
  EXPECT_EQ(records[0].action(), v1::AuditAction::TRIMMED);
  EXPECT_EQ(records[0].revision(), 2);
  const auto verified = audit_.Verify();
  ASSERT_TRUE(verified.has_value()) << verified.error().message;
  EXPECT_EQ(verified->first_sequence(), 3);
  EXPECT_EQ(verified->last_sequence(), 4);
}

TEST_F(AuditTest, NothingTooOldMeansNothingTrimmed) {
  AddServer("local/a");
  ASSERT_TRUE(audit_.Trim(0).has_value());
  EXPECT_EQ(Records().size(), 1u);
}

v1::RefusalBatch Batch(const std::string& principal, std::int64_t count) {
  v1::RefusalBatch batch;
  batch.set_minute_ms(60'000);
  batch.set_principal(principal);
  batch.set_server("local/a");
  batch.set_item("echo");
  batch.set_rule("base#burst");
  batch.set_count(count);
  batch.set_first_request_id("first");
  batch.set_last_request_id("last");
  return batch;
}

TEST_F(AuditTest, RefusalsOfAGatewayAreRecordsOfTheChain) {
  google::protobuf::RepeatedPtrField<v1::RefusalBatch> batches;
  *batches.Add() = Batch("consumer/alice", 7);
  *batches.Add() = Batch("consumer/bob", 0);  // nothing was refused: nothing is recorded
  ASSERT_TRUE(audit_.AppendRefusals("edge", batches).has_value());
  v1::ListAuditRequest refused;
  refused.set_action(v1::AuditAction::REFUSED);
  const auto records = Records(refused);
  ASSERT_EQ(records.size(), 1u);
  EXPECT_EQ(records[0].face(), "gateway/edge");
  EXPECT_EQ(records[0].principal(), "consumer/alice");
  EXPECT_EQ(records[0].kind(), "Server");
  EXPECT_EQ(records[0].name(), "local/a");
  EXPECT_EQ(records[0].item(), "echo");
  EXPECT_EQ(records[0].rule(), "base#burst");
  EXPECT_EQ(records[0].count(), 7);
  EXPECT_EQ(records[0].first_request_id(), "first");
  EXPECT_EQ(records[0].last_request_id(), "last");
  EXPECT_EQ(records[0].minute_ms(), 60'000);
  EXPECT_EQ(Fault(), "");
}

TEST_F(AuditTest, AFloodOfDistinctRefusalsIsBoundedAndStillCounted) {
  google::protobuf::RepeatedPtrField<v1::RefusalBatch> batches;
  for (int i = 0; i < 3000; ++i) *batches.Add() = Batch("p" + std::to_string(i), 2);
  ASSERT_TRUE(audit_.AppendRefusals("edge", batches).has_value());
  const auto verified = audit_.Verify();
  ASSERT_TRUE(verified.has_value());
  EXPECT_EQ(verified->last_sequence(), 2001);
  const v1::AuditRecord newest = Records().front();
  EXPECT_EQ(newest.rule(), "TooManyToTell");
  EXPECT_EQ(newest.count(), 2000);
}

}  // namespace
}  // namespace registry
