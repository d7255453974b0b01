#include "registry/sync/merge.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "registry/store/sqlite_store.h"
#include "tests/support/installation.h"

namespace registry::sync {
namespace {

using nlohmann::json;
using testing::HasSubstr;

class MergeTest : public ::testing::Test {
 protected:
  MergeTest()
      : store_(*SqliteStore::Open(folder_.path() + "/portolan.db")), catalog_(*store_, clock_) {
    admin_.id = "token/admin";
    admin_.kind = base::auth::PrincipalKind::kUser;
    admin_.roles = {base::auth::RoleGrant("admin")};
    spec_.set_url("https://r.example");
    AddSource("up");
  }

  v1::Resource Put(v1::Resource resource) {
    v1::PutRequest request;
    *request.mutable_resource() = std::move(resource);
    const auto put = catalog_.Put({admin_}, request);
    EXPECT_TRUE(put.has_value()) << put.error().message;
    return put.has_value() ? *put : v1::Resource();
  }
  void AddSource(const std::string& name) {
    v1::Resource source;
    source.set_name(name);
    *source.mutable_sync_source() = spec_;
    Put(std::move(source));
  }
  void Delete(const std::string& kind, const std::string& name) {
    v1::DeleteRequest request;
    request.set_kind(kind);
    request.set_name(name);
    EXPECT_TRUE(catalog_.Delete({admin_}, request).has_value());
  }
  static UpstreamEntry Entry(const std::string& name, const std::string& version = "1.0.0",
                             const std::string& description = "D") {
    UpstreamEntry entry;
    entry.name = name;
    entry.version = version;
    entry.server_json =
        json{{"name", name}, {"version", version}, {"description", description}}.dump();
    return entry;
  }
  // As a run of its own.
  v1::SyncStatus Merge(std::vector<UpstreamEntry> entries, const std::string& source = "up") {
    v1::SyncProgress progress;
    progress.set_under_way(true);
    const auto merged =
        MergePage(catalog_, *store_, source, spec_, {std::move(entries), ""}, 1000, progress);
    EXPECT_TRUE(merged.has_value()) << merged.error().message;
    EXPECT_FALSE(progress.under_way());
    v1::SyncProgress stored;
    EXPECT_TRUE(stored.ParseFromString(**store_->SyncProgress(source)));
    EXPECT_EQ(stored.SerializeAsString(), progress.SerializeAsString());
    return progress.status();
  }
  v1::Server Server(const std::string& name) { return catalog_.Get("Server", name)->server(); }

  support::TemporaryFolder folder_;
  const base::SystemClock clock_;
  std::unique_ptr<SqliteStore> store_;
  Catalog catalog_;
  base::auth::Principal admin_;
  v1::SyncSource spec_;
};

TEST_F(MergeTest, MakesExternalApprovedServers) {
  const v1::SyncStatus status = Merge({Entry("a/b"), Entry("a/b", "2.0.0", "Newer"), Entry("a/c")});
  EXPECT_EQ(status.created(), 3);
  EXPECT_EQ(Server("a/b").approval(), v1::Approval::APPROVED);
  EXPECT_EQ(Server("a/b").current_version(), "2.0.0");
  EXPECT_EQ(Server("a/b").description(), "Newer");
  EXPECT_FALSE(Server("a/b").has_endpoint());
  EXPECT_EQ(status.state(), v1::SyncState::DONE);
}

TEST_F(MergeTest, ASecondTimeChangesNothing) {
  Merge({Entry("a/b"), Entry("a/c")});
  const std::int64_t before = catalog_.revision();
  const v1::SyncStatus status = Merge({Entry("a/b"), Entry("a/c")});
  EXPECT_EQ(status.unchanged(), 2);
  EXPECT_EQ(catalog_.revision(), before);
}

TEST_F(MergeTest, MakesDraftsWhereTheSourceSaysSo) {
  spec_.set_drafts(true);
  Merge({Entry("a/b")});
  EXPECT_EQ(Server("a/b").approval(), v1::Approval::DRAFT);
}

TEST_F(MergeTest, KeepsWhatSomebodyHereDecidedAboutIt) {
  Merge({Entry("a/b")});
  v1::Resource ours = *catalog_.Get("Server", "a/b");
  ours.mutable_server()->set_owner("platform");
  ours.mutable_server()->mutable_visibility()->add_audiences("authenticated");
  ours.mutable_server()->set_approval(v1::Approval::REJECTED);
  Put(ours);
  Merge({Entry("a/b", "1.1.0", "Newer")});
  EXPECT_EQ(Server("a/b").owner(), "platform");
  EXPECT_EQ(Server("a/b").visibility().audiences(0), "authenticated");
  EXPECT_EQ(Server("a/b").approval(), v1::Approval::REJECTED);
  EXPECT_EQ(Server("a/b").description(), "Newer");
}

TEST_F(MergeTest, LeavesSomebodysServerAloneAndSaysSo) {
  v1::Resource ours;
  ours.set_name("a/b");
  ours.mutable_server()->set_description("Ours");
  Put(ours);
  const v1::SyncStatus status = Merge({Entry("a/b"), Entry("a/b", "2.0.0"), Entry("a/c")});
  EXPECT_EQ(status.conflicts(), 1);
  EXPECT_EQ(status.problems(0).server(), "a/b");
  EXPECT_TRUE(status.problems(0).conflict());
  EXPECT_EQ(status.created(), 1);
  EXPECT_EQ(Server("a/b").description(), "Ours");
  EXPECT_TRUE(catalog_.Get("ServerVersion", "a/b@2.0.0").has_error());
}

TEST_F(MergeTest, OneThatWasDeletedAndMadeAnewIsSomebodys) {
  Merge({Entry("a/b")});
  Delete("Server", "a/b");
  v1::Resource ours;
  ours.set_name("a/b");
  ours.mutable_server()->set_description("Ours");
  // Members are known by when they were made; a millisecond must have passed.
  while (catalog_.Get("Server", "a/b").has_error() ||
         (*store_->SyncMember("Server", "a/b"))->created_at_ms ==
             catalog_.Get("Server", "a/b")->created_at_ms()) {
    if (catalog_.Get("Server", "a/b").has_value()) Delete("Server", "a/b");
    Put(ours);
  }
  EXPECT_EQ(Merge({Entry("a/b")}).conflicts(), 1);
}

TEST_F(MergeTest, AVersionPublishedHereStays) {
  Merge({Entry("a/b")});
  v1::Resource version;
  version.set_name("a/b@2.0.0");
  version.mutable_server_version()->set_server_json(Entry("a/b", "2.0.0", "Ours").server_json);
  Put(version);
  const v1::SyncStatus status = Merge({Entry("a/b", "2.0.0", "Theirs")});
  EXPECT_EQ(status.conflicts(), 1);
  EXPECT_EQ(status.problems(0).version(), "2.0.0");
  EXPECT_THAT(catalog_.Get("ServerVersion", "a/b@2.0.0")->server_version().server_json(),
              HasSubstr("Ours"));
}

TEST_F(MergeTest, AnotherSourcesServerIsItsUntilItIsRemoved) {
  Merge({Entry("a/b")});
  AddSource("other");
  const v1::SyncStatus refused = Merge({Entry("a/b", "2.0.0")}, "other");
  EXPECT_EQ(refused.problems(0).reason(), "the source 'up' brings this server");
  Delete("SyncSource", "up");
  EXPECT_EQ(Merge({Entry("a/b", "2.0.0")}, "other").created(), 1);
}

TEST_F(MergeTest, TakesOnlyItsNamespacesAndNeverThisMachinesOwn) {
  spec_.add_namespaces("io.github.*");
  const v1::SyncStatus status =
      Merge({Entry("io.github.acme/b"), Entry("com.x/b"), Entry("local/b")});
  EXPECT_EQ(status.created(), 1);
  EXPECT_EQ(status.left_out(), 2);
}

TEST_F(MergeTest, RefusesAWrongDocumentAlone) {
  UpstreamEntry wrong = Entry("a/wrong");
  wrong.server_json = R"({"name":"a/wrong","version":"1.0.0"})";
  const v1::SyncStatus status = Merge({wrong, Entry("a/b"), Entry("a/b")});
  EXPECT_EQ(status.refused(), 2);
  EXPECT_THAT(status.problems(0).reason(), HasSubstr("/description: is missing"));
  EXPECT_EQ(status.problems(1).reason(), "it is on this page twice");
  EXPECT_EQ(status.created(), 1);
}

TEST_F(MergeTest, ARemovedSourceWritesNothing) {
  Delete("SyncSource", "up");
  v1::SyncProgress progress;
  const auto merged =
      MergePage(catalog_, *store_, "up", spec_, {{Entry("a/b")}, ""}, 1000, progress);
  ASSERT_TRUE(merged.has_error());
  EXPECT_EQ(merged.error().code, base::Code::kNotFound);
  EXPECT_TRUE(catalog_.Get("Server", "a/b").has_error());
}

TEST_F(MergeTest, TheAuditSaysWhichSourceItWas) {
  Merge({Entry("a/b")});
  AuditQuery query;
  query.kind = "Server";
  EXPECT_EQ(store_->NewestAudits(query)->front().principal, "sync/up");
}

TEST_F(MergeTest, WhatLacksRequiredMetadataIsRefusedAloneAndTold) {
  Merge({Entry("a/known")});
  v1::Resource schema;
  schema.set_name("costCenter");
  schema.mutable_metadata_schema()->set_schema_json("true");
  schema.mutable_metadata_schema()->set_required(true);
  Put(std::move(schema));
  const v1::SyncStatus status = Merge({Entry("a/known", "2.0.0"), Entry("a/new")});
  EXPECT_EQ(Server("a/known").current_version(), "2.0.0");
  EXPECT_TRUE(catalog_.Get("Server", "a/new").has_error());
  ASSERT_EQ(status.problems_size(), 1);
  EXPECT_EQ(status.problems(0).server(), "a/new");
  EXPECT_THAT(status.problems(0).reason(), HasSubstr("/spec/metadata_json/costCenter: is missing"));
}

}  // namespace
}  // namespace registry::sync
