// Every store passes these; a new one adds its maker at the end.
#include <gtest/gtest.h>
#include <sqlite3.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <array>
#include <atomic>
#include <csignal>
#include <fstream>
#include <functional>
#include <thread>

#include "registry/store/sqlite_store.h"
#include "tests/support/installation.h"

namespace registry {
namespace {

using MakeStore = std::function<base::Result<std::unique_ptr<Store>>(const std::string& folder)>;

class StoreTest : public ::testing::TestWithParam<MakeStore> {
 protected:
  StoreTest() { Reopen(); }

  void Reopen() {
    store_.reset();
    auto made = GetParam()(folder_.path());
    ASSERT_TRUE(made.has_value()) << made.error().message;
    store_ = std::move(*made);
  }

  std::int64_t Put(const std::string& kind, const std::string& name, const std::string& spec,
                   const IndexColumns& columns = {}) {
    std::int64_t revision = 0;
    const auto written = store_->Write([&](Transaction& transaction) -> base::Result<Store::Then> {
      const auto put = transaction.Put(kind, name, spec, columns, 1000);
      if (put.has_error()) return put.error();
      revision = *put;
      return Store::Then::kCommit;
    });
    EXPECT_TRUE(written.has_value()) << written.error().message;
    return revision;
  }

  std::int64_t Delete(const std::string& kind, const std::string& name) {
    std::int64_t revision = 0;
    const auto written = store_->Write([&](Transaction& transaction) -> base::Result<Store::Then> {
      revision = *transaction.Delete(kind, name);
      return Store::Then::kCommit;
    });
    EXPECT_TRUE(written.has_value()) << written.error().message;
    return revision;
  }

  void Write(const std::function<base::Result<void>(Transaction&)>& what) {
    const auto written = store_->Write([&](Transaction& transaction) -> base::Result<Store::Then> {
      if (const auto done = what(transaction); done.has_error()) return done.error();
      return Store::Then::kCommit;
    });
    EXPECT_TRUE(written.has_value()) << written.error().message;
  }

  std::vector<std::string> Names(const ListQuery& query) {
    std::vector<std::string> names;
    for (const StoredResource& row : *store_->List(query)) names.push_back(row.name);
    return names;
  }

  support::TemporaryFolder folder_;
  std::unique_ptr<Store> store_;
};

TEST_P(StoreTest, KeepsWhatWasWrittenOverAReopening) {
  const std::int64_t revision = Put("Server", "a/b", "bytes");
  Reopen();
  const auto found = store_->Find("Server", "a/b");
  ASSERT_TRUE(found->has_value());
  EXPECT_EQ((*found)->spec, "bytes");
  EXPECT_EQ((*found)->revision, revision);
}

TEST_P(StoreTest, NumbersChangesInOneGlobalSequence) {
  EXPECT_EQ(Put("Server", "a/a", "1"), 1);
  EXPECT_EQ(Put("Consumer", "alice", "2"), 2);
  EXPECT_EQ(Delete("Server", "a/a"), 3);
  Reopen();
  EXPECT_EQ(Put("Server", "a/a", "3"), 4);
}

TEST_P(StoreTest, AFailedWriteLeavesNothing) {
  const auto written = store_->Write([&](Transaction& transaction) -> base::Result<Store::Then> {
    (void)transaction.Put("Server", "a/b", "x", {}, 1);
    return base::Fail(base::Code::kAborted, "no");
  });
  EXPECT_EQ(written.error().code, base::Code::kAborted);
  EXPECT_FALSE(store_->Find("Server", "a/b")->has_value());
  EXPECT_EQ(*store_->Revision(), 0);
}

TEST_P(StoreTest, AnUndoneWriteSucceedsAndLeavesNothing) {
  bool committed = false;
  const auto written = store_->Write(
      [&](Transaction& transaction) -> base::Result<Store::Then> {
        (void)transaction.Put("Server", "a/b", "x", {}, 1);
        return Store::Then::kUndo;
      },
      [&] { committed = true; });
  EXPECT_TRUE(written.has_value());
  EXPECT_FALSE(committed);
  EXPECT_FALSE(store_->Find("Server", "a/b")->has_value());
}

TEST_P(StoreTest, ManyWritersAllGetTheirOwnRevisionAndHearInOrder) {
  constexpr int kThreads = 8, kEach = 50;
  std::vector<std::int64_t> heard;
  std::atomic<int> failures{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < kEach; ++i) {
        std::int64_t revision = 0;
        const auto written = store_->Write(
            [&](Transaction& transaction) -> base::Result<Store::Then> {
              revision = *transaction.Put("Server", std::to_string(t) + "/" + std::to_string(i),
                                          "x", {}, 1);
              return Store::Then::kCommit;
            },
            [&] { heard.push_back(revision); });
        if (written.has_error()) ++failures;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(failures, 0);
  ASSERT_EQ(heard.size(), static_cast<std::size_t>(kThreads * kEach));
  EXPECT_TRUE(std::is_sorted(heard.begin(), heard.end()));
  EXPECT_EQ(heard.back(), kThreads * kEach);
}

TEST_P(StoreTest, OneRefusedWriterDoesNotHarmThoseBesideIt) {
  std::vector<std::thread> threads;
  std::atomic<int> ok{0};
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([&, t] {
      const auto written =
          store_->Write([&](Transaction& transaction) -> base::Result<Store::Then> {
            (void)transaction.Put("Server", "a/" + std::to_string(t), "x", {}, 1);
            if (t % 2 == 0) return base::Fail(base::Code::kInvalidArgument, "no");
            return Store::Then::kCommit;
          });
      if (written.has_value()) ++ok;
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(ok, 4);
  EXPECT_EQ(Names({.kind = "Server"}), (std::vector<std::string>{"a/1", "a/3", "a/5", "a/7"}));
}

TEST_P(StoreTest, ListsByNameTagsAndOwnerInPages) {
  Put("Server", "a/1", "x", {.owner = "me", .tags = {"red", "big"}});
  Put("Server", "a/2", "x", {.owner = "me", .tags = {"red"}});
  Put("Server", "a/3", "x", {.owner = "you", .tags = {"big"}});
  EXPECT_EQ(Names({.kind = "Server", .tags = {"red", "big"}}), std::vector<std::string>{"a/1"});
  EXPECT_EQ(Names({.kind = "Server", .owner = "you"}), std::vector<std::string>{"a/3"});
  EXPECT_EQ(Names({.kind = "Server", .after_name = "a/1", .limit = 1}),
            std::vector<std::string>{"a/2"});
}

TEST_P(StoreTest, BasePathsLeadToOneServerUntilItGoes) {
  Put("Server", "a/1", "x", {.base_paths = {"one", "uno"}});
  EXPECT_EQ(**store_->FindBasePath("uno"), "a/1");
  Put("Server", "a/1", "y", {.base_paths = {"two"}});
  EXPECT_FALSE(store_->FindBasePath("one")->has_value());
  Delete("Server", "a/1");
  EXPECT_FALSE(store_->FindBasePath("two")->has_value());
}

TEST_P(StoreTest, ChangesAreTheNewestStateOfEachResourceAndDeletions) {
  Put("Server", "a/1", "old");
  Put("Server", "a/2", "x");
  Put("Server", "a/1", "new");
  Delete("Server", "a/2");
  const auto all = store_->Changes({.after = 0});
  ASSERT_EQ(all->changes.size(), 2U);
  EXPECT_EQ(all->changes[0].spec, "new");
  EXPECT_TRUE(all->changes[1].deleted);
  EXPECT_EQ(all->revision, 4);
  EXPECT_EQ(store_->Changes({.after = 3})->changes.size(), 1U);
  EXPECT_TRUE(store_->Changes({.after = 0, .kinds = {"Consumer"}})->changes.empty());
}

TEST_P(StoreTest, ChangesComeInPartsOfBoundedSize) {
  for (int i = 0; i < 4; ++i) Put("Server", "a/" + std::to_string(i), std::string(1000, 'x'));
  const auto part = store_->Changes({.after = 0, .max_bytes = 1500});
  EXPECT_EQ(part->changes.size(), 2U);
  EXPECT_TRUE(part->more);
}

TEST_P(StoreTest, ForgetsTheOldestDeletionsAndSaysSo) {
  Write([&](Transaction& transaction) -> base::Result<void> {
    for (int i = 0; i <= kMaxDeletions; ++i) {
      const std::string name = "c" + std::to_string(i);
      if (const auto put = transaction.Put("Consumer", name, "x", {}, 1); put.has_error())
        return put.error();
      if (const auto gone = transaction.Delete("Consumer", name); gone.has_error())
        return gone.error();
    }
    return {};
  });
  const auto changes = store_->Changes({.after = 0, .max_bytes = 1 << 30});
  EXPECT_EQ(changes->changes.size(), static_cast<std::size_t>(kMaxDeletions));
  EXPECT_EQ(changes->forgotten, 2);
}

StoredDefinitions TwoTools(const std::string& json) {
  return {"info", {{1, "add", "h1", json}, {1, "sub", "h2", R"({"name":"sub"})"}}, 5};
}

TEST_P(StoreTest, DefinitionsKeepTheirOrderAndBytes) {
  Put("Server", "a/1", "x");
  Write([](Transaction& t) { return t.PutDefinitions("a/1", TwoTools(R"({ "name" : "add" })")); });
  const auto stored = store_->Definitions("a/1");
  ASSERT_TRUE(stored->has_value());
  ASSERT_EQ((*stored)->items.size(), 2U);
  EXPECT_EQ((*stored)->items[0].json, R"({ "name" : "add" })");
  EXPECT_EQ((*stored)->items[1].hash, "h2");
  EXPECT_EQ(store_->DefinitionsChangedAfter(0, 10)->servers, std::vector<std::string>{"a/1"});
}

TEST_P(StoreTest, ABodyThatTwoServersShareSurvivesOneOfThem) {
  Put("Server", "a/1", "x");
  Put("Server", "a/2", "x");
  Write([](Transaction& t) { return t.PutDefinitions("a/1", TwoTools("{}")); });
  Write([](Transaction& t) { return t.PutDefinitions("a/2", TwoTools("{}")); });
  Delete("Server", "a/1");
  EXPECT_FALSE(store_->Definitions("a/1")->has_value());
  EXPECT_EQ((*store_->Definitions("a/2"))->items.size(), 2U);
}

TEST_P(StoreTest, StatusIsReadAfterASequenceAndCoalesced) {
  Put("Server", "a/1", "x");
  Write([](Transaction& t) { return t.PutStatus({"a/1", "down"}); });
  Write([](Transaction& t) { return t.PutStatus({"a/1", "up"}); });
  const auto after = store_->StatusChangedAfter(0, 10);
  ASSERT_EQ(after->statuses.size(), 1U);
  EXPECT_EQ(after->statuses[0].body, "up");
  EXPECT_TRUE(store_->StatusChangedAfter(after->sequence, 10)->statuses.empty());
}

TEST_P(StoreTest, KeepsTheNewestCallRecords) {
  std::vector<StoredCall> calls(1000);
  for (StoredCall& call : calls) call = {0, "a/1", "p", false, "x"};
  for (int i = 0; i < 101; ++i) Write([&](Transaction& t) { return t.AppendCalls(calls); });
  const auto oldest = store_->CallsAfter(0, {.limit = 1});
  EXPECT_EQ(oldest->at(0).id, 1001);
  EXPECT_EQ(*store_->NewestCall(), 101'000);
}

TEST_P(StoreTest, LongCallRecordsLeaveSooner) {
  const auto size = static_cast<std::size_t>(kLongCallRecordBytes);
  Write([&](Transaction& t) {
    return t.AppendCalls(std::vector<StoredCall>{{0, "a/1", "p", false, std::string(size + 1, 'x')},
                                                 {0, "a/1", "p", false, std::string(size, 'x')}});
  });
  const std::vector<StoredCall> calls(1000, {0, "a/1", "p", false, "x"});
  for (int i = 0; i < 9; ++i) Write([&](Transaction& t) { return t.AppendCalls(calls); });
  EXPECT_EQ(store_->CallsAfter(0, {.limit = 1})->at(0).id, 1);
  Write([&](Transaction& t) { return t.AppendCalls(calls); });
  EXPECT_EQ(store_->CallsAfter(0, {.limit = 1})->at(0).id, 2);
}

TEST_P(StoreTest, CallRecordsAreFilteredAndFollowed) {
  const std::vector<StoredCall> calls = {
      {0, "a/1", "p", false, "1"}, {0, "a/2", "p", true, "2"}, {0, "a/1", "q", true, "3"}};
  Write([&](Transaction& t) { return t.AppendCalls(calls); });
  EXPECT_EQ(store_->NewestCalls({.server = "a/1"})->size(), 2U);
  EXPECT_EQ(store_->NewestCalls({.refused = true})->front().body, "3");
  EXPECT_EQ(store_->CallsAfter(1, {.principal = "p"})->front().body, "2");
}

INSTANTIATE_TEST_SUITE_P(Sqlite, StoreTest,
                         ::testing::Values<MakeStore>(
                             [](const std::string& folder) -> base::Result<std::unique_ptr<Store>> {
                               auto store = SqliteStore::Open(folder + "/portolan.db");
                               if (store.has_error()) return store.error();
                               return std::unique_ptr<Store>(std::move(*store));
                             }));

// A limit on the size of files is to a process what a full disk is to all.
class FullDisk {
 public:
  explicit FullDisk(rlim_t bytes) : handler_(std::signal(SIGXFSZ, SIG_IGN)) {
    ::getrlimit(RLIMIT_FSIZE, &before_);
    const struct rlimit limit { bytes, before_.rlim_max };
    ::setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~FullDisk() {
    ::setrlimit(RLIMIT_FSIZE, &before_);
    std::signal(SIGXFSZ, handler_);
  }
  FullDisk(const FullDisk&) = delete;

 private:
  struct rlimit before_ {};
  void (*handler_)(int);
};

TEST(SqliteStoreTest, AStatementThatFindsNoRoomLosesNothingOfThoseBesideIt) {
  support::TemporaryFolder folder;
  const std::string path = folder.path() + "/portolan.db";
  auto store = *SqliteStore::Open(path);
  const auto put = [&](const std::string& name, int times, const std::string& spec) {
    Store& all = *store;
    return all.Write([&](Transaction& transaction) -> base::Result<Store::Then> {
      for (int i = 0; i < times; ++i) {
        const auto done = transaction.Put("Server", name + std::to_string(i), spec, {}, 1);
        if (done.has_error()) return done.error();
      }
      return Store::Then::kCommit;
    });
  };
  ASSERT_TRUE(put("a/before", 1, "x").has_value());
  std::vector<std::string> kept = {"a/before0"};
  {
    const FullDisk full(4 << 20);
    std::vector<std::thread> threads;
    std::array<bool, 8> stored{};
    for (std::size_t t = 0; t < stored.size(); ++t) {
      threads.emplace_back(
          [&, t] { stored[t] = put("a/small" + std::to_string(t) + ".", 1, "x").has_value(); });
    }
    // More than SQLite keeps of a transaction in memory: its pages go to the disk before the commit.
    const auto large = put("a/large", 40, std::string(1 << 20, 'x'));
    for (std::thread& thread : threads) thread.join();
    ASSERT_TRUE(large.has_error());
    EXPECT_EQ(large.error().code, base::Code::kResourceExhausted) << large.error().message;
    for (std::size_t t = 0; t < stored.size(); ++t) {
      if (stored[t]) kept.push_back("a/small" + std::to_string(t) + ".0");
    }
    EXPECT_TRUE(store->Find("Server", "a/before0")->has_value());
  }
  ASSERT_TRUE(put("a/zafter", 1, "x").has_value());
  EXPECT_FALSE(store->out_of_room());
  kept.emplace_back("a/zafter0");
  store.reset();
  EXPECT_TRUE(SqliteStore::CheckFile(path).has_value());
  store = *SqliteStore::Open(path);
  std::vector<std::string> names;
  for (const StoredResource& row : *store->List({.kind = "Server"})) names.push_back(row.name);
  EXPECT_EQ(names, kept);
  EXPECT_EQ(*store->Revision(), static_cast<std::int64_t>(kept.size()));
}

TEST(SqliteStoreTest, RefusesADamagedFile) {
  support::TemporaryFolder folder;
  const std::string path = folder.path() + "/portolan.db";
  std::ofstream(path) << std::string(8192, 'x');
  EXPECT_EQ(SqliteStore::Open(path).error().code, base::Code::kDataLoss);
}

TEST(SqliteStoreTest, RefusesAFileOfANewerVersion) {
  support::TemporaryFolder folder;
  const std::string path = folder.path() + "/portolan.db";
  ASSERT_TRUE(SqliteStore::Open(path).has_value());
  sqlite3* database = nullptr;
  ASSERT_EQ(sqlite3_open(path.c_str(), &database), SQLITE_OK);
  sqlite3_exec(database, "PRAGMA user_version = 99", nullptr, nullptr, nullptr);
  sqlite3_close(database);
  const auto opened = SqliteStore::Open(path);
  ASSERT_TRUE(opened.has_error());
  EXPECT_EQ(opened.error().code, base::Code::kFailedPrecondition);
  EXPECT_NE(opened.error().message.find("newer"), std::string::npos);
}

TEST(SqliteStoreTest, TheFileIsItsOwnersAlone) {
  support::TemporaryFolder folder;
  const std::string path = folder.path() + "/portolan.db";
  ASSERT_TRUE(SqliteStore::Open(path).has_value());
  struct stat info {};
  ASSERT_EQ(::stat(path.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777U, 0600U);
}

}  // namespace
}  // namespace registry
