// A database of each version that was released becomes one of today, with all that was in it.
#include "registry/store/migrations.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sqlite3.h>

#include "registry/store/sqlite_store.h"
#include "tests/support/installation.h"

namespace registry {
namespace {

// What a registry of that version wrote, beside what those before it did.
constexpr const char* kWrittenBy[] = {
    // 1: a server with tags, aliases, two tools and a status; a deletion; calls; a value
    R"(UPDATE sequences SET value = 3 WHERE name = 'revision';
       UPDATE sequences SET value = 1 WHERE name IN ('definitions', 'status');
       INSERT INTO resources VALUES ('Server', 'a/one', 1, 1000, 2000, 5, 3, 'me', x'0102');
       INSERT INTO resources VALUES ('Consumer', 'alice', 2, 1000, 1000, 0, 0, '', x'03');
       INSERT INTO resource_tags VALUES ('Server', 'a/one', 'red'), ('Server', 'a/one', 'big');
       INSERT INTO base_paths VALUES ('one', 'a/one', 0), ('uno', 'a/one', 1);
       INSERT INTO deletions VALUES ('Server', 'a/gone', 3);
       INSERT INTO definition_bodies VALUES (x'aa', '{"name":"add"}'), (x'bb', '{"name":"sub"}');
       INSERT INTO definition_lists (server, sequence, listed_at_ms, info)
         VALUES ('a/one', 1, 3000, x'09');
       INSERT INTO definition_items VALUES ('a/one', 0, 1, 'add', 'h1', x'aa'),
                                           ('a/one', 1, 1, 'sub', 'h2', x'bb');
       INSERT INTO status VALUES ('a/one', 1, x'07');
       INSERT INTO calls VALUES (1, 'a/one', 'p', 0, x'08'), (2, 'a/one', 'q', 1, x'0a');
       INSERT INTO own_values VALUES ('key', x'0b');)",
    // 2: two records of the audit
    R"(INSERT INTO audit VALUES (1, 1000, 'token/admin', 1, 'Server', 'a/one', x'0c', x'0d'),
                                (2, 1001, 'token/admin', 3, 'Server', 'a/gone', x'0e', x'0f');)",
    // 3: what was accepted, refused and is different
    R"(UPDATE definition_lists SET pinned = 1;
       INSERT INTO pinned_items VALUES ('a/one', 0, 1, 'add', 'h1', x'aa');
       INSERT INTO rejected_items VALUES ('a/one', 1, 'add', 'h9');
       INSERT INTO drift_items VALUES ('a/one', 0, 1, 'sub', 1, 1, 4000, '', x'', 'h2', x'bb');)",
    // 4: a source and what it brought
    R"(INSERT INTO sync_sources VALUES ('up', x'10');
       INSERT INTO sync_members VALUES ('Server', 'a/one', 'up', 1000);)",
    // 5: a window of a quota, and what a gateway holds of it
    R"(INSERT INTO quota_windows VALUES ('base', 'monthly', x'11', 'month', 1000, 2000, 30, 0);
       INSERT INTO quota_leases VALUES ('base', 'monthly', x'11', 'local', 7, 0, 1, 30, 20, 0, 0);)",
};

void Execute(const std::string& path, const std::string& sql) {
  sqlite3* database = nullptr;
  ASSERT_EQ(sqlite3_open(path.c_str(), &database), SQLITE_OK);
  char* error = nullptr;
  EXPECT_EQ(sqlite3_exec(database, sql.c_str(), nullptr, nullptr, &error), SQLITE_OK) << error;
  sqlite3_free(error);
  sqlite3_close(database);
}

std::vector<std::string> Rows(const std::string& path, const std::string& sql) {
  sqlite3* database = nullptr;
  std::vector<std::string> rows;
  EXPECT_EQ(sqlite3_open(path.c_str(), &database), SQLITE_OK);
  const auto keep = [](void* out, int count, char** values, char**) {
    std::string row;
    for (int i = 0; i < count; ++i) row += std::string(values[i] ? values[i] : "NULL") + "|";
    static_cast<std::vector<std::string>*>(out)->push_back(row);
    return 0;
  };
  EXPECT_EQ(sqlite3_exec(database, sql.c_str(), keep, &rows, nullptr), SQLITE_OK) << sql;
  sqlite3_close(database);
  return rows;
}

constexpr char kSchema[] = "SELECT type, name, sql FROM sqlite_schema ORDER BY type, name";

class MigrationsTest : public testing::TestWithParam<std::size_t> {
 protected:
  // The file as a registry of that version left it.
  void Make(std::size_t version) {
    for (std::size_t i = 0; i < version; ++i) {
      Execute(path_, std::string(Migrations()[i]));
      Execute(path_, kWrittenBy[i]);
    }
    Execute(path_, "PRAGMA application_id = " + std::to_string(0x506f7274) +
                       "; PRAGMA user_version = " + std::to_string(version));
  }

  support::TemporaryFolder folder_;
  const std::string path_ = folder_.path() + "/portolan.db";
};

TEST_P(MigrationsTest, BringsADatabaseOfThisVersionToTodayWithAllThatIsInIt) {
  const std::size_t version = GetParam();
  Make(version);
  {
    auto store = SqliteStore::Open(path_);
    ASSERT_TRUE(store.has_value()) << store.error().message;
    const auto server = (*store)->Find("Server", "a/one");
    ASSERT_TRUE(server.has_value() && *server);
    EXPECT_EQ((*server)->spec, "\x01\x02");
    EXPECT_EQ((*server)->revision, 1);
    EXPECT_EQ((*server)->updated_at_ms, 2000);
    EXPECT_EQ(**(*store)->FindBasePath("uno"), "a/one");
    EXPECT_EQ((*store)->List({.kind = "Server", .tags = {"red", "big"}, .owner = "me"})->size(),
              1U);
    EXPECT_EQ((*store)->Changes({.after = 2})->changes.size(), 1U);
    const auto definitions = (*store)->Definitions("a/one");
    ASSERT_TRUE(definitions.has_value() && *definitions);
    ASSERT_EQ((*definitions)->items.size(), 2U);
    EXPECT_EQ((*definitions)->items[1].json, R"({"name":"sub"})");
    // Servers known from before the pins are pinned by their next listing.
    EXPECT_EQ((*definitions)->pinned, version >= 3);
    EXPECT_EQ((*definitions)->drift.size(), version >= 3 ? 1U : 0U);
    EXPECT_EQ((*store)->Pins("a/one")->accepted.size(), version >= 3 ? 1U : 0U);
    EXPECT_EQ((*store)->Status({})->size(), 1U);
    EXPECT_EQ((*store)->NewestCalls({.refused = true})->size(), 1U);
    EXPECT_EQ(**(*store)->Value("key"), "\x0b");
    EXPECT_EQ((*store)->NewestAudit()->sequence, version >= 2 ? 2 : 0);
    EXPECT_EQ((*store)->SyncMember("Server", "a/one")->has_value(), version >= 4);
    // And goes on.
    const QuotaKey key{"base", "monthly", "\x11"};
    Store& whole = **store;
    const auto written = whole.Write([&](Transaction& t) -> base::Result<Store::Then> {
      EXPECT_EQ(*t.Put("Server", "a/two", "x", {}, 5000), 4);
      EXPECT_EQ(t.QuotaWindow(key)->has_value(), version >= 5);
      EXPECT_EQ(t.QuotaLease(key, "local")->value_or(StoredQuotaLease{}).calls_used,
                version >= 5 ? 20 : 0);
      return Store::Then::kCommit;
    });
    EXPECT_TRUE(written.has_value()) << written.error().message;
  }
  EXPECT_TRUE(SqliteStore::CheckFile(path_).has_value());

  support::TemporaryFolder elsewhere;
  const std::string made_today = elsewhere.path() + "/portolan.db";
  ASSERT_TRUE(SqliteStore::Open(made_today).has_value());
  EXPECT_EQ(Rows(path_, kSchema), Rows(made_today, kSchema));
  EXPECT_EQ(Rows(path_, "PRAGMA user_version"), Rows(made_today, "PRAGMA user_version"));
}

TEST_P(MigrationsTest, AMigrationThatFailsLeavesTheVersionAsItWas) {
  const std::size_t version = GetParam();
  if (version == Migrations().size()) return;
  Make(version);
  // In the way of whatever the next one makes first.
  const std::string next(Migrations()[version]);
  const std::size_t table = next.find("CREATE TABLE ") + 13;
  Execute(path_, "CREATE TABLE " + next.substr(table, next.find(' ', table) - table) + " (x)");
  const std::vector<std::string> before = Rows(path_, kSchema);
  const auto opened = SqliteStore::Open(path_);
  ASSERT_TRUE(opened.has_error());
  EXPECT_THAT(opened.error().message, testing::HasSubstr("already exists"));
  EXPECT_EQ(Rows(path_, kSchema), before);
  EXPECT_EQ(Rows(path_, "PRAGMA user_version")[0], std::to_string(version) + "|");
}

// A new migration comes with what its registry writes.
INSTANTIATE_TEST_SUITE_P(EveryVersion, MigrationsTest,
                         testing::Range<std::size_t>(1, std::size(kWrittenBy) + 1));

TEST(MigrationsTableTest, EveryVersionIsTested) {
  EXPECT_EQ(Migrations().size(), std::size(kWrittenBy));
}

}  // namespace
}  // namespace registry
